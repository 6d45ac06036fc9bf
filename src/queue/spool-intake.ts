import type { Envelope } from '../mail/envelope.ts'
import type { Waiter } from './group.ts'
import type { BodyFacts, Intake } from './intake.ts'
import { type ExtentText, messageText } from './message-record.ts'
import { recordBytes } from './record.ts'
import { borrowSheet, giveBackSheet } from './sheet.ts'
import type { Spool } from './spool.ts'
import type { SpoolError } from './spool-error.ts'
import { noChunks, type Piece, SpooledBody } from './stored-body.ts'
import { StoredEntry } from './stored-entry.ts'
import { envelopeText } from './stored-envelope.ts'

/** Of one message: beyond it the sender waits. */
const maxUnwrittenBytes = 512 * 1024

const nothing = Buffer.alloc(0)

/**
 * open        takes chunks; a body of more than 128 KiB goes into the log piece by piece
 * committed   waits for the disk
 * ended       stored, failed or aborted
 * A failure while it is open waits for `commit`, which tells it.
 */
export class SpoolIntake implements Intake, Waiter {
  readonly id: string
  /** Octets in chunks on their way to the file. */
  unwrittenBytes = 0
  private readonly spool: Spool
  private readonly onReady: () => void
  private state: 'open' | 'committed' | 'ended' = 'open'
  /** The `used` first octets of it came and are not yet on their way. */
  private sheet: Buffer = nothing
  private used = 0
  /** Sheets that the log reads until they are in the file, in the order of `chunkWritten`. */
  private readonly leaving: Buffer[] = []
  private pieces: Piece[] | null = null
  private chunkBytes = 0
  private failure: Error | null = null
  private entry: StoredEntry | null = null
  private done: ((error: Error | null) => void) | null = null

  constructor(id: string, spool: Spool, onReady: () => void) {
    this.id = id
    this.spool = spool
    this.onReady = onReady
  }

  /** Some of it is in the log. */
  get isLarge(): boolean {
    return this.pieces !== null
  }

  /** There is room for more of it, or nothing to make room for. */
  get mayGoOn(): boolean {
    return this.failure !== null || this.unwrittenBytes <= maxUnwrittenBytes / 2
  }

  write(chunk: Buffer): boolean {
    if (this.state !== 'open') throw new Error(`${this.id}: write after commit or abort`)
    if (this.failure !== null) return true
    const { pieceBytes } = this.spool
    for (let from = 0; from < chunk.length && this.failure === null; ) {
      if (this.used === this.sheet.length) this.grow(chunk.length - from)
      const room = Math.min(this.sheet.length, pieceBytes) - this.used
      const bytes = chunk.copy(this.sheet, this.used, from, from + room)
      from += bytes
      this.used += bytes
      if (this.used === pieceBytes) this.emit()
    }
    this.spool.spillIfFull()
    if (this.unwrittenBytes <= maxUnwrittenBytes && !this.spool.isCongested) return true
    this.spool.block(this)
    return false
  }

  commit(envelope: Envelope, facts: BodyFacts, done: (error: Error | null) => void): void {
    if (this.state !== 'open') throw new Error(`${this.id}: commit after commit or abort`)
    this.done = done
    if (this.failure !== null) {
      this.failLater(this.failure)
      return
    }
    const { spool, sheet, used } = this
    const content = used === 0 ? [] : [sheet.subarray(0, used)]
    const queuedAt = spool.now()
    const pieces = this.pieces ?? noChunks
    const sizeBytes = this.chunkBytes + used
    const { dots, eightBit } = facts
    const recipients = envelope.recipients.length
    const stored = {
      id: this.id,
      queuedAt,
      sizeBytes,
      dots,
      eightBit,
      recipients,
      extents: extentsOf(pieces),
      states: [],
    }
    const text = envelopeText(envelope)
    const meta = messageText({ ...stored, movedFrom: null }, text)
    let piece: Piece
    try {
      piece = spool.writer.appendMessage(meta, content, used, this)
    } catch (error) {
      this.failLater(error as SpoolError)
      return
    }
    this.state = 'committed'
    const place = { piece, recordBytes: recordBytes(Buffer.byteLength(meta), used), chunks: pieces }
    const body = new SpooledBody(stored, place, spool.memory)
    if (pieces.length > 0 || !body.keep(sheet)) this.leaving.push(sheet)
    this.entry = new StoredEntry(stored, { own: text, shared: '' }, envelope, body)
    spool.enter(this.entry)
    this.releasePieces()
    this.leave()
  }

  abort(): void {
    if (this.state !== 'open') return
    this.state = 'ended'
    giveBackSheet(this.sheet)
    this.releasePieces()
    this.leave()
  }

  /** Puts into the log what is in memory, to make room. */
  spill(): void {
    if (this.used > 0 && this.failure === null) this.emit()
  }

  /** Room again, or nothing to wait for any more. */
  ready(): void {
    if (this.state === 'open') this.onReady()
  }

  chunkWritten(bytes: number): void {
    this.unwrittenBytes -= bytes
    this.left()
  }

  stored(): void {
    const { entry, done } = this
    this.state = 'ended'
    this.left()
    done?.(null)
    this.spool.sink.stored(entry as StoredEntry)
  }

  failed(error: Error): void {
    if (this.state === 'open') {
      this.failure ??= error
      this.unwrittenBytes = 0
      this.releasePieces()
      this.dropBuffered()
      return
    }
    if (this.state === 'ended') return
    this.state = 'ended'
    const entry = this.entry as StoredEntry
    entry.body.drop()
    this.spool.leave(entry)
    this.done?.(error)
  }

  /** A larger sheet, with what the old one held. */
  private grow(wanted: number): void {
    const { sheet, used, spool } = this
    this.sheet = borrowSheet(Math.min(used + wanted, spool.pieceBytes))
    this.sheet.set(sheet.subarray(0, used))
    spool.bufferedBytes += this.sheet.length - sheet.length
    giveBackSheet(sheet)
  }

  private emit(): void {
    const { sheet, used, spool } = this
    try {
      const piece = spool.writer.appendChunk([sheet.subarray(0, used)], used, this)
      if (this.pieces === null) this.pieces = [piece]
      else this.pieces.push(piece)
      this.leaving.push(sheet)
      this.chunkBytes += used
      this.unwrittenBytes += used
      this.dropBuffered()
    } catch (error) {
      this.failed(error as SpoolError)
    }
  }

  /** The oldest sheet is in the file. */
  private left(): void {
    const sheet = this.leaving.shift()
    if (sheet !== undefined) giveBackSheet(sheet)
  }

  /** Not in the same turn: the caller has just called. */
  private failLater(error: Error): void {
    this.state = 'ended'
    this.releasePieces()
    this.leave()
    const { done } = this
    process.nextTick(() => done?.(error))
  }

  private leave(): void {
    this.dropBuffered()
    this.spool.unblock(this)
    this.spool.ended(this)
  }

  private dropBuffered(): void {
    this.spool.bufferedBytes -= this.sheet.length
    this.sheet = nothing
    this.used = 0
  }

  private releasePieces(): void {
    const { pieces } = this
    this.pieces = null
    if (pieces !== null) for (const { segment } of pieces) segment.release()
  }
}

export const extentsOf = (pieces: readonly Piece[]): readonly ExtentText[] =>
  pieces.map(({ segment, sequence, at, bytes, crc }) => [segment.number, segment.generation, sequence, at, bytes, crc])
