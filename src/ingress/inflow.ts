import type { Socket } from 'node:net'
import { waitForTurn } from './turns.ts'

/** Who reads what comes. */
export type Reader = {
  /** It waits for something of ours and can take nothing. */
  readonly busy: boolean
  /** It has taken all, and wants no more for now. */
  readonly stalled: boolean
  /** Reads a chunk to its end, or `keep`s the rest. Afterwards the chunk's memory is used for others. */
  consume(chunk: Buffer): void
  /** After everything that was read at once: the replies go out. */
  flush(): void
  /** The client has closed its side, and all that it said before has been read. */
  over(): void
}

/** What comes from a client, in order, when the reader can take it; meanwhile the socket is paused, so the client waits. */
export class Inflow {
  private later: Buffer | null = null
  private ended = false
  /** True while the reader reads: whoever wakes it inside of that does not begin to read again. */
  private reading = false
  private readonly socket: Socket
  private readonly reader: Reader

  constructor(socket: Socket, reader: Reader) {
    this.socket = socket
    this.reader = reader
    socket.on('data', this.take)
    socket.on('end', this.end)
  }

  /** Reads no more from this socket: somebody else does. */
  detach(): void {
    this.socket.off('data', this.take)
    this.socket.off('end', this.end)
  }

  /** Something waits to be read. */
  get pending(): boolean {
    return this.later !== null
  }

  /** What the reader cannot take now. */
  keep(rest: Buffer): void {
    this.later = this.later === null ? Buffer.from(rest) : Buffer.concat([this.later, rest])
    this.socket.pause()
  }

  /** The reader has had its turn; `rest` is for its next one. */
  postpone(rest: Buffer): void {
    this.keep(rest)
    waitForTurn(this)
  }

  goOn(): void {
    if (!this.socket.destroyed) this.proceed()
  }

  /** Nothing more will be read: what waits is dropped, and the rest as it comes. */
  drop(): void {
    this.later = null
    this.socket.resume()
  }

  /** The reader is back: goes on with what came meanwhile. */
  proceed(): void {
    const { reader } = this
    if (this.reading) return
    reader.flush()
    if (reader.busy) return
    const { later } = this
    this.later = null
    if (later !== null) this.run(later)
    // That may have come to another wait.
    if (this.later !== null || reader.busy || reader.stalled) return
    if (this.ended) reader.over()
    else if (this.socket.isPaused()) this.socket.resume()
  }

  private readonly take = (chunk: Buffer): void => {
    if (this.reader.busy || this.later !== null) this.keep(chunk)
    else this.run(chunk)
  }

  private run(chunk: Buffer): void {
    this.reading = true
    this.reader.consume(chunk)
    this.reading = false
    this.reader.flush()
    if (this.reader.stalled) this.socket.pause()
  }

  private readonly end = (): void => {
    this.ended = true
    if (!this.reader.busy && this.later === null) this.reader.over()
  }
}
