import { type IpAddress, ipBytes } from '../mail/ip.ts'
import type { Limits } from '../mail/settings.ts'

/** Counts the sessions of all listeners, in all and by client. One IPv6 client has a /64 to choose addresses from. */
export class Census {
  total = 0
  private readonly clients = new Map<string, number>()

  /** Counts one session in, or says which limit it would be over. */
  enter(client: IpAddress, limits: Limits): 'in' | 'full' | 'client full' {
    if (this.total >= limits.sessions) return 'full'
    const key = clientKey(client)
    const count = this.clients.get(key) ?? 0
    if (count >= limits.sessionsPerClient) return 'client full'
    this.clients.set(key, count + 1)
    this.total++
    return 'in'
  }

  leave(client: IpAddress): void {
    const key = clientKey(client)
    const count = this.clients.get(key)!
    if (count === 1) this.clients.delete(key)
    else this.clients.set(key, count - 1)
    this.total--
  }
}

function clientKey(client: IpAddress): string {
  if (!client.includes(':')) return client
  return Buffer.from(ipBytes(client).subarray(0, 8)).toString('hex')
}
