import { randomBytes, randomInt } from 'node:crypto'
import type { RadiusSettings } from '../../mail/login-settings.ts'
import type { HostPort } from '../../mail/settings.ts'
import type { SecretValue } from '../credential-secrets.ts'
import { addressesOf } from '../node-lookup.ts'
import { ServerOrder } from '../server-order.ts'
import type { Found, Source, SourceParts } from '../source.ts'
import { exchange } from './exchange.ts'
import { maxPasswordOctets } from './packet.ts'

/** A RADIUS server (RFC 2865): it checks a password, and knows no addresses. */
export function radiusSource(
  settings: RadiusSettings & { readonly timeoutMs: number },
  secret: SecretValue,
  { clock, lookUp, hostname }: SourceParts,
): Source {
  const { servers, attempts, nasIdentifier, timeoutMs } = settings
  const shared = secret(settings.secret)
  const order = new ServerOrder<HostPort>(servers)
  // Done before the time is over: what it says then tells more than that it was over.
  const everyMs = Math.floor((timeoutMs * 0.9) / (servers.length * attempts))

  return {
    async checkPassword(login, password, { client }, signal): Promise<Found> {
      // It cannot be theirs: the protocol has no room for it.
      if (Buffer.byteLength(password, 'utf8') > maxPasswordOctets) return { kind: 'refused' }
      if (Buffer.byteLength(login, 'utf8') > 253) return { kind: 'refused' }
      let last = 'given up'
      for (const server of order.order(clock.now())) {
        if (signal.aborted) break
        const request = {
          identifier: randomInt(256),
          authenticator: randomBytes(16),
          secret: shared,
          login,
          password,
          nasIdentifier: nasIdentifier ?? hostname(),
          client,
        }
        const at = `${server.host}:${server.port}`
        try {
          const [address] = await addressesOf(server.host, lookUp)
          const answer = await exchange({
            address: address!,
            port: server.port,
            request,
            attempts,
            everyMs,
            clock,
            signal,
          })
          order.worked(server)
          if (answer === 'accept') return { kind: 'accepted', login, addresses: [] }
          return { kind: 'refused' }
        } catch (error) {
          order.failed(server, clock.now())
          last = `${at}: ${(error as Error).message}`
        }
      }
      throw new Error(last)
    },
    async close() {},
  }
}
