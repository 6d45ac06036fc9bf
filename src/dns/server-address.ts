import { isIP } from 'node:net'
import { ok, type Result, wrong } from '../mail/result.ts'
import type { HostPort } from '../mail/settings.ts'

/** A name server by address: it cannot be looked up by name. */
export type ServerAddress = { readonly address: string; readonly port: number; readonly family: 4 | 6 }

export function serverAddress({ host, port }: HostPort): Result<ServerAddress> {
  const address = host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1')
  // A zone id (`fe80::1%eth0`) is part of a link-local address in resolv.conf.
  const family = isIP(address)
  if (family === 0) return wrong(`expected the address of a name server, got ${JSON.stringify(host)}`)
  return ok({ address, port, family: family === 6 ? 6 : 4 })
}

export const serverLabel = ({ address, port, family }: ServerAddress): string =>
  family === 6 ? `[${address}]:${port}` : `${address}:${port}`
