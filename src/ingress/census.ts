import { clientBlock } from '../mail/client-block.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Limits } from '../mail/settings.ts'

/** Counts the sessions of all listeners, in all and by client. One IPv6 client has a /64 to choose addresses from. */
export class Census {
  total = 0
  private readonly clients = new Map<string, number>()
  private readonly outgoing: () => number

  /** `outgoing`: connections to next hops now, which share `limits.connections` with the sessions. */
  constructor(outgoing: () => number = () => 0) {
    this.outgoing = outgoing
  }

  /** Counts one session in, or says which limit it would be over. */
  enter(client: IpAddress, limits: Limits): 'in' | 'full' | 'client full' {
    if (this.total >= limits.sessions || !this.hasRoom(limits)) return 'full'
    const key = clientBlock(client)
    const count = this.clients.get(key) ?? 0
    if (count >= limits.sessionsPerClient) return 'client full'
    this.clients.set(key, count + 1)
    this.total++
    return 'in'
  }

  /**
   * Room for one more connection, in or out. Each direction has a limit of its own, so what `connections` is more than the
   * other one's limit is always there for it: nobody can fill the gateway so that what it accepted cannot leave.
   */
  hasRoom({ connections }: Limits): boolean {
    return connections === undefined || this.total + this.outgoing() < connections
  }

  leave(client: IpAddress): void {
    const key = clientBlock(client)
    const count = this.clients.get(key)!
    if (count === 1) this.clients.delete(key)
    else this.clients.set(key, count - 1)
    this.total--
  }
}
