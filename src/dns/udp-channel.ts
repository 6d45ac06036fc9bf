import { createSocket, type Socket } from 'node:dgram'
import type { Clock } from '../mail/clock.ts'
import { type Heard, unheard } from './heard.ts'
import { answers, withId } from './query.ts'
import type { ServerAddress } from './server-address.ts'

/** Questions on one source port. A new port every so often is what makes forging answers hard (RFC 5452 §9.2). */
const questionsPerPort = 200

/** Datagrams that answer nothing we asked, after which somebody seems to be guessing and the port is changed. */
const strayPerPort = 16

type Waiting = { readonly query: Buffer; done(heard: Heard): void }

export type UdpOptions = {
  readonly server: ServerAddress
  readonly clock: Clock
  readonly random: (below: number) => number
  /** Is told of each datagram that answers nothing we asked. */
  readonly stray: () => void
}

/**
 * One connected UDP socket on a port that the kernel chooses at random. Connected, so that the kernel drops what comes
 * from elsewhere and reports a closed port at once.
 *
 * States: opening (questions wait for `connect`), open, unusable (could not connect), closed. A socket that has asked its
 * share takes no more (`full`) and closes with its last answer. One that nobody waits for does not keep the process.
 */
export class UdpChannel {
  readonly #options: UdpOptions
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  readonly #opened: Promise<void>
  /** Why it cannot be used, once that is known. */
  #unusable: Error | null = null
  #asked = 0
  #stray = 0
  #closed = false

  constructor(options: UdpOptions) {
    this.#options = options
    const { server } = options
    this.#socket = createSocket({ type: server.family === 6 ? 'udp6' : 'udp4' })
    this.#socket.on('message', (message) => this.#hear(message))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#opened = new Promise((resolve) => {
      // With a callback, connecting reports its error to it and not as an event.
      this.#socket.connect(server.port, server.address, (error?: Error) => {
        this.#unusable = error ?? null
        resolve()
      })
    })
  }

  /** Takes no more questions. */
  get full(): boolean {
    return this.#closed || this.#unusable !== null || this.#asked >= questionsPerPort || this.#stray >= strayPerPort
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Sends a query under a random id and waits for its answer. Never rejects. */
  async ask(query: Buffer, timeoutMs: number): Promise<Heard> {
    this.#asked++
    let id = this.#options.random(65_536)
    while (this.#waiting.has(id)) id = this.#options.random(65_536)
    const sent = withId(query, id)
    return await new Promise<Heard>((resolve) => {
      // A loop that was held up comes to its timers before its sockets: what has arrived meanwhile is heard first.
      const late = () => setImmediate(() => done(unheard('no answer in time', true)))
      const timer = this.#options.clock.setTimeout(late, timeoutMs)
      const done = (heard: Heard) => {
        timer.cancel()
        if (this.#waiting.get(id)?.done !== done) return
        this.#waiting.delete(id)
        resolve(heard)
        this.#rest()
      }
      this.#waiting.set(id, { query: sent, done })
      this.#socket.ref()
      void this.#send(sent)
    })
  }

  /** Every waiting question ends unheard. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
    for (const { done } of [...this.#waiting.values()]) done(unheard('the resolver was closed', false))
  }

  async #send(query: Buffer): Promise<void> {
    await this.#opened
    if (this.#unusable !== null) this.#fail(this.#unusable)
    if (this.#closed) return
    this.#socket.send(query, (error) => {
      if (error) this.#fail(error)
    })
  }

  #hear(message: Buffer): void {
    const waiting = message.length < 2 ? undefined : this.#waiting.get(message.readUInt16BE(0))
    if (waiting !== undefined && answers(waiting.query, message)) waiting.done({ kind: 'heard', message })
    else {
      this.#stray++
      this.#options.stray()
    }
  }

  /** ECONNREFUSED, EHOSTUNREACH and the like: nobody is there, and waiting would change nothing. */
  #fail(error: Error): void {
    const why = (error as NodeJS.ErrnoException).code ?? error.message
    for (const { done } of [...this.#waiting.values()]) done(unheard(why, true))
  }

  #rest(): void {
    if (this.#closed || this.#waiting.size > 0) return
    if (this.full) this.close()
    else this.#socket.unref()
  }
}
