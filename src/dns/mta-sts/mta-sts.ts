import type { Clock, Timer } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import type { Resolver } from '../answer.ts'
import type { FetchPolicy } from './fetch.ts'
import { parseStsPolicy } from './policy.ts'
import { stsId } from './record.ts'
import { type KnownPolicy, maxPolicies, type PolicyFiles } from './stored.ts'

/** Why a policy that the DNS promises could not be had, by the result types of RFC 8460 §4.3.2.2. */
export type StsProblem = {
  readonly type: 'sts-policy-fetch-error' | 'sts-policy-invalid' | 'sts-webpki-invalid'
  readonly why: string
}

/** `policy`: it holds, whatever its mode. `none`: as far as anybody can tell there is none. */
export type StsFinding =
  | { readonly kind: 'policy'; readonly known: KnownPolicy; readonly expiresAt: number }
  | { readonly kind: 'none'; readonly problem: StsProblem | null }

/** One policy that is known, as `mailgw status` and `mailgw mx` show it. */
export type StsView = {
  readonly domain: string
  readonly mode: 'enforce' | 'testing' | 'none'
  readonly id: string
  readonly mx: readonly string[]
  readonly fetchedAt: number
  readonly expiresAt: number
  /** Why the last refresh failed; `null`: it did not. */
  readonly refreshFailed: string | null
}

export type MtaSts = {
  /** What holds for a domain now. Never rejects, and takes a bounded time. */
  find(domain: string): Promise<StsFinding>
  list(): readonly StsView[]
  close(): void
}

export type MtaStsOptions = {
  readonly resolver: Pick<Resolver, 'txt'>
  readonly fetch: FetchPolicy
  readonly files: PolicyFiles
  readonly clock: Clock
  readonly log: Log
  /** How long the TXT record is waited for. Whoever can slow the DNS down must not have mail go in clear so soon. */
  readonly waitMs?: number
}

/** RFC 8461 §3.3 suggests once a day. */
const refreshMs = 86_400_000
const sweepMs = 3_600_000
/** Who was sent nothing for so long is not asked for a new one. */
const usedWithinMs = 30 * 86_400_000
/** RFC 8461 §3.3: a fetch that failed is not tried again sooner. */
const failedMs = 300_000
/** A TXT record that nobody could tell is not waited for again sooner. */
const unheardMs = 60_000
const maxFailures = 10_000
const refreshesAtOnce = 4

type Entry = { known: KnownPolicy; usedAt: number; triedAt: number; refreshFailed: string | null }

const none: StsFinding = { kind: 'none', problem: null }

/**
 * The MTA-STS policies of the domains that mail goes to (RFC 8461). A policy that is known holds until it expires,
 * whatever the DNS or the policy's server say meanwhile: only another policy takes its place.
 */
