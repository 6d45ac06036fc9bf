import { type IpAddress, ipBytes, ipFromBytes, parseIp } from '../mail/ip.ts'
import { type Reading, read, unread } from './patterns.ts'

/**
 * Reads an address or a block, strictly. Forms that libraries read in several ways are refused: `010.0.0.1` (octal in
 * some: 8.0.0.1), `10.1`, `0x0a.0.0.1`, `167772161`, IPv6 with a dotted tail, IPv4-mapped addresses, host bits behind the
 * prefix. A client's address is IPv4 when it came as ::ffff:a.b.c.d, so a mapped block would match nobody.
 */
export function readNetwork(text: string): Reading<string> {
  const expected = 'an address or address block, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32'
  const [, host = '', bits] = /^([^/]*)(?:\/(\d{1,3}|.*))?$/s.exec(text) ?? []
  const address = readAddress(host)
  if (address === null) return unread(expected, text, looseHint(host, bits))
  const bytes = ipBytes(address)
  const width = bytes.length * 8
  if (bits === undefined) return read(`${address}/${width}`)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > width) {
    const mask = prefixOfMask(bits)
    return unread(expected, text, mask === null ? null : `did you mean "${masked(address, mask)}/${mask}"?`)
  }
  const prefix = Number(bits)
  const base = masked(address, prefix)
  if (base === address) return read(`${address}/${prefix}`)
  // A slip such as 10.0.0.0/4: nobody should be led to its block, a sixteenth of the internet.
  const hint =
    prefix < width / 4
      ? `${prefix} bits name a large part of the internet; which network is meant?`
      : `did you mean "${base}/${prefix}"? (or "${address}" alone)`
  return unread(`no bits behind the prefix`, text, hint)
}

/** An address in exactly one of the two usual forms, or `null`. */
export function readAddress(text: string): IpAddress | null {
  const dottedTail = text.includes(':') && text.includes('.')
  const parsed = dottedTail ? null : parseIp(text)
  // ::ffff:a00:1 is an IPv4-mapped address too: it becomes an IPv4 one.
  return parsed?.ok && parsed.value.includes(':') === text.includes(':') ? parsed.value : null
}

/** True when `outer` holds all of `inner`. Blocks of the two families hold nothing of each other. */
export function holds(outer: string, inner: string): boolean {
  const [a, b] = [block(outer), block(inner)]
  if (a.bytes.length !== b.bytes.length || a.prefix > b.prefix) return false
  return masked(ipFromBytes(b.bytes), a.prefix) === ipFromBytes(a.bytes)
}

/** Addresses of one site or machine (RFC 1918, RFC 6598, RFC 1122, RFC 3927, RFC 4193, RFC 4291). */
const privateBlocks = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['fc00::/7', 'fe80::/10'],
]

/** No site has a million public addresses, or a whole registry's IPv6; who has writes them as the blocks that they are. */
export const isWide = (network: string): boolean =>
  prefixOf(network) < (network.includes(':') ? 24 : 12) && !privateBlocks.some((block) => holds(block, network))

export const prefixOf = (network: string): number => block(network).prefix

function block(network: string): { bytes: Uint8Array; prefix: number } {
  const slash = network.indexOf('/')
  return { bytes: ipBytes(network.slice(0, slash) as IpAddress), prefix: Number(network.slice(slash + 1)) }
}

function masked(address: IpAddress, prefix: number): IpAddress {
  const bytes = ipBytes(address).slice()
  for (let i = 0; i < bytes.length; i++) {
    const keep = Math.min(8, Math.max(0, prefix - i * 8))
    bytes[i] = bytes[i]! & (0xff00 >> keep) & 0xff
  }
  return ipFromBytes(bytes)
}

/** `255.255.0.0` is 16; `null` for what is no mask. */
function prefixOfMask(text: string): number | null {
  const mask = parseIp(text)
  if (!mask.ok || mask.value.includes(':')) return null
  const bits = [...ipBytes(mask.value)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : null
}

function looseHint(host: string, bits: string | undefined): string | null {
  const tail = bits === undefined ? '' : `/${bits}`
  if (/^::ffff:/i.test(host)) {
    const parsed = parseIp(host)
    const v4 = parsed.ok ? parsed.value : null
    return v4 === null ? null : `clients that come as ${host} are matched as IPv4: write "${v4}"`
  }
  if (/^\d+(?:\.\d+){3}$/.test(host)) {
    const decimal = host.replace(/\b0+(?=\d)/g, '')
    return readAddress(decimal) === null ? null : `a leading zero is octal to some programs: write "${decimal}${tail}"`
  }
  const parts = /^(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?\.?(?:\*)?$/.exec(host)
  if (parts !== null && Number(parts[1]) < 256) {
    const octets = [parts[1], parts[2], parts[3]].filter((part) => part !== undefined)
    const full = [...octets, '0', '0', '0'].slice(0, 4).join('.')
    if (readAddress(full) !== null && octets.length > 0) return `did you mean "${full}/${octets.length * 8}"?`
  }
  return null
}
