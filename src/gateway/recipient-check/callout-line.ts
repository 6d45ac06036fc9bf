import { hostLabel } from '../../egress/attempt.ts'
import type { Capabilities } from '../../egress/capabilities.ts'
import type { Dialling, SmtpCarrierOptions, Tracked } from '../../egress/dial.ts'
import { dial } from '../../egress/dial.ts'
import type { Chosen } from '../../egress/source.ts'
import type { Wire } from '../../egress/wire.ts'
import type { Timer } from '../../mail/clock.ts'
import type { IpAddress } from '../../mail/ip.ts'
import type { NextHop } from '../../mail/next-hop.ts'
import type { Reply } from '../../mail/reply.ts'
import { Semaphore } from '../../mail/semaphore.ts'
import type { Tell } from './asker.ts'

/** Transactions on one connection; hosts mistrust whoever asks for more without ever sending. */
const mostOnOne = 100
const maxWaiting = 200
const sweepMs = 250

type Line = { readonly wire: Wire; readonly capabilities: Capabilities; used: number }

/** Where a connection to a next hop comes from, as that of a delivery would. */
export type HopSources = {
  choose(nextHop: NextHop, target: IpAddress): Chosen
  failed(address: string, why: string): void
}

/** What is asked within one transaction: the reply to RCPT for each of the commands given. */
export type Transaction = {
  readonly utf8: boolean
  /** The next RCPT, decided by the replies so far; `null`: that was all. */
  next(replies: readonly Reply[]): string | null
}

/**
 * One connection to one next hop, on which recipients are asked about one after the other. It is opened as deliveries open
 * theirs (the same hosts, TLS, login, denied destinations), says MAIL with the null reverse-path, RCPT, RSET, and never
 * DATA.
 *
 * closed      nothing
 * open        a session without a transaction; ends after `idleMs`
 */
export class CalloutLine {
  readonly nextHop: NextHop
  readonly #options: SmtpCarrierOptions
  readonly #sources: HopSources
  readonly #turn = new Semaphore(1, maxWaiting)
  readonly #shunned: Dialling['shunned'] = new Map()
  #line: Line | null = null
  #idle: Timer | null = null
  #closed = false

  constructor(nextHop: NextHop, options: SmtpCarrierOptions, sources: HopSources) {
    this.nextHop = nextHop
    this.#sources = sources
    this.#options = options
  }

  /** Connected, or about to be. */
  get isOpen(): boolean {
    return this.#line !== null || this.#turn.inside > 0
  }

  /** The label of the host and its replies. @throws Error when there are none */
  async ask(transaction: Transaction, signal: AbortSignal, tell: Tell): Promise<{ host: string; replies: Reply[] }> {
    const turn = await this.#turn.enter(signal)
    if (turn !== 'in') throw new Error(`too many questions wait for ${this.nextHop.key}`)
    this.#idle?.cancel()
    try {
      const kept = this.#line
      if (kept !== null && !kept.wire.closed) {
        try {
          return await this.#converse(kept, transaction, signal, tell)
        } catch (error) {
          // The host has closed what was kept; once more, on a fresh connection.
          if (!kept.wire.closed || signal.aborted) throw error
          tell('the connection that was kept is closed')
        }
      }
      return await this.#converse(await this.#open(signal, tell), transaction, signal, tell)
    } finally {
      this.#rest()
      this.#turn.leave()
    }
  }

  close(): void {
    this.#closed = true
    this.#idle?.cancel()
    this.#end()
  }

  async #open(signal: AbortSignal, tell: Tell): Promise<Line> {
    const young = new Set<Tracked>()
    const { clock } = this.#options
    let timer: Timer
    const sweep = () => {
      for (const one of young) one.sweep(clock.now())
      timer = clock.setTimeout(sweep, sweepMs)
    }
    timer = clock.setTimeout(sweep, sweepMs)
    const giveUp = () => {
      for (const one of young) one.close()
    }
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      const dialled = await dial(this.nextHop, this.#options, {
        shunned: this.#shunned,
        without: new Set(),
        track(one) {
          young.add(one)
          return () => young.delete(one)
        },
        stopped: () => signal.aborted || this.#closed,
        source: (target) => this.#sources.choose(this.nextHop, target),
        unbindable: ({ address }, why) => {
          if (address !== null) this.#sources.failed(address, why)
        },
        // One connection at a time is enough to ask.
        room: () => null,
        refused() {},
      })
      if (dialled.kind === 'refused') throw new Error(`${this.nextHop.key}: ${shown(dialled.reply)}`)
      if (dialled.kind === 'down') throw new Error(`${this.nextHop.key}: ${dialled.why}`)
      if (dialled.kind === 'later') throw new Error(`${this.nextHop.key}: no room for a connection`)
      const { wire, capabilities } = dialled
      if (signal.aborted || this.#closed) {
        wire.close()
        throw new Error('given up')
      }
      tell(`connected to ${hostLabel(wire.host)}, ${wire.tls === null ? 'without TLS' : wire.tls}`)
      this.#line = { wire, capabilities, used: 0 }
      return this.#line
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', giveUp)
    }
  }

  async #converse(line: Line, { utf8, next }: Transaction, signal: AbortSignal, tell: Tell) {
    const { wire } = line
    const { replyMs } = this.#options.settings().timeouts
    const host = hostLabel(wire.host)
    const cut = () => wire.lose({ status: '4.4.2', why: 'given up' })
    signal.addEventListener('abort', cut, { once: true })
    const say = async (command: string): Promise<Reply> => {
      // The wire writes octets; an internationalized address is UTF-8.
      const octets = Buffer.from(`${command}\r\n`, 'utf8').toString('latin1')
      const reply = await wire.ask(octets, replyMs, `answer to ${command.split(/[ :]/, 1)[0]}`)
      tell(`${command} -> ${shown(reply)}`)
      if (reply.code === 421) {
        this.#end()
        throw new Error(`${host}: ${shown(reply)}`)
      }
      return reply
    }
    try {
      if (utf8 && !line.capabilities.smtputf8) throw new Error(`${host} does not take SMTPUTF8`)
      line.used++
      const mail = await say(`MAIL FROM:<>${utf8 ? ' SMTPUTF8' : ''}`)
      const replies: Reply[] = []
      if (mail.code !== 250) this.#end()
      if (mail.code !== 250) throw new Error(`${host} refuses MAIL FROM:<>: ${shown(mail)}`)
      for (let command = next(replies); command !== null; command = next(replies)) replies.push(await say(command))
      const reset = await say('RSET')
      if (reset.code !== 250 || line.used >= mostOnOne) this.#end()
      return { host, replies }
    } finally {
      signal.removeEventListener('abort', cut)
    }
  }

  #rest(): void {
    const line = this.#line
    if (line === null) return
    const { clock, settings } = this.#options
    if (line.wire.closed || this.#closed) this.#end()
    else this.#idle = clock.setTimeout(() => this.#end(), settings().timeouts.idleMs)
  }

  /** QUIT as a courtesy (RFC 5321 §4.1.1.10), its answer is not waited for. */
  #end(): void {
    const line = this.#line
    this.#line = null
    if (line === null || line.wire.closed) return
    line.wire.send(Buffer.from('QUIT\r\n'))
    line.wire.close()
  }
}

/** One line of a peer's reply, for people: no more than a line, and nothing that a terminal obeys. */
export const shown = ({ code, status, text }: Reply): string => {
  const words = text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 300)
  return [String(code), status, words].filter((part) => part !== null && part !== '').join(' ')
}
