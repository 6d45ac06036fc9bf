/**
 * The disk did not do what the spool needs. Nothing that was acknowledged is touched by it.
 *
 * full     no room: ENOSPC, EDQUOT, or a write that ended short
 * io       the disk failed to write, sync or read
 * damaged  what was read is not what was written: a checksum or a generation is wrong
 * locked   another gateway runs on the same state folder
 */
export class SpoolError extends Error {
  readonly kind: 'full' | 'io' | 'damaged' | 'locked'

  constructor(kind: SpoolError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'SpoolError'
    this.kind = kind
  }
}

/** Names the system's error in the spool's words. */
export function spoolError(what: string, error: unknown): SpoolError {
  if (error instanceof SpoolError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
  return new SpoolError(full ? 'full' : 'io', `${what}: ${message}`, error)
}
