import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { HostPort } from '../mail/settings.ts'
import { readServers, systemServers } from './resolv-conf.ts'
import { Server, type ServerStats } from './server.ts'
import { serverLabel } from './server-address.ts'

/** How often the system's list is looked at: it changes with the network the machine is in. */
const rereadMs = 10_000

export type ServerListOptions = {
  readonly clock: Clock
  readonly random: (below: number) => number
  readonly log: Log
  readonly systemFile: string
  readonly trustAd: () => boolean | undefined
}

/**
 * The name servers that are asked now. A server that is in the old list and in the new one stays, with what is known of
 * it; one that has left is closed when the last question to it has ended.
 */
export class ServerList {
  readonly #options: ServerListOptions
  /** Empty: the system's. */
  #named: readonly HostPort[] = []
  #servers: readonly Server[] = []
  #readAt = Number.NEGATIVE_INFINITY
  /** Questions under way, by the list that they use. */
  readonly #users = new Map<readonly Server[], number>()

  constructor(options: ServerListOptions, named: readonly HostPort[]) {
    this.#options = options
    this.set(named)
  }

  /** True when that changes who is asked. */
  set(named: readonly HostPort[]): boolean {
    this.#named = named
    this.#readAt = this.#options.clock.now()
    return this.#replace(named.length > 0 ? named : systemServers(this.#options.systemFile))
  }

  /** Hands out the servers for one question. */
  async use<T>(work: (servers: readonly Server[]) => Promise<T>): Promise<T> {
    if (this.#named.length === 0 && this.#options.clock.now() >= this.#readAt + rereadMs) this.set([])
    const servers = this.#servers
    this.#users.set(servers, (this.#users.get(servers) ?? 0) + 1)
    try {
      return await work(servers)
    } finally {
      const left = this.#users.get(servers)! - 1
      if (left > 0) this.#users.set(servers, left)
      else this.#users.delete(servers)
      this.#closeUnused(servers)
    }
  }

  /** None of them was heard lately. */
  get areSilent(): boolean {
    return this.#servers.length > 0 && this.#servers.every(({ shunned }) => shunned)
  }

  stats(): readonly ServerStats[] {
    return this.#servers.map((server) => server.stats())
  }

  close(): void {
    for (const servers of [this.#servers, ...this.#users.keys()]) for (const server of servers) server.close()
  }

  #replace(named: readonly HostPort[]): boolean {
    const { clock, random, log, trustAd } = this.#options
    const addresses = readServers(named, (why) => log.error('dns.server-unusable', { why }))
    const before = this.#servers
    const labels = addresses.map(serverLabel)
    if (labels.join() === before.map(({ label }) => label).join()) return false
    this.#servers = addresses.map(
      (address) =>
        before.find(({ label }) => label === serverLabel(address)) ?? new Server({ address, clock, random, trustAd }),
    )
    log.info('dns.servers', { servers: labels })
    this.#closeUnused(before)
    return true
  }

  #closeUnused(servers: readonly Server[]): void {
    if (servers === this.#servers) return
    const used = new Set([this.#servers, ...this.#users.keys()].flat())
    for (const server of servers) if (!used.has(server)) server.close()
  }
}
