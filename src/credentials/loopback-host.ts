import { isIP } from 'node:net'
import { type IpAddress, ipFromBytes, parseIp } from '../mail/ip.ts'

/** A host of a document that is this machine whatever the DNS says: `localhost` (RFC 6761 §6.3) and loopback addresses. */
export function isLoopbackHost(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const address = parseIp(host)
  return address.ok && (address.value.startsWith('127.') || address.value === '::1')
}

/** The addresses of a host that need no look-up; `null`: it is a name to be looked up. */
export function ownAddresses(host: string): readonly IpAddress[] | null {
  if (host.toLowerCase() === 'localhost') return [ipFromBytes(v4), ipFromBytes(v6)]
  if (isIP(host) === 0) return null
  const address = parseIp(host)
  return address.ok ? [address.value] : null
}

const v4 = Uint8Array.of(127, 0, 0, 1)
const v6 = new Uint8Array(16).fill(1, 15)
