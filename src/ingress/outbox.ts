import type { Socket } from 'node:net'
import type { Reply } from '../mail/reply.ts'
import { writeReply } from '../smtp/reply-writer.ts'

/** The replies of one session: those to what one read brought go out in one write (RFC 2920 §3.2). */
export class Outbox {
  /** The client sends and does not read: its replies would fill our memory. */
  full = false
  private text = ''
  private readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
  }

  add(reply: Reply): void {
    this.text += writeReply(reply)
  }

  /** Writes what was added. When that is too much for now, `full` holds until `onDrain` is called. */
  flush(onDrain: () => void): void {
    if (this.text === '') return
    const { text } = this
    this.text = ''
    if (this.socket.write(text, 'latin1')) return
    this.full = true
    this.socket.pause()
    this.socket.once('drain', () => {
      this.full = false
      onDrain()
    })
  }

  /** Writes what was added and closes our side; false when it was closed before. `onLeft`: the kernel has all of it. */
  end(onLeft: (() => void) | null): boolean {
    if (this.socket.writableEnded) return false
    if (onLeft === null) this.socket.end(this.text, 'latin1')
    else this.socket.end(this.text, 'latin1', onLeft)
    this.text = ''
    return true
  }
}
