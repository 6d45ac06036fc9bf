import { rmSync, statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'

/** Room for what a start writes: the lock, a graph, its run-time form, keys. */
const sizeBytes = 4 << 20
const block = Buffer.alloc(64 << 10)
const againMs = 60_000

export type Ballast = {
  /** Takes the room again: as much as there is, and the rest as soon as there is any. */
  keep(): void
  close(): void
}

/**
 * Room that is kept for the next start. A full disk ends no gateway, but none could start on it, and what fills the disk
 * may be the queue that only a gateway empties. When nothing more can be written this room is given back at once.
 */
export function openBallast(folder: string, { clock, log }: { clock: Clock; log: Log }): Ballast {
  const path = join(folder, 'ballast')
  let timer: Timer | null = null
  let closed = false
  if (!hasRoom(folder)) {
    const freedBytes = sizeOf(path)
    rmSync(path, { force: true })
    log.warn('ballast.dropped', { folder, freedBytes })
  }

  const fill = async (): Promise<void> => {
    const isWhole = await grow(path).catch((error: Error) => {
      log.warn('ballast.failed', { error: error.message })
      return false
    })
    if (!isWhole && !closed) timer = clock.setTimeout(() => void fill(), againMs)
  }
  return {
    keep: () => void fill(),
    close() {
      closed = true
      timer?.cancel()
    },
  }
}

/** Writes it, or what is missing of it. `false`: there is no room for all of it now. */
async function grow(path: string): Promise<boolean> {
  const file = await open(path, 'a', 0o600).catch(unlessFull)
  if (file === null) return false
  try {
    // Octets and no hole: a hole has no room.
    for (let { size } = await file.stat(); size < sizeBytes; ) {
      const written = await file.write(block, 0, Math.min(block.length, sizeBytes - size)).catch(unlessFull)
      if (written === null) return false
      size += written.bytesWritten
    }
    await file.datasync()
    return true
  } finally {
    await file.close()
  }
}

/** Whether a small file can be written, by room, inodes and quota. */
function hasRoom(folder: string): boolean {
  const probe = join(folder, `ballast.probe.${process.pid}`)
  try {
    writeFileSync(probe, block, { mode: 0o600 })
    return true
  } catch (error) {
    // Whatever else is wrong with the folder is said by what needs it.
    return !isFull(error)
  } finally {
    rmSync(probe, { force: true })
  }
}

const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '')

function unlessFull(error: unknown): null {
  if (isFull(error)) return null
  throw error
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