export async function openMtaSts(options: MtaStsOptions): Promise<MtaSts> {
  const { resolver, fetch, files, clock, log, waitMs = 20_000 } = options
  /** In the order of their last use. */
  const entries = new Map<string, Entry>()
  const failures = new Map<string, { readonly id: string; readonly problem: StsProblem; readonly until: number }>()
  const unheard = new Map<string, number>()
  const underWay = new Map<string, Promise<StsProblem | null>>()
  let isClosed = false
  let timer: Timer | null = null

  const start = clock.now()
  for (const known of await files.read()) {
    if (expiryOf(known) <= start) await files.remove(known.domain)
    else entries.set(known.domain, { known, usedAt: start, triedAt: known.fetchedAt, refreshFailed: null })
  }

  function alive(domain: string): Entry | null {
    const entry = entries.get(domain)
    if (entry === undefined) return null
    if (expiryOf(entry.known) <= clock.now()) {
      forget(domain)
      return null
    }
    return entry
  }

  function forget(domain: string): void {
    entries.delete(domain)
    void files.remove(domain).catch((error: Error) => log.error('mta-sts.not-stored', { domain, error: error.message }))
  }

  async function keep(known: KnownPolicy): Promise<void> {
    entries.delete(known.domain)
    entries.set(known.domain, { known, usedAt: clock.now(), triedAt: known.fetchedAt, refreshFailed: null })
    const [oldest] = entries.keys()
    if (entries.size > maxPolicies && oldest !== undefined) forget(oldest)
    try {
      await files.write(known)
    } catch (error) {
      // It holds all the same, until a restart.
      log.error('mta-sts.not-stored', { domain: known.domain, error: (error as Error).message })
    }
  }

  async function fetchNow(domain: string, id: string): Promise<StsProblem | null> {
    const fetchedAt = clock.now()
    const before = entries.get(domain)
    if (before !== undefined) before.triedAt = fetchedAt
    const fetched = await fetch(domain).catch(
      (error: Error) => ({ kind: 'failed', of: 'fetch', why: error.message }) as const,
    )
    const problem = await learn(domain, id, fetched, fetchedAt)
    if (problem === null) failures.delete(domain)
    else {
      failures.delete(domain)
      failures.set(domain, { id, problem, until: clock.now() + failedMs })
      const [oldest] = failures.keys()
      if (failures.size > maxFailures && oldest !== undefined) failures.delete(oldest)
      const kept = entries.get(domain)
      if (kept !== undefined) kept.refreshFailed = problem.why
      log.warn('mta-sts.failed', { domain, why: problem.why, kept: kept !== undefined })
    }
    return problem
  }

  async function learn(
    domain: string,
    id: string,
    fetched: Awaited<ReturnType<FetchPolicy>>,
    fetchedAt: number,
  ): Promise<StsProblem | null> {
    if (fetched.kind === 'failed') {
      return { type: fetched.of === 'webpki' ? 'sts-webpki-invalid' : 'sts-policy-fetch-error', why: fetched.why }
    }
    const policy = parseStsPolicy(fetched.body)
    if (!policy.ok) return { type: 'sts-policy-invalid', why: policy.error }
    if (isClosed) return null
    const { mode, mx, maxAgeMs } = policy.value
    await keep({ domain, id, policy: policy.value, fetchedAt })
    log.info('mta-sts.fetched', { domain, mode, mx, id, expiresAt: fetchedAt + maxAgeMs })
    return null
  }

  /** One fetch for all who want the same. */
  function fetchOnce(domain: string, id: string): Promise<StsProblem | null> {
    const same = underWay.get(domain)
    if (same !== undefined) return same
    const fetching = fetchNow(domain, id).finally(() => underWay.delete(domain))
    underWay.set(domain, fetching)
    return fetching
  }

  async function recordOf(domain: string): Promise<string | null> {
    if ((unheard.get(domain) ?? 0) > clock.now()) return null
    const answer = await within(resolver.txt(`_mta-sts.${domain}`), waitMs, clock)
    if (answer?.kind === 'found') return stsId(answer.value)
    if (answer?.kind !== 'none') {
      unheard.delete(domain)
      unheard.set(domain, clock.now() + unheardMs)
      const [oldest] = unheard.keys()
      if (unheard.size > maxFailures && oldest !== undefined) unheard.delete(oldest)
    }
    return null
  }

  async function find(domain: string): Promise<StsFinding> {
    const id = await recordOf(domain)
    const entry = alive(domain)
    const now = clock.now()
    if (entry !== null) {
      entry.usedAt = now
      entries.delete(domain)
      entries.set(domain, entry)
      const failure = failures.get(domain)
      const changed = id !== null && id !== entry.known.id
      if (changed && !(failure?.id === id && failure.until > now)) await fetchOnce(domain, id)
      else if (now - entry.triedAt >= refreshAge(entry.known)) void fetchOnce(domain, id ?? entry.known.id)
      const { known } = alive(domain) ?? entry
      return { kind: 'policy', known, expiresAt: expiryOf(known) }
    }
    if (id === null) return none
    const failure = failures.get(domain)
    if (failure !== undefined && failure.id === id && failure.until > now) {
      return { kind: 'none', problem: failure.problem }
    }
    const problem = await fetchOnce(domain, id)
    const fresh = alive(domain)
    if (fresh === null) return { kind: 'none', problem }
    return { kind: 'policy', known: fresh.known, expiresAt: expiryOf(fresh.known) }
  }

  /** Nobody who can block a fetch shall only have to wait for the policy to expire (RFC 8461 §10.2). */
  async function sweep(): Promise<void> {
    const now = clock.now()
    const due = [...entries.values()].filter(
      ({ known, usedAt, triedAt }) =>
        expiryOf(known) > now && now - usedAt < usedWithinMs && now - triedAt >= refreshAge(known),
    )
    const next = due[Symbol.iterator]()
    const some = async () => {
      for (const { known } of next) if (!isClosed) await fetchOnce(known.domain, known.id)
    }
    await Promise.all(Array.from({ length: refreshesAtOnce }, some))
    for (const domain of [...entries.keys()]) alive(domain)
  }
  const later = (): void => {
    timer = clock.setTimeout(() => void sweep().finally(() => !isClosed && later()), sweepMs)
  }
  later()

  return {
    find,
    list: () =>
      [...entries.values()].map(({ known, refreshFailed }) => ({
        domain: known.domain,
        mode: known.policy.mode,
        id: known.id,
        mx: known.policy.mx,
        fetchedAt: known.fetchedAt,
        expiresAt: expiryOf(known),
        refreshFailed,
      })),
    close() {
      isClosed = true
      timer?.cancel()
    },
  }
}

const expiryOf = ({ fetchedAt, policy }: KnownPolicy): number => fetchedAt + policy.maxAgeMs

const refreshAge = ({ policy }: KnownPolicy): number => Math.min(refreshMs, policy.maxAgeMs / 2)

/** `null` when it took longer. */
function within<T>(promise: Promise<T>, ms: number, clock: Clock): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => resolve(null), ms)
    promise.then(resolve, reject).finally(() => timer.cancel())
  })
}
