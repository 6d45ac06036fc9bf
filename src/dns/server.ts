import type { Socket } from 'node:net'
import type { Clock } from '../mail/clock.ts'
import { type Heard, unheard } from './heard.ts'
import { encodeQuery, type Question } from './query.ts'
import { type Reply, readReply } from './reply.ts'
import { type ServerAddress, serverLabel } from './server-address.ts'
import { askByTcp } from './tcp-exchange.ts'
import { UdpChannel } from './udp-channel.ts'

/** Source ports at one moment: each question leaves from one of them, chosen at random. */
const channels = 4

/** How long a server that was not heard is asked after the others. */
const shunMs = 30_000

/** How long a server that refused EDNS is asked without. */
const plainMs = 3_600_000

export type ServerStats = {
  readonly server: string
  readonly asked: number
  readonly byTcp: number
  /** Tries that nobody answered. */
  readonly unheard: number
  /** Answers that the server had trouble of its own with (SERVFAIL), and others that told nothing (REFUSED, nonsense). */
  readonly servfail: number
  readonly useless: number
  /** Datagrams that answered nothing we had asked. */
  readonly stray: number
  readonly edns: boolean
  /** Epoch ms until which the others are asked first; `null`: it is as good as they. */
  readonly shunnedUntil: number | null
}

export type ServerOptions = {
  readonly address: ServerAddress
  readonly clock: Clock
  readonly random: (below: number) => number
  /** Whether AD is believed; absent: of a server on this machine. */
  readonly trustAd: () => boolean | undefined
}

/** One name server: its sockets, and what is known of it. */
export class Server {
  readonly label: string
  readonly #options: ServerOptions
  readonly #channels: (UdpChannel | null)[] = Array.from({ length: channels }, () => null)
  readonly #old = new Set<UdpChannel>()
  readonly #tcp = new Set<Socket>()
  #asked = 0
  #byTcp = 0
  #unheard = 0
  #servfail = 0
  #useless = 0
  #stray = 0
  #shunnedUntil = 0
  #plainUntil = 0
  #closed = false

  constructor(options: ServerOptions) {
    this.#options = options
    this.label = serverLabel(options.address)
  }

  /** True while other servers are to be asked first. */
  get shunned(): boolean {
    return this.#shunnedUntil > this.#options.clock.now()
  }

  /**
   * Asks once: without EDNS when the server does not know it, and by TCP when the answer is too long for UDP.
   * `again`: for the second time, and so without EDNS, which some middle boxes drop.
   */
  async ask(question: Question, timeoutMs: number, again: boolean): Promise<Reply> {
    const { clock } = this.#options
    const wasShunned = this.#shunnedUntil
    // One question finds out whether a server is back; the others do not wait for it.
    if (wasShunned > 0) this.#shunnedUntil = Math.max(wasShunned, clock.now() + timeoutMs)
    const edns = !again && this.#plainUntil <= clock.now()
    const reply = await this.#try(question, edns, timeoutMs)
    if (reply.kind !== 'no-edns') return reply
    if (!edns) return { kind: 'useless', why: reply.why }
    const plain = await this.#try(question, false, timeoutMs)
    if (plain.kind === 'no-edns') return { kind: 'useless', why: plain.why }
    this.#plainUntil = clock.now() + plainMs
    return plain
  }

  stats(): ServerStats {
    return {
      server: this.label,
      asked: this.#asked,
      byTcp: this.#byTcp,
      unheard: this.#unheard,
      servfail: this.#servfail,
      useless: this.#useless,
      stray: this.#stray,
      edns: this.#plainUntil <= this.#options.clock.now(),
      shunnedUntil: this.shunned ? this.#shunnedUntil : null,
    }
  }

  /** AD is worth what the way to the server is worth (RFC 4035 §4.9.3): on this machine alone nobody else writes it. */
  get #trusted(): boolean {
    const { address } = this.#options.address
    return this.#options.trustAd() ?? (address === '::1' || address.startsWith('127.'))
  }

  close(): void {
    this.#closed = true
    for (const channel of this.#channels) channel?.close()
    for (const channel of this.#old) channel.close()
    for (const socket of this.#tcp) socket.destroy()
  }

  async #try(question: Question, edns: boolean, timeoutMs: number): Promise<Reply> {
    const query = encodeQuery(question, edns)
    const reply = this.#judge(await this.#byUdp(query, timeoutMs), question)
    if (reply.kind !== 'truncated') return reply
    this.#byTcp++
    const { clock, random } = this.#options
    const heard = this.#closed
      ? unheard('the resolver was closed', false)
      : await askByTcp(query, timeoutMs, { server: this.#options.address, clock, random, open: this.#tcp })
    const whole = this.#judge(heard, question)
    return whole.kind === 'truncated' ? { kind: 'useless', why: 'a truncated answer by TCP' } : whole
  }

  #judge(heard: Heard, question: Question): Reply {
    if (heard.kind === 'heard') {
      this.#shunnedUntil = 0
      const reply = readReply(heard.message, question)
      if (reply.kind === 'useless') {
        if (reply.why === 'SERVFAIL') this.#servfail++
        else this.#useless++
      }
      return 'secure' in reply && !this.#trusted ? { ...reply, secure: false } : reply
    }
    if (heard.down) {
      this.#unheard++
      this.#shunnedUntil = this.#options.clock.now() + shunMs
    }
    return { kind: 'useless', why: heard.why }
  }

  async #byUdp(query: Buffer, timeoutMs: number): Promise<Heard> {
    if (this.#closed) return unheard('the resolver was closed', false)
    this.#asked++
    const { address, clock, random } = this.#options
    const slot = random(channels)
    let channel = this.#channels[slot] ?? null
    if (channel === null || channel.full) {
      if (channel !== null) this.#old.add(channel)
      channel = new UdpChannel({ server: address, clock, random, stray: () => this.#stray++ })
      this.#channels[slot] = channel
    }
    const asked = channel
    const heard = await asked.ask(query, timeoutMs)
    if (asked.closed) this.#old.delete(asked)
    return heard
  }
}
