import { mailboxKey } from '../../graph/pattern.ts'
import type { Clock, Timer } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import type { Mailbox } from '../../mail/path.ts'
import type { RecipientCheckSettings } from '../../mail/recipient-check.ts'
import type { FlushRecipients, RecipientAnswer } from '../../mail/recipient-view.ts'
import { Semaphore } from '../../mail/semaphore.ts'
import type { Asker, Known, Tell } from './asker.ts'
import { CheckHealth } from './check-health.ts'
import { RecipientMemory } from './recipient-memory.ts'

/** Questions at one moment, and waiting beside them; one more is told at once that it cannot be found out. */
const width = 32
const maxWaiting = 500

/** An asker with what all of them have in common: time, turns, one question once, memory, health. Never rejects. */
export class AskedCheck {
  readonly settings: RecipientCheckSettings
  readonly memory: RecipientMemory
  readonly health: CheckHealth
  readonly #asker: Asker
  readonly #clock: Clock
  readonly #places = new Semaphore(width, maxWaiting)
  readonly #flights = new Map<string, Promise<RecipientAnswer>>()
  readonly #controls = new Set<AbortController>()
  #closed = false

  constructor(settings: RecipientCheckSettings, asker: Asker, { clock, log }: { clock: Clock; log: Log }) {
    this.settings = settings
    this.memory = new RecipientMemory(settings)
    this.health = new CheckHealth(settings, log)
    this.#asker = asker
    this.#clock = clock
  }

  /** At once when it is remembered. */
  ask(mailbox: Mailbox): RecipientAnswer | Promise<RecipientAnswer> {
    const key = mailboxKey(mailbox)
    const known = this.memory.fresh(key, this.#clock.now())
    if (known !== null) {
      this.health.counts.remembered++
      return { kind: known.kind, reason: known.reason, remembered: known.askedAt }
    }
    return this.#flights.get(key) ?? this.#fly(key, mailbox)
  }

  /** Asks now, whatever is remembered; what comes of it is remembered, as it would be at RCPT. */
  askNow(mailbox: Mailbox, tell: Tell): Promise<RecipientAnswer> {
    return this.#findOut(mailboxKey(mailbox), mailbox, tell)
  }

  /** What the asker knows beside single recipients. */
  notes(): readonly string[] {
    return this.#asker.notes?.() ?? []
  }

  /** Gives how many recipients were forgotten. */
  forget(which: FlushRecipients): number {
    if (which.kind === 'address') return this.memory.forgetOne(mailboxKey(which.mailbox))
    const domain = which.kind === 'domain' ? which.domain : null
    this.#asker.forget?.(domain)
    return this.memory.forget(domain)
  }

  close(): void {
    this.#closed = true
    for (const control of this.#controls) control.abort()
    this.#asker.close()
  }

  #fly(key: string, mailbox: Mailbox): Promise<RecipientAnswer> {
    const flight = this.#findOut(key, mailbox, quietly).finally(() => this.#flights.delete(key))
    this.#flights.set(key, flight)
    return flight
  }

  async #findOut(key: string, mailbox: Mailbox, tell: Tell): Promise<RecipientAnswer> {
    const found = await this.#inTime(mailbox, tell)
    const now = this.#clock.now()
    this.health.heard(found, now)
    if (found.kind !== 'error') {
      this.memory.put(key, mailbox, found, now)
      return { ...found, remembered: null }
    }
    const stale = this.memory.stale(key, now)
    if (stale === null) return { ...found, remembered: null }
    tell(`${found.reason}; it existed when it was asked for last`)
    return { kind: stale.kind, reason: `${stale.reason}; now ${found.reason}`, remembered: stale.askedAt }
  }

  async #inTime(mailbox: Mailbox, tell: Tell): Promise<Known | { readonly kind: 'error'; readonly reason: string }> {
    const failed = (reason: string) => ({ kind: 'error', reason }) as const
    const { timeoutMs } = this.settings
    if (this.#closed) return failed('the check is not there any more')
    const control = new AbortController()
    const { signal } = control
    this.#controls.add(control)
    let why = 'given up'
    const tooLate = new Promise<ReturnType<typeof failed>>((resolve) => {
      signal.addEventListener('abort', () => resolve(failed(why)), { once: true })
    })
    const timer: Timer = this.#clock.setTimeout(() => {
      why = `no answer within ${timeoutMs / 1000} s`
      control.abort()
    }, timeoutMs)
    try {
      const turn = await this.#places.enter(signal)
      if (turn === 'full') return failed('too many questions wait for it')
      if (turn === 'late') return await tooLate
      const asked = this.#asker
        .ask(mailbox, signal, tell)
        .catch((error: NodeJS.ErrnoException) => failed(error.message || error.code || 'it failed and did not say why'))
        .finally(() => this.#places.leave())
      return await Promise.race([asked, tooLate])
    } finally {
      timer.cancel()
      this.#controls.delete(control)
    }
  }
}

const quietly: Tell = () => {}
