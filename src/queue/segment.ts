import type { Disk, DiskFile } from './disk.ts'
import type { StoredEntry } from './stored-entry.ts'

/**
 * A file of the log, of a fixed size, used again and again. Its companion holds the marks of its messages.
 *
 * ready    empty, with the header of a new generation on stable storage
 * tail     the log is written here
 * sealed   full, or given up after an error; kept as long as somebody needs something in it
 * free     nothing in it is needed: it is made ready again, or removed
 */
export class Segment {
  readonly number: number
  readonly path: string
  readonly marksPath: string
  readonly file: DiskFile
  sizeBytes: number
  generation = 0
  /** Every block was written before: appending changes octets only, no metadata. */
  isPrewritten: boolean
  /** Messages with something in here. */
  readonly entries = new Set<StoredEntry>()
  /** Octets of records that somebody still needs. */
  liveBytes = 0
  /** From the moment that the log or a start takes it, until nothing in it is needed. */
  inUse = false
  /** Position of the next mark in the companion. */
  marksEnd = 0
  private readonly disk: Disk
  private companion: DiskFile | null = null
  private holds = 0
  private readonly onFree: (segment: Segment) => void

  constructor(disk: Disk, path: string, number: number, sizeBytes: number, onFree: (segment: Segment) => void) {
    this.disk = disk
    this.path = path
    this.marksPath = `${path.slice(0, -'.seg'.length)}.mrk`
    this.number = number
    this.sizeBytes = sizeBytes
    this.onFree = onFree
    this.file = disk.open(path)
    this.isPrewritten = this.file.sizeBytes() >= sizeBytes && this.file.isAllocated()
  }

  get marks(): DiskFile {
    this.companion ??= this.disk.open(this.marksPath)
    return this.companion
  }

  get isNeeded(): boolean {
    return this.holds > 0 || this.entries.size > 0
  }

  /** No message has anything in it, and nobody but one holder keeps it. */
  get isSpent(): boolean {
    return this.holds === 1 && this.entries.size === 0
  }

  /** Keeps it from being used again, until `release`: the tail, a group on its way, a message that is received or read. */
  hold(): void {
    this.holds++
  }

  release(): void {
    this.holds--
    this.freeIfUnneeded()
  }

  forget(entry: StoredEntry): void {
    if (this.entries.delete(entry)) this.freeIfUnneeded()
  }

  close(): void {
    this.file.close()
    this.companion?.close()
    this.companion = null
  }

  private freeIfUnneeded(): void {
    if (this.inUse && !this.isNeeded) this.onFree(this)
  }
}
