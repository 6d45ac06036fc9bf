import { anyType, type Entry } from './cache-entry.ts'
import { type CacheView, viewOf } from './cache-view.ts'
import type { Finding } from './inquiry.ts'
import { andAbove } from './name.ts'
import type { Question } from './query.ts'

/** What is kept at most: answers, and octets of them. Names come from strangers, as many as they like. */
const maxEntries = 10_000
const maxOctets = 16 * 1024 * 1024

const day = 86_400_000
/** Longest times that an answer is believed: RFC 2308 §5 wants absences kept for hours, not days. */
const maxTtlMs = { found: day, none: 3 * 3_600_000 }
/** Long enough for the many who ask at one moment, too short for anybody to wait for. */
const failedMs = 1000
/** How long nobody is asked again where an answer from before does (RFC 8767 §5: the failure recheck timer). */
const recheckMs = 30_000

/** `stale`: its time is over, and nobody has a newer one (RFC 8767). */
export type Kept = { readonly finding: Finding; readonly remainingMs: number; readonly stale: boolean }

/**
 * Answers by name and type until they expire; the ones used longest ago make room. A `Map`: names are foreign text.
 *
 * Records stay for `staleMs` beyond their time, for whoever would rather have those than none (RFC 8767). Absences do not:
 * mail would bounce on what may not be so any more.
 */
export class Cache {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  #octets = 0
  #staleMs: number

  constructor(staleMs = 0) {
    this.#staleMs = staleMs
  }

  get size(): number {
    return this.#entries.size
  }

  keepStale(staleMs: number): void {
    this.#staleMs = staleMs
  }

  /**
   * The answer to the question, or to what is above: below a name that does not exist nothing does (RFC 8020).
   * @param orStale whether an answer whose time is over will do while its refresh has just failed
   */
  get({ name, type }: Question, now: number, orStale = false): Kept | null {
    const own = this.#use(key(name, type.name), now, orStale)
    if (own !== null) return own
    for (const above of andAbove(name)) {
      const denied = this.#use(key(above, anyType), now, false)
      if (denied !== null) return denied
    }
    return null
  }

  /** The answer from before, for whom nobody had a newer one. */
  stale({ name, type }: Question, now: number): Kept | null {
    const entry = this.#entries.get(key(name, type.name))
    if (entry === undefined || entry.expiresAt > now || !this.#mayServe(entry, now)) return null
    entry.hits++
    return { finding: entry.finding, remainingMs: recheckMs, stale: true }
  }

  put({ name, type }: Question, finding: Finding, now: number): void {
    if (finding.kind === 'failed') {
      const before = this.#entries.get(key(name, type.name))
      if (before !== undefined && this.#mayServe(before, now)) before.failure = { finding, at: now }
      else this.#store(name, type.name, finding, now, failedMs)
      return
    }
    const ttlMs = Math.min(finding.ttlMs, maxTtlMs[finding.kind])
    // What may not be kept is newer than what is kept all the same.
    if (ttlMs <= 0) this.#forget(key(name, type.name))
    else {
      this.#store(name, type.name, finding, now, ttlMs)
      if (finding.kind === 'none' && finding.denied !== null) this.#store(finding.denied, anyType, finding, now, ttlMs)
    }
  }

  /** Forgets a name and what is below it, or everything. Gives how many answers that were. */
  flush(name: string | null): number {
    let count = 0
    for (const [at, entry] of this.#entries) {
      // A denied name above would go on denying this one.
      const above = name !== null && entry.type === anyType && name.endsWith(`.${entry.name}`)
      if (!isWithin(entry, name) && !above) continue
      this.#drop(at, entry)
      count++
    }
    return count
  }

  /** What is kept of a name and of what is below it, or all. */
  view(now: number, name: string | null = null): readonly CacheView[] {
    const kept = [...this.#entries.values()].filter((entry) => isWithin(entry, name) && this.#isKept(entry, now))
    return kept.map((entry) => viewOf(entry, now))
  }

  #use(at: string, now: number, orStale: boolean): Kept | null {
    const entry = this.#entries.get(at)
    if (entry === undefined) return null
    if (!this.#isKept(entry, now)) {
      this.#drop(at, entry)
      return null
    }
    if (entry.expiresAt > now) return this.#hit(at, entry, entry.finding, entry.expiresAt - now, false)
    const { failure } = entry
    if (failure === null) return null
    if (orStale && now < failure.at + recheckMs) return this.#hit(at, entry, entry.finding, recheckMs, true)
    const leftMs = failure.at + failedMs - now
    return leftMs > 0 ? this.#hit(at, entry, failure.finding, leftMs, false) : null
  }

  #hit(at: string, entry: Entry, finding: Finding, remainingMs: number, stale: boolean): Kept {
    entry.hits++
    this.#entries.delete(at)
    this.#entries.set(at, entry)
    return { finding, remainingMs, stale }
  }

  #isKept = (entry: Entry, now: number): boolean => entry.expiresAt > now || this.#mayServe(entry, now)

  #mayServe = ({ finding, expiresAt }: Entry, now: number): boolean =>
    finding.kind === 'found' && now < expiresAt + this.#staleMs

  #store(name: string, type: string, finding: Finding, now: number, ttlMs: number): void {
    const at = key(name, type)
    this.#forget(at)
    const octets = 2 * at.length + 300 + sizeOf(finding)
    const entry = { name, type, finding, octets, storedAt: now, expiresAt: now + ttlMs, hits: 0, failure: null }
    this.#entries.set(at, entry)
    this.#octets += octets
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= maxEntries && this.#octets <= maxOctets) break
      this.#drop(oldest, entry)
    }
  }

  #forget(at: string): void {
    const before = this.#entries.get(at)
    if (before !== undefined) this.#drop(at, before)
  }

  #drop(at: string, entry: Entry): void {
    this.#entries.delete(at)
    this.#octets -= entry.octets
  }
}

/** No name that is asked holds a space. */
const key = (name: string, type: string): string => `${name} ${type}`

const isWithin = (entry: Entry, name: string | null): boolean =>
  name === null || entry.name === name || entry.name.endsWith(`.${name}`)

/** Octets, about. */
function sizeOf(finding: Finding): number {
  if (finding.kind === 'failed') return finding.why.length + 100
  if (finding.kind === 'none') return 0
  return finding.values.reduce<number>((sum, value) => sum + textOf(value).length + 100, 0)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
