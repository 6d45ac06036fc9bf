import type { StoredBody } from '../queue/entry.ts'
import type { Wire } from './wire.ts'

/** Bodies in memory up to this size go out in one write; larger ones in groups, so that the deadline sees progress. */
const groupBytes = 256 * 1024

/** More than a socket's high-water mark: of a piece this long it says when it has left. */
const keptBytes = 64 * 1024

/** Up to this size envelope and body are copied together: cheaper than a vector of buffers. */
const scratchBytes = 16 * 1024

/**
 * Puts commands and content on the wire in as few system calls as possible: `head`, the content, and `tail` (the final
 * dot and the commands of the next transaction) are one write when the content is small (RFC 2920 §3.1 allows the content
 * as the first "command" of a group).
 */
export class BodyWriter {
  private readonly wire: Wire
  private readonly blockMs: number
  private scratch: Buffer | null = null
  private resume: (() => void) | null = null
  /** Bodies whose memory the kernel may still read. */
  private readonly lent: StoredBody[] = []

  constructor(wire: Wire, blockMs: number) {
    this.wire = wire
    this.blockMs = blockMs
  }

  /** Commands alone. */
  commands(text: string): void {
    this.joined(text, [], 0, '')
  }

  /** Writes a short body that is in memory, before it returns; `false`: it has to be streamed. */
  write(head: string, body: StoredBody, tail: () => string): boolean {
    const chunks = body.sizeBytes <= groupBytes ? body.lend() : null
    if (chunks === null) return false
    const { wire } = this
    if (wire.unsent === 0) this.giveBack()
    const wasCopied = this.joined(head, chunks, body.sizeBytes, tail())
    if (wasCopied || wire.unsent === 0) body.returned()
    else this.lent.push(body)
    return true
  }

  /**
   * Content of any size, in pieces, as fast as the host takes it. `tail` is asked for when the content is out.
   * @throws SpoolError when the content cannot be read, or is not as long as was said: then it must not be ended
   */
  async stream(head: string, body: StoredBody, tail: () => string): Promise<void> {
    const { wire } = this
    if (head !== '') wire.send(Buffer.from(head, 'latin1'))
    let bytes = 0
    for await (const piece of body.chunks ?? body.read()) {
      if (wire.closed) return
      bytes += piece.length
      wire.await(this.blockMs, 'room for content')
      // Below its high-water mark a socket may keep a piece and take more; then it needs octets that stay.
      if (!wire.send(piece.length < keptBytes ? Buffer.from(piece) : piece)) await this.drained()
    }
    if (wire.closed) return
    if (bytes !== body.sizeBytes) throw new Error(`content of ${bytes} octets where ${body.sizeBytes} were stored`)
    this.commands(tail())
  }

  /** For the wire's user: all that was written has left. Also called when the connection is lost, to end a stream. */
  wake(): void {
    const { resume } = this
    this.giveBack()
    this.resume = null
    resume?.()
  }

  private giveBack(): void {
    for (const body of this.lent.splice(0)) body.returned()
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.wire.closed || this.wire.unsent === 0) resolve()
      else this.resume = resolve
    })
  }

  /** True when the chunks were copied, and their memory is free again. */
  private joined(head: string, chunks: readonly Buffer[], chunkBytes: number, tail: string): boolean {
    const { wire } = this
    const commandBytes = (head.length + tail.length) * 3
    if (commandBytes + chunkBytes > scratchBytes) {
      const pieces = [...chunks]
      if (head !== '') pieces.unshift(Buffer.from(head, 'utf8'))
      if (tail !== '') pieces.push(Buffer.from(tail, 'utf8'))
      wire.sendAll(pieces)
      return false
    }
    const scratch = (this.scratch ??= Buffer.allocUnsafeSlow(scratchBytes))
    let at = scratch.write(head, 0)
    for (const chunk of chunks) {
      scratch.set(chunk, at)
      at += chunk.length
    }
    at += scratch.write(tail, at)
    wire.send(scratch.subarray(0, at))
    // What the kernel did not take at once is still read from this memory.
    if (wire.unsent > 0) this.scratch = null
    return true
  }
}
