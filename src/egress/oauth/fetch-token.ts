import type { Clock } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import type { OauthGrant } from '../../mail/relay-login.ts'
import type { GrantRequest } from './grant-request.ts'
import { readTokenAnswer } from './token-answer.ts'

/** Posts a form to the token endpoint. Over HTTPS, or to this machine; bounded in size; redirects are not followed. */
export type TokenEndpoint = {
  post(form: string, signal: AbortSignal): Promise<EndpointAnswer>
  close(): void
}

export type EndpointAnswer = {
  readonly status: number
  readonly body: string
  /** Headers of these names; `null`: there was none. */
  readonly date: string | null
  readonly retryAfter: string | null
}

export type Fetched =
  | { readonly kind: 'token'; readonly token: string; readonly lifetimeMs: number }
  /** `isFinal`: somebody has to change something. `waitMs`: what the endpoint asks for. */
  | { readonly kind: 'failed'; readonly why: string; readonly isFinal: boolean; readonly waitMs: number | null }

/** A refresh token that was exchanged for another one, kept over a restart. */
export type RefreshStore = {
  /** `null`: the one of the document was not exchanged yet. */
  read(): Promise<string | null>
  write(token: string): Promise<void>
}

export type FetcherParts = {
  readonly grant: OauthGrant
  readonly request: GrantRequest
  readonly endpoint: TokenEndpoint
  /** Of refresh tokens alone. */
  readonly store: RefreshStore | null
  readonly clock: Clock
  readonly log: Log
}

const timeOutMs = 15_000
/** Less is not worth a word: a Date header is up to a second old, and providers allow for minutes. */
const leastSkewMs = 60_000
const longestWaitMs = 15 * 60_000

/** Asks for a token once. It never rejects; one call at a time. */
export function tokenFetcher(parts: FetcherParts): () => Promise<Fetched> {
  const { grant, request, endpoint, store, clock, log } = parts
  const provider = new URL(grant.tokenUrl).host
  const signs = grant.kind === 'service-account' || 'key' in grant.client
  /** How much the endpoint's clock is before ours. A signed request is good for minutes of its clock, not of ours. */
  let skewMs = 0
  let refreshToken: string | null = null
  let isRead = store === null

  async function ask(): Promise<Fetched & { readonly behind: boolean }> {
    const form = request(clock.now() + skewMs, refreshToken)
    const answer = await inTime((signal) => endpoint.post(form, signal))
    const before = skewMs
    skewMs = skewOf(answer.date)
    const said = readTokenAnswer(answer.status, answer.body)
    if (said.kind === 'refused') {
      const why = masked(`${provider} ${said.why}${clockHint(skewMs)}`, form)
      const behind = signs && said.isFinal && Math.abs(skewMs - before) >= leastSkewMs
      return { kind: 'failed', why, isFinal: said.isFinal, waitMs: waitOf(answer.retryAfter), behind }
    }
    if (said.refreshToken !== null && said.refreshToken !== refreshToken) await keep(said.refreshToken)
    return { kind: 'token', token: said.token, lifetimeMs: said.lifetimeMs, behind: false }
  }

  /** Before the token is used: the old one may be good for nothing from now on. */
  async function keep(token: string): Promise<void> {
    refreshToken = token
    try {
      await store?.write(token)
    } catch (error) {
      log.error('token.not-kept', { provider, why: (error as Error).message })
    }
  }

  async function inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController()
    const timer = clock.setTimeout(() => abort.abort(), timeOutMs)
    try {
      return await work(abort.signal)
    } catch (error) {
      throw abort.signal.aborted ? new Error(`${provider} does not answer within ${timeOutMs / 1000} s`) : error
    } finally {
      timer.cancel()
    }
  }

  function skewOf(date: string | null): number {
    const theirs = date === null ? Number.NaN : Date.parse(date)
    const skew = theirs - clock.now()
    return Math.abs(skew) >= leastSkewMs ? skew : 0
  }

  return async () => {
    try {
      if (!isRead) {
        refreshToken = (await store?.read()) ?? null
        isRead = true
      }
      const first = await ask()
      // Our clock is wrong: what we signed is not good yet, or not any more, and by the endpoint's clock it would be.
      if (first.kind !== 'failed' || !first.behind) return first
      log.warn('token.clock', { provider, offByMs: -skewMs })
      return await ask()
    } catch (error) {
      return { kind: 'failed', why: (error as Error).message, isFinal: false, waitMs: null }
    }
  }
}

const clockHint = (skewMs: number): string => {
  if (skewMs === 0) return ''
  const minutes = Math.round(Math.abs(skewMs) / 60_000)
  return ` (the clock of this machine is ${minutes} min ${skewMs > 0 ? 'slow' : 'fast'})`
}

/** Retry-After in seconds, or as a date, which nobody sends (RFC 9110 §10.2.3). */
function waitOf(retryAfter: string | null): number | null {
  if (retryAfter === null || !/^\d{1,6}$/.test(retryAfter)) return null
  return Math.min(longestWaitMs, Number(retryAfter) * 1000)
}

/** An endpoint may repeat what it was sent; what was secret in that is cut out. */
function masked(text: string, form: string): string {
  let clean = text
  for (const [name, value] of new URLSearchParams(form)) {
    const isSecret = ['client_secret', 'refresh_token', 'assertion', 'client_assertion'].includes(name)
    if (isSecret && value !== '') clean = clean.replaceAll(value, '(not shown)')
  }
  return clean
}
