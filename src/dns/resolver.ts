import type { Clock } from '../mail/clock.ts'
import type { Domain } from '../mail/domain.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import { assertNever } from '../mail/result.ts'
import { Semaphore } from '../mail/semaphore.ts'
import { type ResolverSettings, usualStaleMs } from '../mail/settings.ts'
import type { Answer, MxRecord, Resolver } from './answer.ts'
import { bothFamilies } from './both-families.ts'
import { Cache, type Kept } from './cache.ts'
import type { CacheView } from './cache-view.ts'
import { type Finding, inquire } from './inquiry.ts'
import { localName, loopback } from './local-names.ts'
import { askableName } from './name.ts'
import type { Question } from './query.ts'
import * as types from './record-type.ts'
import { systemFile } from './resolv-conf.ts'
import { reverseName } from './reverse-name.ts'
import type { ServerStats } from './server.ts'
import { ServerList } from './server-list.ts'

/** Questions sent at one moment: a burst beyond that overflows the name server's receive buffer. */
const maxInFlight = 200
/** Longer ago it was no burst: who has domains whose servers are silent does not hold up everybody's questions. */
const burstMs = 1000
/** Questions at one moment, on the wire or waiting to be sent. */
const maxPending = 5200

export type ResolverOptions = {
  readonly settings: ResolverSettings
  readonly clock: Clock
  /** An integer from 0 to `below` - 1 that nobody can foresee: `randomInt` of node:crypto. */
  readonly random: (below: number) => number
  readonly log: Log
  /** resolv.conf(5), read when the settings name no server. */
  readonly systemFile?: string
}

/** `secure`: validated by a trusted name server (AD), as DANE demands (RFC 7672 §2.1). Others are worth nothing. */
export type Tlsa = { readonly records: readonly types.TlsaRecord[]; readonly secure: boolean }

export type ResolverStats = {
  readonly questions: number
  /** Answered without asking anybody: from the cache, or together with somebody who asked the same. */
  readonly cached: number
  readonly shared: number
  readonly failed: number
  /** Answered with records whose time was over, as nobody had newer ones. */
  readonly stale: number
  readonly inFlight: number
  readonly waiting: number
  readonly entries: number
  readonly servers: readonly ServerStats[]
}

export type CachingResolver = Resolver & {
  /** The names of an address, in the order answered. */
  ptr(address: IpAddress): Promise<Answer<readonly string[]>>
  aaaa(name: string): Promise<Answer<readonly IpAddress[]>>
  /** For the TLS of `host` at `port`. Ask only for a host whose addresses are secure (RFC 7672 §2.2.2). */
  tlsa(host: string, port: number): Promise<Answer<Tlsa>>
  /** Takes new settings for the questions to come. Other servers may answer otherwise, so the cache is emptied then. */
  apply(settings: ResolverSettings): void
  /** What is known of a name and of all below it, or everything (`null`). */
  view(name: string | null): readonly CacheView[]
  /** Forgets a name and all below it, or everything (`null`). */
  flush(name: string | null): number
  stats(): ResolverStats
}

const closed: Finding = { kind: 'failed', why: 'the resolver is closed' }
const tooMany: Finding = { kind: 'failed', why: 'too many questions are waiting for the name servers' }
const noSuchName: Finding<never> = { kind: 'none', denied: '', ttlMs: 0, secure: false }
const noSuchRecord: Finding<never> = { kind: 'none', denied: null, ttlMs: 0, secure: false }

