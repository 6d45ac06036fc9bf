/** Copies of messages that left the queue, in a folder of the gateway. */
export type ArchiveFolder = {
  /** Absolute, or below the state folder. */
  readonly dir: string
  /** Age and size of all that is kept; what is older or more is removed, the oldest first. */
  readonly keepMs: number
  readonly maxBytes: number
}

/** `sent`: delivered to somebody. `failed`: given up for somebody. */
export type ArchiveSettings = { readonly sent?: ArchiveFolder; readonly failed?: ArchiveFolder }
