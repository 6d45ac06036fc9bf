import type { LearntSize } from '../mail/learnt-size.ts'
import { type NextHop, nextHopName } from '../mail/next-hop.ts'

/** How long a limit is believed that nobody has repeated. */
export const believedMs = 86_400_000
const mostHops = 10_000
const mostHosts = 8

type Seen = { readonly sizeBytes: number; readonly at: number }

/**
 * The size limits that hosts announced when we connected last (RFC 1870), by next hop: what a connection said within the
 * last day. Of several hosts of one next hop the largest limit counts, as any of them may be the one that is reached.
 */
export class LearntSizes {
  /** No limit known is smaller: what is not larger than this need not be looked up. */
  smallest = Number.POSITIVE_INFINITY
  /** By next hop, then by host. */
  readonly #seen = new Map<string, Map<string, Seen>>()

  /** @param sizeBytes as EHLO said it: `null` or 0 are no limit */
  learn(nextHop: NextHop, host: string, sizeBytes: number | null, now: number): void {
    const name = nextHopName(nextHop.key)
    const limit = sizeBytes === null || sizeBytes === 0 ? Number.POSITIVE_INFINITY : sizeBytes
    const hosts = this.#seen.get(name) ?? new Map<string, Seen>()
    const before = hosts.get(host)
    this.#seen.delete(name)
    hosts.delete(host)
    hosts.set(host, { sizeBytes: limit, at: now })
    if (hosts.size > mostHosts) hosts.delete(hosts.keys().next().value as string)
    // Who says no limit at all, and is the only one, is not worth a place.
    if ([...hosts.values()].some((one) => one.sizeBytes !== Number.POSITIVE_INFINITY)) this.#seen.set(name, hosts)
    if (this.#seen.size > mostHops) this.#seen.delete(this.#seen.keys().next().value as string)
    if (limit < this.smallest) this.smallest = limit
    else if (before !== undefined && before.sizeBytes !== limit && before.sizeBytes <= this.smallest) this.#measure()
  }

  /** The limit of a next hop; `null`: none is known. */
  limit(nextHop: NextHop, now: number): LearntSize | null {
    const name = nextHopName(nextHop.key)
    const hosts = this.#seen.get(name)
    return hosts === undefined ? null : this.#limitOf(name, hosts, now)
  }

  list(now: number): readonly LearntSize[] {
    return [...this.#seen].flatMap(([name, hosts]) => this.#limitOf(name, hosts, now) ?? [])
  }

  /** Gives how many next hops were forgotten. */
  forget(): number {
    const { size } = this.#seen
    this.#seen.clear()
    this.smallest = Number.POSITIVE_INFINITY
    return size
  }

  #limitOf(nextHop: string, hosts: Map<string, Seen>, now: number): LearntSize | null {
    let largest: LearntSize | null = null
    for (const [host, { sizeBytes, at }] of hosts) {
      if (now - at >= believedMs) hosts.delete(host)
      else if (largest === null || sizeBytes > largest.sizeBytes) largest = { nextHop, host, sizeBytes, at }
    }
    if (hosts.size === 0) {
      this.#seen.delete(nextHop)
      this.#measure()
    }
    return largest === null || largest.sizeBytes === Number.POSITIVE_INFINITY ? null : largest
  }

  #measure(): void {
    let smallest = Number.POSITIVE_INFINITY
    for (const hosts of this.#seen.values())
      for (const { sizeBytes } of hosts.values()) smallest = Math.min(smallest, sizeBytes)
    this.smallest = smallest
  }
}
