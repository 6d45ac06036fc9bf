import { type IpAddress, ipBytes } from '../mail/ip.ts'

/** `192.0.2.99` as `99.2.0.192`; an IPv6 address as its 32 nibbles from the last to the first. */
export function reversed(address: IpAddress): string {
  const bytes = ipBytes(address)
  if (bytes.length === 4) return [...bytes].reverse().join('.')
  const hex = Buffer.from(bytes).toString('hex')
  return [...hex].reverse().join('.')
}

/** Where the names of an address stand (RFC 1035 §3.5, RFC 3596 §2.5). */
export const reverseName = (address: IpAddress): string =>
  `${reversed(address)}.${address.includes(':') ? 'ip6.arpa' : 'in-addr.arpa'}`
