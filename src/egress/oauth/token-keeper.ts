import type { Clock, Timer } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import type { TokenHealth } from '../../mail/token-health.ts'
import { NoCredentials } from '../auth/credentials.ts'
import type { Fetched } from './fetch-token.ts'

export type KeeperParts = {
  readonly grant: TokenHealth['grant']
  readonly provider: string
  readonly fetch: () => Promise<Fetched>
  readonly clock: Clock
  readonly log: Log
  /** From 0 to below 1. */
  readonly random: () => number
  /** There is a token again, after there was none. */
  readonly onBack: () => void
}

type Held = { readonly token: string; readonly goodUntil: number; readonly expiresAt: number; isDoubted: boolean }

/** A token must outlive the login that it is shown for; of one that lives for seconds this is a tenth. */
const marginMs = 10_000
const firstWaitMs = 5_000
const longestWaitMs = 5 * 60_000
/** For what only a person can mend. */
const firstFinalWaitMs = 60_000
const longestFinalWaitMs = 15 * 60_000

/**
 * One access token, kept fresh from the moment on when it was wanted first.
 *
 * fetching   none yet, or one is being fetched; all who want one wait for the same answer
 * held       one is there; it is renewed when seven to eight tenths of its life have passed
 * doubted    a host refused it before its time: the next who wants one has a new one fetched, and gets it if that fails
 * failing    the latest try failed: tried again after a wait that doubles; who wants one meanwhile gets the one that still
 *            holds, or the reason
 */
export class TokenKeeper {
  relays: readonly string[] = []
  private readonly parts: KeeperParts
  private held: Held | null = null
  private fetching: Promise<void> | null = null
  private failure: {
    readonly why: string
    readonly at: number
    readonly retryAt: number
    readonly count: number
  } | null = null
  private nextAt: number | null = null
  private timer: Timer | null = null
  private isClosed = false
  /** Relays that refused a token and have not taken one since: for them no other is fetched before its time. */
  private readonly refusing = new Set<string>()
  /** Those of them that refused a second one, which was new. */
  private readonly refusedBy = new Set<string>()
  private fetched = 0
  private failed = 0

  constructor(parts: KeeperParts) {
    this.parts = parts
  }

  /** @throws NoCredentials when there is none, and none to be had now */
  async token(): Promise<string> {
    const { clock } = this.parts
    const ready = this.usable()
    if (ready !== null && !ready.isDoubted) return ready.token
    if (this.fetching !== null || this.failure === null || clock.now() >= this.failure.retryAt) await this.fetchOnce()
    const held = this.usable()
    if (held !== null) return held.token
    throw new NoCredentials('4.7.0', `no access token: ${this.failure?.why ?? 'not fetched'}`)
  }

  /** Fetches one now, whatever is held. Gives what is wrong, or `null`. */
  async renew(): Promise<string | null> {
    await this.fetchOnce()
    return this.failure?.why ?? null
  }

  /** A host refused it. True: another one is worth a try at once, which is so once until the relay takes one again. */
  refused(relay: string, token: string): boolean {
    const { held } = this
    if (held === null || held.token !== token) return held !== null
    if (this.refusing.has(relay)) {
      if (!this.refusedBy.has(relay)) {
        const { log, provider } = this.parts
        log.warn('token.refused', { relay, provider, why: 'refused even when it was new: it is not the token' })
      }
      this.refusedBy.add(relay)
      return false
    }
    this.refusing.add(relay)
    held.isDoubted = true
    return true
  }

  accepted(relay: string): void {
    if (this.refusing.size === 0) return
    this.refusing.delete(relay)
    this.refusedBy.delete(relay)
  }

  health(): TokenHealth {
    const { grant, provider } = this.parts
    const held = this.usable()
    const { failure } = this
    const state = (): TokenHealth['state'] => {
      if (held === null) return failure === null ? 'fetching' : 'failing'
      if (this.relays.some((relay) => this.refusedBy.has(relay))) return 'refused'
      return failure === null ? 'ok' : 'renewing'
    }
    return {
      relays: this.relays,
      grant,
      provider,
      state: state(),
      validUntil: held?.expiresAt ?? null,
      nextAt: this.nextAt,
      lastError: failure === null ? null : { why: failure.why, at: failure.at },
      refusedBy: this.relays.filter((relay) => this.refusedBy.has(relay)),
      fetched: this.fetched,
      failed: this.failed,
    }
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
    this.timer = null
  }

  private usable(): Held | null {
    const { held } = this
    return held !== null && this.parts.clock.now() < held.goodUntil ? held : null
  }

  /** All who ask while one is being fetched wait for that. It never rejects. */
  private fetchOnce(): Promise<void> {
    this.fetching ??= this.fetch().finally(() => {
      this.fetching = null
    })
    return this.fetching
  }

  private async fetch(): Promise<void> {
    const { fetch, clock, log, provider } = this.parts
    const fetched = await fetch()
    if (this.isClosed) return
    const now = clock.now()
    if (fetched.kind === 'failed') this.fail(fetched, now)
    else {
      const wasFailing = this.failure !== null
      const wasNone = this.usable() === null
      this.fetched++
      // A new one in its time begins anew with all relays; one that a refusal brought has yet to prove itself.
      if (this.held?.isDoubted !== true) this.refusing.clear()
      const { token, lifetimeMs } = fetched
      const expiresAt = now + lifetimeMs
      this.held = { token, expiresAt, goodUntil: expiresAt - Math.min(marginMs, lifetimeMs / 10), isDoubted: false }
      this.failure = null
      this.plan(now + lifetimeMs * (0.7 + 0.1 * this.parts.random()))
      log.info('token.fetched', { relays: this.relays, provider, validForMs: lifetimeMs })
      if (wasFailing && wasNone) this.parts.onBack()
    }
  }

  private fail({ why, isFinal, waitMs }: Extract<Fetched, { kind: 'failed' }>, now: number): void {
    const { log, provider, random } = this.parts
    this.failed++
    const count = (this.failure?.count ?? 0) + 1
    const [first, longest] = isFinal ? [firstFinalWaitMs, longestFinalWaitMs] : [firstWaitMs, longestWaitMs]
    const doubled = Math.min(longest, first * 2 ** (count - 1))
    const retryAt = now + Math.max(waitMs ?? 0, doubled * (1 + 0.2 * random()))
    this.failure = { why, at: now, retryAt, count }
    this.plan(retryAt)
    const held = this.usable()
    const validForMs = held === null ? 0 : held.expiresAt - now
    log.warn('token.failed', { relays: this.relays, provider, why, validForMs, retryInMs: Math.round(retryAt - now) })
  }

  private plan(at: number): void {
    const { clock } = this.parts
    this.timer?.cancel()
    this.nextAt = Math.round(at)
    this.timer = clock.setTimeout(() => void this.fetchOnce(), Math.max(0, at - clock.now()))
  }
}
