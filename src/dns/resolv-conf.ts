import { readFileSync } from 'node:fs'
import type { HostPort } from '../mail/settings.ts'
import { type ServerAddress, serverAddress } from './server-address.ts'

export const systemFile = '/etc/resolv.conf'

/**
 * The name servers of resolv.conf(5), in order. None, or no such file: the one on this machine, as the manual has it.
 * Options in the file are not followed: times and attempts are the document's.
 */
export function systemServers(file: string): readonly HostPort[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    text = ''
  }
  const found: HostPort[] = []
  for (const line of text.split(/\r?\n/)) {
    const host = /^\s*nameserver\s+(\S+)\s*$/.exec(line)?.[1]
    if (host !== undefined && serverAddress({ host, port: 53 }).ok) found.push({ host, port: 53 })
  }
  return found.length > 0 ? found : [{ host: '127.0.0.1', port: 53 }]
}

/** The addresses of servers; the ones that are none are left out and reported. */
export function readServers(servers: readonly HostPort[], report: (why: string) => void): ServerAddress[] {
  const addresses: ServerAddress[] = []
  for (const server of servers) {
    const address = serverAddress(server)
    if (address.ok) addresses.push(address.value)
    else report(address.error)
  }
  return addresses
}