/** The resolver of one gateway. It opens sockets when it is first asked, and holds no process that waits for nothing. */
export function createResolver({ settings, clock, random, log, ...options }: ResolverOptions): CachingResolver {
  let active = settings
  const servers = new ServerList(
    { clock, random, log, systemFile: options.systemFile ?? systemFile, trustAd: () => active.trustAd },
    settings.servers,
  )
  const cache = new Cache(settings.serveStaleMs ?? usualStaleMs)
  const gate = new Semaphore(maxInFlight, maxPending)
  let pending = 0
  const underWay = new Map<string, Promise<Finding>>()
  let open = true
  const count = { questions: 0, cached: 0, shared: 0, failed: 0, stale: 0 }

  async function find(question: Question): Promise<Finding> {
    const finding = pending < maxPending ? await sent(question) : tooMany
    if (!open) return closed
    if (finding.kind === 'failed') {
      count.failed++
      log.warn('dns.failed', { name: question.name, type: question.type.name, why: finding.why })
    }
    return finding
  }

  /** Sends it when few others have been sent just now. */
  async function sent(question: Question): Promise<Finding> {
    pending++
    try {
      if (!gate.enterNow()) await gate.enter()
      let inside = true
      const leave = () => {
        if (inside) gate.leave()
        inside = false
      }
      const timer = clock.setTimeout(leave, burstMs)
      try {
        return await servers.use((list) => (open ? inquire(question, list, active) : settled(closed)))
      } finally {
        timer.cancel()
        leave()
      }
    } finally {
      pending--
    }
  }

  /** @param orStale whether the records of before will do when nobody can tell those of now */
  async function findOnce(question: Question, orStale: boolean): Promise<Finding> {
    if (!open) return closed
    count.questions++
    const kept = cache.get(question, clock.now(), orStale)
    if (kept !== null) {
      count.cached++
      return handedOut(kept)
    }
    // Nobody waits for servers that were not heard a moment ago; the question goes out, and finds out whether they are back.
    const before = orStale && servers.areSilent ? cache.stale(question, clock.now()) : null
    const asked = findShared(question)
    if (before !== null) return handedOut(before)
    const found = await asked
    if (!orStale || found.kind !== 'failed' || !open) return found
    const stale = cache.stale(question, clock.now())
    return stale === null ? found : handedOut(stale)
  }

  function handedOut({ finding, remainingMs, stale }: Kept): Finding {
    if (finding.kind === 'failed') return finding
    if (!stale || finding.kind === 'none') return { ...finding, ttlMs: remainingMs }
    count.stale++
    return { ...finding, ttlMs: remainingMs, stale: true }
  }

  /** Who asks what somebody is asking already waits for the same answer. */
  async function findShared(question: Question): Promise<Finding> {
    const key = `${question.name} ${question.type.name}`
    const same = underWay.get(key)
    if (same !== undefined) {
      count.shared++
      return await same
    }
    const finding = find(question)
    underWay.set(key, finding)
    try {
      const found = await finding
      // Who has been forgotten meanwhile (`apply`, `flush`) does not come back with an answer from before.
      if (underWay.get(key) === finding) cache.put(question, found, clock.now())
      return found
    } finally {
      if (underWay.get(key) === finding) underWay.delete(key)
    }
  }

  /** The records of a name, whatever way they are known. */
  async function ask<T>(type: types.RecordType<T>, text: string, orStale = false): Promise<Finding<T>> {
    const name = askableName(text)
    if (name === null) return noSuchName
    const local = localName(name)
    // The cache and the questions under way hold values of all types: this is where they get their own back, by its name.
    if (local === null) return (await findOnce({ type, name }, orStale)) as Finding<T>
    return local === 'nothing' ? noSuchName : noSuchRecord
  }

  async function answer<T>(type: types.RecordType<T>, name: string, orStale = false): Promise<Answer<readonly T[]>> {
    return toAnswer(await ask(type, name, orStale), (values) => values)
  }

  async function addresses(name: string): Promise<Answer<readonly IpAddress[]>> {
    if (localName(name.toLowerCase()) === 'here') return { kind: 'found', value: loopback, ttlMs: 0 }
    return await bothFamilies(answer(types.a, name, true), answer(types.aaaa, name, true), clock)
  }

  return {
    mx: (name: Domain): Promise<Answer<readonly MxRecord[]>> => answer(types.mx, name, true),
    async a(name) {
      if (localName(name.toLowerCase()) !== 'here') return await answer(types.a, name)
      return { kind: 'found', value: loopback.slice(0, 1), ttlMs: 0 }
    },
    async aaaa(name) {
      if (localName(name.toLowerCase()) !== 'here') return await answer(types.aaaa, name)
      return { kind: 'found', value: loopback.slice(1), ttlMs: 0 }
    },
    txt: (name) => answer(types.txt, name),
    ptr: (address) => answer(types.ptr, reverseName(address)),
    addresses,
    async tlsa(host, port) {
      return toAnswer(await ask(types.tlsa, `_${port}._tcp.${host}`), (records, secure) => ({ records, secure }))
    },
    apply(next) {
      const isTrustOther = next.trustAd !== active.trustAd
      active = next
      cache.keepStale(next.serveStaleMs ?? usualStaleMs)
      if (!servers.set(next.servers) && !isTrustOther) return
      cache.flush(null)
      underWay.clear()
    },
    view(name) {
      const asked = name === null ? null : askableName(name)
      return name !== null && asked === null ? [] : cache.view(clock.now(), asked)
    },
    flush(name) {
      const flushed = name === null ? null : askableName(name)
      if (name !== null && flushed === null) return 0
      underWay.clear()
      return cache.flush(flushed)
    },
    stats: () => ({
      ...count,
      inFlight: pending - gate.waiting,
      waiting: gate.waiting,
      entries: cache.size,
      servers: servers.stats(),
    }),
    close() {
      open = false
      servers.close()
    },
  }
}

function toAnswer<T, V>(finding: Finding<T>, value: (values: readonly T[], secure: boolean) => V): Answer<V> {
  switch (finding.kind) {
    case 'found':
      return {
        kind: 'found',
        value: value(finding.values, finding.secure),
        ttlMs: finding.ttlMs,
        ...(finding.secure ? { secure: true } : {}),
        ...(finding.owner === undefined ? {} : { canonical: finding.owner }),
        ...(finding.stale === true ? { stale: true } : {}),
      }
    case 'none':
      return { kind: 'none', nxdomain: finding.denied !== null, ...(finding.secure ? { secure: true } : {}) }
    case 'failed':
      return finding
    default:
      return assertNever(finding)
  }
}

const settled = async (finding: Finding): Promise<Finding> => finding
