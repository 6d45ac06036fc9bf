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

/** Stands for the type in the key of a name that does not exist: it has no record of any type. */
const anyType = '*'

/** One kept answer, as `mailgw dns cache` shows it. */
export type CacheView = {
  readonly name: string
  /** `*` for a name that does not exist. */
  readonly type: string
  readonly kind: 'found' | 'nodata' | 'nxdomain' | 'failed'
  /** Records in text, or why it failed. */
  readonly data: readonly string[]
  readonly storedAt: number
  readonly expiresAt: number
  readonly hits: number
}

export type Kept = { readonly finding: Finding; readonly remainingMs: number }

type Entry = {
  readonly name: string
  readonly type: string
  readonly finding: Finding
  readonly octets: number
  readonly storedAt: number
  readonly expiresAt: number
  hits: number
}

/** Answers by name and type until they expire; the ones used longest ago make room. A `Map`: names are foreign text. */
export class Cache {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  #octets = 0

  get size(): number {
    return this.#entries.size
  }

  /** The answer to the question, or to what is above: below a name that does not exist nothing does (RFC 8020). */
  get({ name, type }: Question, now: number): Kept | null {
    const own = this.#use(key(name, type.name), now)
    if (own !== null) return own
    for (const above of andAbove(name)) {
      const denied = this.#use(key(above, anyType), now)
      if (denied !== null) return denied
    }
    return null
  }

  put({ name, type }: Question, finding: Finding, now: number): void {
    const ttlMs = finding.kind === 'failed' ? failedMs : Math.min(finding.ttlMs, maxTtlMs[finding.kind])
    if (ttlMs <= 0) return
    this.#store(name, type.name, finding, now, ttlMs)
    if (finding.kind === 'none' && finding.denied !== null) this.#store(finding.denied, anyType, finding, now, ttlMs)
  }

  /** Forgets a name and what is below it, or everything. Gives how many answers that were. */
  flush(name: string | null): number {
    let count = 0
    for (const [at, entry] of this.#entries) {
      const all = name === null || entry.name === name || entry.name.endsWith(`.${name}`)
      // A denied name above would go on denying this one.
      const above = name !== null && entry.type === anyType && name.endsWith(`.${entry.name}`)
      if (!all && !above) continue
      this.#drop(at, entry)
      count++
    }
    return count
  }

  view(now: number): readonly CacheView[] {
    const alive = [...this.#entries.values()].filter((entry) => entry.expiresAt > now)
    return alive.map(({ name, type, finding, storedAt, expiresAt, hits }) => {
      const kind = finding.kind !== 'none' ? finding.kind : type === anyType ? 'nxdomain' : kindOf(finding)
      return { name, type, kind, data: dataOf(finding), storedAt, expiresAt, hits }
    })
  }

  #use(at: string, now: number): Kept | null {
    const entry = this.#entries.get(at)
    if (entry === undefined) return null
    if (entry.expiresAt <= now) {
      this.#drop(at, entry)
      return null
    }
    entry.hits++
    this.#entries.delete(at)
    this.#entries.set(at, entry)
    return { finding: entry.finding, remainingMs: entry.expiresAt - now }
  }

  #store(name: string, type: string, finding: Finding, now: number, ttlMs: number): void {
    const at = key(name, type)
    const before = this.#entries.get(at)
    if (before !== undefined) this.#drop(at, before)
    const octets = 2 * at.length + 300 + dataOf(finding).reduce((sum, text) => sum + text.length + 100, 0)
    this.#entries.set(at, { name, type, finding, octets, storedAt: now, expiresAt: now + ttlMs, hits: 0 })
    this.#octets += octets
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= maxEntries && this.#octets <= maxOctets) break
      this.#drop(oldest, entry)
    }
  }

  #drop(at: string, entry: Entry): void {
    this.#entries.delete(at)
    this.#octets -= entry.octets
  }
}

/** No name that is asked holds a space. */
const key = (name: string, type: string): string => `${name} ${type}`

const kindOf = (finding: Extract<Finding, { kind: 'none' }>): 'nodata' | 'nxdomain' =>
  finding.denied === null ? 'nodata' : 'nxdomain'

function dataOf(finding: Finding): string[] {
  switch (finding.kind) {
    case 'failed':
      return [finding.why]
    case 'none':
      return []
    case 'found':
      return finding.values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  }
}
