import type { Envelope } from '../mail/envelope.ts'
import type { Waiter } from './group.ts'
import type { BodyFacts, Intake } from './intake.ts'
import { type ExtentText, messageText } from './message-record.ts'
import { recordBytes } from './record.ts'
import type { Spool } from './spool.ts'
import type { SpoolError } from './spool-error.ts'
import { type Piece, SpooledBody } from './stored-body.ts'
import { StoredEntry } from './stored-entry.ts'
import { envelopeText } from './stored-envelope.ts'

/** Of one message: beyond it the sender waits. */
const maxUnwrittenBytes = 512 * 1024

const nothing: readonly Buffer[] = []

/**
 * open        takes chunks; a body of more than 128 KiB goes into the log piece by piece
 * committed   waits for the disk
 * ended       stored, failed or aborted
 * A failure while it is open waits for `commit`, which tells it.
 */
export class SpoolIntake implements Intake, Waiter {
  readonly id: string
  /** Octets in memory that are not yet on their way. */
  bufferedBytes = 0
  /** Octets in chunks on their way to the file. */
  unwrittenBytes = 0
  private readonly spool: Spool
  private readonly onReady: () => void
  private state: 'open' | 'committed' | 'ended' = 'open'
  private buffered: Buffer[] = []
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
    this.buffered.push(chunk)
    this.bufferedBytes += chunk.length
    this.spool.bufferedBytes += chunk.length
    const { pieceBytes } = this.spool
    while (this.bufferedBytes >= pieceBytes && this.failure === null) this.emit(pieceBytes)
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
    const { spool, buffered, bufferedBytes } = this
    const queuedAt = spool.now()
    const pieces = this.pieces ?? []
    const sizeBytes = this.chunkBytes + bufferedBytes
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
    const meta = messageText({ ...stored, movedFrom: null }, envelopeText(envelope))
    let piece: Piece
    try {
      piece = spool.writer.appendMessage(meta, buffered, bufferedBytes, this)
    } catch (error) {
      this.failLater(error as SpoolError)
      return
    }
    this.state = 'committed'
    const body = new SpooledBody(stored, pieces.length === 0 ? [piece] : [...pieces, piece], spool.memory)
    if (pieces.length === 0) body.keep(buffered)
    const place = { piece, recordBytes: recordBytes(Buffer.byteLength(meta), bufferedBytes), chunks: pieces }
    this.entry = new StoredEntry(stored, envelope, body, place)
    spool.enter(this.entry)
    this.releasePieces()
    this.leave()
  }

  abort(): void {
    if (this.state !== 'open') return
    this.state = 'ended'
    this.releasePieces()
    this.leave()
  }

  /** Puts into the log what is in memory, to make room. */
  spill(): void {
    if (this.bufferedBytes > 0 && this.failure === null) this.emit(this.bufferedBytes)
  }

  /** Room again, or nothing to wait for any more. */
  ready(): void {
    if (this.state === 'open') this.onReady()
  }

  chunkWritten(bytes: number): void {
    this.unwrittenBytes -= bytes
  }

  stored(): void {
    const { entry, done } = this
    this.state = 'ended'
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

  private emit(bytes: number): void {
    const body = this.takeBuffered(bytes)
    try {
      const piece = this.spool.writer.appendChunk(body, bytes, this)
      if (this.pieces === null) this.pieces = [piece]
      else this.pieces.push(piece)
      this.chunkBytes += bytes
      this.unwrittenBytes += bytes
    } catch (error) {
      this.failed(error as SpoolError)
    }
  }

  private takeBuffered(bytes: number): readonly Buffer[] {
    this.bufferedBytes -= bytes
    this.spool.bufferedBytes -= bytes
    if (this.bufferedBytes === 0) {
      const all = this.buffered
      this.buffered = []
      return all
    }
    let count = 0
    let total = 0
    while (total < bytes) total += (this.buffered[count++] as Buffer).length
    const body = this.buffered.splice(0, count)
    const last = body[count - 1] as Buffer
    const over = total - bytes
    if (over > 0) {
      this.buffered.unshift(last.subarray(last.length - over))
      body[count - 1] = last.subarray(0, last.length - over)
    }
    return body
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
    this.spool.bufferedBytes -= this.bufferedBytes
    this.bufferedBytes = 0
    this.buffered = nothing as Buffer[]
  }

  private releasePieces(): void {
    const { pieces } = this
    this.pieces = null
    if (pieces !== null) for (const { segment } of pieces) segment.release()
  }
}

export const extentsOf = (pieces: readonly Piece[]): readonly ExtentText[] =>
  pieces.map(({ segment, sequence, at, bytes, crc }) => [segment.number, segment.generation, sequence, at, bytes, crc])
