import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import { defaultPool, type EgressAddress, type EgressPool } from '../mail/next-hop-settings.ts'

/** Where a connection comes from and how it names itself. `null` address: the system chooses; `null` name: the gateway's. */
export type Source = { readonly address: string | null; readonly hostname: string | null }

/** `none`: no address of the pool can reach a host of this family now; nothing else is used in its place. */
export type Chosen =
  | { readonly kind: 'source'; readonly source: Source }
  | { readonly kind: 'none'; readonly why: string }

/** An address that could not be bound. */
export type FailingSource = { readonly address: string; readonly why: string; readonly until: number }

/** How long an address that cannot be bound is left alone while others of its pool serve. */
const failingMs = 60_000

const system: Chosen = { kind: 'source', source: { address: null, hostname: null } }

/**
 * Chooses the source address of each new connection. Which pool: the one that the next hop names, else the one called
 * `default`; without either, the system decides. Of a pool only addresses of the other side's family can be used, each in
 * proportion to its weight (smooth weighted round robin, so that two addresses take turns and not runs).
 */
export class Sources {
  private readonly clock: Clock
  private readonly log: Log
  private readonly failing = new Map<string, { readonly why: string; readonly until: number }>()
  /** By pool and family: what each address is owed. */
  private readonly owed = new Map<string, Map<string, number>>()

  constructor(clock: Clock, log: Log) {
    this.clock = clock
    this.log = log
  }

  /**
   * @param name the pool that the next hop names
   * @param from the address that the mail came in to, where it shall leave from there
   */
  choose(
    pools: readonly EgressPool[] | undefined,
    name: string | undefined,
    from: IpAddress | undefined,
    target: IpAddress,
  ): Chosen {
    if (pools === undefined) return system
    const pool = pools.find((one) => one.name === (name ?? defaultPool))
    if (pool === undefined) return system
    const named = (entry: EgressAddress): Chosen => ({
      kind: 'source',
      source: { address: entry.address, hostname: entry.hostname ?? pool.hostname ?? null },
    })
    const family = familyOf(target)
    if (from !== undefined && familyOf(from) === family) {
      const broken = this.failureOf(from)
      if (broken !== null) return { kind: 'none', why: `the address ${from}, which the mail came in to: ${broken}` }
      return named(pool.addresses.find(({ address }) => address === from) ?? { address: from })
    }
    // A pool of none but what the mail came in to: the rest is left to the system, under the pool's name.
    if (pool.addresses.length === 0)
      return { kind: 'source', source: { address: null, hostname: pool.hostname ?? null } }
    const fitting = pool.addresses.filter(({ address }) => familyOf(address) === family)
    if (fitting.length === 0) return { kind: 'none', why: `the pool ${pool.name} has no IPv${family} address` }
    const usable = fitting.filter(({ address }) => this.failureOf(address) === null)
    if (usable.length === 0) {
      const [first] = fitting
      return { kind: 'none', why: `the pool ${pool.name}: ${first!.address} ${this.failureOf(first!.address)}` }
    }
    return named(usable.length === 1 ? usable[0]! : this.next(`${pool.name} ${family}`, usable))
  }

  /** A socket could not be bound to it. */
  failed(address: string, why: string): void {
    const known = this.failureOf(address)
    this.failing.set(address, { why, until: this.clock.now() + failingMs })
    if (known === null) this.log.warn('egress.source-unusable', { address, why })
  }

  /** Those that could not be bound lately. */
  list(): readonly FailingSource[] {
    const now = this.clock.now()
    return [...this.failing].flatMap(([address, one]) => (one.until > now ? [{ address, ...one }] : []))
  }

  /** An operator has mended it, or another graph is active. */
  forget(): void {
    this.failing.clear()
    this.owed.clear()
  }

  private failureOf(address: string): string | null {
    const known = this.failing.get(address)
    if (known === undefined) return null
    if (known.until > this.clock.now()) return known.why
    this.failing.delete(address)
    return null
  }

  private next(key: string, addresses: readonly EgressAddress[]): EgressAddress {
    let owed = this.owed.get(key)
    if (owed === undefined) this.owed.set(key, (owed = new Map()))
    let total = 0
    let best = addresses[0]!
    let most = Number.NEGATIVE_INFINITY
    for (const entry of addresses) {
      const weight = entry.weight ?? 1
      const now = (owed.get(entry.address) ?? 0) + weight
      owed.set(entry.address, now)
      total += weight
      if (now > most) {
        most = now
        best = entry
      }
    }
    owed.set(best.address, most - total)
    return best
  }
}

const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)
