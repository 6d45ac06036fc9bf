import { createHmac, randomBytes } from 'node:crypto'
import type { LoginContext } from './authenticator.ts'
import type { Found } from './source.ts'

/** At most: logins and passwords come from strangers, as many as they like. */
const maxEntries = 10_000
/** Long enough for a telephone that tries an old password every few seconds, which some directories answer with a lock. */
const refusalMs = 30_000

type Entry = { readonly found: Found; readonly login: string | null; readonly proof: string; readonly until: number }

/** Names what was asked: a keyed hash, which says nothing of the password to who has not the key. */
export type AnswerKey = { readonly proof: string; readonly at: string; readonly login: string | null }

/**
 * What a back-end said lately. Neither passwords nor tokens are kept, only an HMAC of each with a key that this process
 * made up and that never leaves it. An acceptance with another password ends the one before: after a change of password
 * the old one is good only until the new one was used. Errors are never kept.
 */
export class AnswerCache {
  readonly #acceptMs: number
  readonly #key = randomBytes(32)
  readonly #accepted = new Map<string, Entry>()
  readonly #refused = new Map<string, Entry>()
  /** The proof that a login was accepted with last. */
  readonly #latest = new Map<string, string>()

  /** `acceptMs` 0: nothing is kept at all. */
  constructor(acceptMs: number) {
    this.#acceptMs = acceptMs
  }

  /** `context` where the answer may depend on it. `login: null`: a token, which names its login itself. */
  key(login: string | null, secret: string, hint: string | null, context: LoginContext | null): AnswerKey {
    const proof = createHmac('sha256', this.#key)
      .update(JSON.stringify([login, secret, hint]))
      .digest('base64')
    if (context === null) return { proof, at: proof, login }
    return { proof, at: `${proof} ${context.client} ${context.tls} ${context.listener}`, login }
  }

  get(key: AnswerKey, now: number): Found | null {
    const entry = this.#accepted.get(key.at) ?? this.#refused.get(key.at)
    if (entry === undefined) return null
    if (entry.until > now && (entry.found.kind !== 'accepted' || this.#isLatest(entry))) return entry.found
    this.#accepted.delete(key.at)
    this.#refused.delete(key.at)
    return null
  }

  put(key: AnswerKey, found: Found, now: number): void {
    if (this.#acceptMs === 0 || found.kind === 'error') return
    const { proof, at, login } = key
    if (found.kind !== 'accepted') {
      keep(this.#refused, at, { found, login, proof, until: now + Math.min(refusalMs, this.#acceptMs) })
      return
    }
    const until = Math.min(now + this.#acceptMs, found.expiresAt ?? Number.POSITIVE_INFINITY)
    keep(this.#accepted, at, { found, login, proof, until })
    if (login !== null) keep(this.#latest, login, proof)
  }

  #isLatest({ login, proof }: Entry): boolean {
    return login === null || this.#latest.get(login) === proof
  }
}

/** Puts it last; the oldest makes room. */
function keep<Value>(map: Map<string, Value>, at: string, value: Value): void {
  map.delete(at)
  map.set(at, value)
  if (map.size <= maxEntries) return
  const [oldest] = map.keys()
  map.delete(oldest!)
}
