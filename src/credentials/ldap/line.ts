import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { firstMessage } from './frame.ts'

/** What a directory may send in answer to one question. */
const maxAnswerOctets = 4 * 1024 * 1024

/**
 * The socket as the LDAP library sees it: an established one, on which whole and well-formed messages arrive one at a
 * time, and not too many octets of them. `renew` begins to count anew.
 */
export class LdapLine extends Duplex {
  readonly connecting = false
  readonly readyState = 'open'
  readonly #socket: Socket
  #pending: Buffer = Buffer.alloc(0)
  #answered = 0

  constructor(socket: Socket) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.once('end', () => this.push(null))
    socket.once('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
  }

  renew(): void {
    this.#answered = 0
  }

  /** A line that waits for its next question does not keep a process alive that is about to end. */
  ref(wanted: boolean): void {
    if (wanted) this.#socket.ref()
    else this.#socket.unref()
  }

  #take(chunk: Buffer): void {
    this.#answered += chunk.length
    if (this.#answered > maxAnswerOctets) return void this.destroy(new Error('the directory sent too much'))
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (this.#pending.length > 0 && !this.destroyed) {
      const size = firstMessage(this.#pending)
      if (!size.ok) return void this.destroy(new Error(`the directory sent ${size.error}`))
      if (size.value === 0) return
      this.push(this.#pending.subarray(0, size.value))
      this.#pending = this.#pending.subarray(size.value)
    }
  }

  override _read(): void {}

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
