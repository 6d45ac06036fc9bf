import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Clock } from '../../mail/clock.ts'
import { parseJson } from '../acceptance.ts'
import type { WebEndpoint } from '../web-call.ts'

/** A key of the set. `null`: it does not say. */
export type SigningKey = { readonly id: string | null; readonly algorithm: string | null; readonly key: KeyObject }

const maxKeys = 64
/** After this keys are fetched anew, since one may have been withdrawn. */
const freshMs = 3_600_000
/** So long they serve when that does not work: an issuer that is down must not stop who logs in. */
const staleMs = 24 * 3_600_000
/** A token may name any key: strangers do not decide how often the issuer is asked. */
const pauseMs = 30_000
const fetchMs = 10_000

/** The public keys of an issuer (RFC 7517), fetched when needed, by one for all who wait. */
export class KeySet {
  readonly #endpoint: WebEndpoint
  readonly #clock: Clock
  readonly #failed: (why: string) => void
  #keys: readonly SigningKey[] = []
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  /** Why the last try brought nothing; `null` when it brought keys. */
  #why: string | null = null
  #fetching: Promise<void> | null = null

  /** `failed` is told when fetching begins to fail. */
  constructor(endpoint: WebEndpoint, clock: Clock, failed: (why: string) => void) {
    this.#endpoint = endpoint
    this.#clock = clock
    this.#failed = failed
  }

  /**
   * Keys that a token with this id may be signed by; without an id, all. Rejects when that cannot be known, which says
   * nothing of the token.
   */
  async find(id: string | null): Promise<readonly SigningKey[]> {
    const age = this.#clock.now() - this.#fetchedAt
    if (age >= staleMs) await this.#fetch()
    // Nobody waits for keys that are only to be looked at again.
    else if (age >= freshMs) void this.#fetch()
    if (this.#clock.now() - this.#fetchedAt >= staleMs) throw new Error(this.#why ?? 'the keys could not be fetched')
    const found = this.#matching(id)
    if (found.length > 0) return found
    await this.#fetch()
    const again = this.#matching(id)
    if (again.length === 0 && this.#why !== null) throw new Error(this.#why)
    return again
  }

  #matching(id: string | null): readonly SigningKey[] {
    return id === null ? this.#keys : this.#keys.filter((key) => key.id === id)
  }

  async #fetch(): Promise<void> {
    if (this.#fetching === null && this.#clock.now() - this.#triedAt < pauseMs) return
    this.#fetching ??= this.#get().finally(() => (this.#fetching = null))
    await this.#fetching
  }

  async #get(): Promise<void> {
    this.#triedAt = this.#clock.now()
    const control = new AbortController()
    const timer = this.#clock.setTimeout(() => control.abort(), fetchMs)
    try {
      const { status, body } = await this.#endpoint.call({ method: 'GET', headers: {}, body: null }, control.signal)
      if (status !== 200) throw new Error(`the keys: the server answers ${status}`)
      this.#keys = readKeys(body)
      this.#fetchedAt = this.#clock.now()
      this.#why = null
    } catch (error) {
      const why = (error as Error).message
      if (this.#why === null) this.#failed(why)
      this.#why = why
    } finally {
      timer.cancel()
    }
  }
}

/** Keys that can be read and are there for signatures; others are left out. Throws when it is no set, or has none. */
export function readKeys(text: string): readonly SigningKey[] {
  const parsed = parseJson(text)
  const listed = parsed.ok ? (parsed.value as { keys?: unknown } | null)?.keys : null
  if (!Array.isArray(listed) || listed.length > maxKeys) throw new Error('the keys: expected a JSON Web Key Set')
  const keys = listed.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return []
    const { kid, alg, use, kty } = one as Record<string, unknown>
    if (kty === 'oct' || (use !== undefined && use !== 'sig')) return []
    try {
      const key = createPublicKey({ key: one as JsonWebKey, format: 'jwk' })
      return [{ id: typeof kid === 'string' ? kid : null, algorithm: typeof alg === 'string' ? alg : null, key }]
    } catch {
      return []
    }
  })
  if (keys.length === 0) throw new Error('the keys: none of them can check a signature')
  return keys
}
