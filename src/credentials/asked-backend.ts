import type { BackendHealth } from '../mail/backend-health.ts'
import type { CredentialSettings } from '../mail/login-settings.ts'
import { ok, type Result, wrong } from '../mail/result.ts'
import { Semaphore } from '../mail/semaphore.ts'
import { AnswerCache, type AnswerKey } from './answer-cache.ts'
import type { LoginContext } from './authenticator.ts'
import { Health } from './health.ts'
import type { Found, Source, SourceParts } from './source.ts'

/** Questions at one moment. Hashes have turns of their own (`passwords/checks.ts`); each program is a process. */
const widths: Record<CredentialSettings['kind'], number> = {
  users: 64,
  file: 64,
  ldap: 64,
  radius: 64,
  http: 32,
  exec: 4,
  oauth: 32,
}
/** Waiting beside them. One more is answered 454 at once: whoever comes then would wait in vain. */
const maxWaiting = 200

/** Kinds that are told where somebody logs in, and may answer by that. */
const contextual: ReadonlySet<CredentialSettings['kind']> = new Set(['radius', 'http', 'exec'])

/** `fresh: false`: it was remembered, which took no time. */
export type Answered = { readonly found: Found; readonly fresh: boolean }

/** A source with all that sources have in common: turns, time, memory, health. Never rejects. */
export class AskedBackend {
  readonly settings: CredentialSettings
  readonly source: Source
  readonly #parts: SourceParts
  readonly #cache: AnswerCache
  readonly #health: Health
  readonly #places: Semaphore
  /** Same question, same answer: who asks while it is on its way waits for that one. */
  readonly #flights = new Map<string, Promise<Found>>()
  /** One for each question under way. */
  readonly #controls = new Set<AbortController>()
  #closing: (() => void) | null = null

  constructor(settings: CredentialSettings, source: Source, parts: SourceParts) {
    this.settings = settings
    this.source = source
    this.#parts = parts
    this.#cache = new AnswerCache(settings.cacheMs)
    this.#health = new Health(settings.id, parts.log)
    this.#places = new Semaphore(widths[settings.kind], maxWaiting)
  }

  /** `until` (epoch ms): when the one who asks must have an answer of some kind. */
  checkPassword(login: string, password: string, context: LoginContext, until: number): Promise<Answered> {
    const key = this.#cache.key(login, password, null, this.#relevant(context))
    const { source } = this
    if (source.checkPassword === undefined) return Promise.resolve({ found: unknown, fresh: true })
    return this.#answer(key, until, (signal) => source.checkPassword!(login, password, context, signal))
  }

  checkToken(token: string, hint: string | null, context: LoginContext, until: number): Promise<Answered> {
    const key = this.#cache.key(null, token, hint, this.#relevant(context))
    const { source } = this
    if (source.checkToken === undefined) return Promise.resolve({ found: unknown, fresh: true })
    return this.#answer(key, until, (signal) => source.checkToken!(token, hint, context, signal))
  }

  /** For what a source looks up without asking anybody's password: it counts for health and is not remembered. */
  async lookUp<Value>(look: () => Promise<Value>): Promise<Result<Value>> {
    const { clock } = this.#parts
    try {
      const value = await look()
      this.#health.fine(clock.now())
      return ok(value)
    } catch (error) {
      const failed = failure(error)
      this.#health.heard(failed, clock.now())
      return wrong(failed.why)
    }
  }

  health(): BackendHealth {
    const { state, since, lastError, counts } = this.#health
    const { id, kind } = this.settings
    return { id, kind, state, since, lastError, ...counts, asking: this.#places.inside, waiting: this.#places.waiting }
  }

  /** Questions under way get their answers first; `now`: they are given up. */
  async close(now: boolean): Promise<void> {
    if (now) for (const control of this.#controls) control.abort()
    if (this.#flights.size > 0) await new Promise<void>((resolve) => (this.#closing = resolve))
    await this.source.close()
  }

  #relevant(context: LoginContext): LoginContext | null {
    return contextual.has(this.settings.kind) ? context : null
  }

  async #answer(key: AnswerKey, until: number, ask: (signal: AbortSignal) => Promise<Found>): Promise<Answered> {
    const remembered = this.#cache.get(key, this.#parts.clock.now())
    if (remembered !== null) {
      this.#health.counts.remembered++
      return { found: remembered, fresh: false }
    }
    const underway = this.#flights.get(key.at)
    if (underway !== undefined) return { found: await underway, fresh: true }
    const flight = this.#inTime(until, ask)
    this.#flights.set(key.at, flight)
    const found = await flight
    this.#flights.delete(key.at)
    if (this.#flights.size === 0) this.#closing?.()
    const now = this.#parts.clock.now()
    this.#health.heard(found, now)
    this.#cache.put(key, found, now)
    return { found, fresh: true }
  }

  async #inTime(until: number, ask: (signal: AbortSignal) => Promise<Found>): Promise<Found> {
    const { clock } = this.#parts
    const limitMs = Math.min(this.settings.timeoutMs, until - clock.now())
    if (limitMs <= 0) return { kind: 'error', why: 'those before it took all of the time' }
    const control = new AbortController()
    const { signal } = control
    this.#controls.add(control)
    let why = 'given up'
    const tooLate = new Promise<Found>((resolve) => {
      signal.addEventListener('abort', () => resolve({ kind: 'error', why }), { once: true })
    })
    const timer = clock.setTimeout(() => {
      why = `no answer within ${Math.round(limitMs) / 1000} s`
      control.abort()
    }, limitMs)
    try {
      const turn = await this.#places.enter(signal)
      if (turn === 'full') return { kind: 'error', why: 'too many questions wait for it' }
      if (turn === 'late') return await tooLate
      // A source that takes its time to let go keeps its turn until it has: what it holds is still held.
      const answer = this.#guarded(ask, signal)
      return await Promise.race([answer, tooLate])
    } finally {
      timer.cancel()
      this.#controls.delete(control)
    }
  }

  async #guarded(ask: (signal: AbortSignal) => Promise<Found>, signal: AbortSignal): Promise<Found> {
    try {
      return await ask(signal)
    } catch (error) {
      return failure(error)
    } finally {
      this.#places.leave()
    }
  }
}

const unknown: Found = { kind: 'unknown' }

function failure(error: unknown): { readonly kind: 'error'; readonly why: string } {
  const { message, code } = error as NodeJS.ErrnoException
  // Node's error of a host with several addresses has a code and no message.
  return { kind: 'error', why: message || code || 'it failed and did not say why' }
}
