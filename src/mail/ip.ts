import { isIP } from 'node:net'
import { ok, type Result, wrong } from './result.ts'

/** An address in its one canonical text form: IPv4 dotted, IPv6 by RFC 5952; an IPv4-mapped address is the IPv4 one. */
export type IpAddress = string & { readonly __brand: 'IpAddress' }

/** Reads an address strictly: `010.0.0.1`, `127.1` and `0x7f.1` are not addresses. Zone ids are refused. */
export function parseIp(text: string): Result<IpAddress> {
  const family = isIP(text)
  if (family === 4) return ok(text as IpAddress)
  if (family !== 6 || text.includes('%')) return wrong(`expected an IP address, got ${JSON.stringify(text)}`)
  return ok(canonical6(bytes6(text)))
}

/** The address as 4 or 16 bytes. */
export function ipBytes(address: IpAddress): Uint8Array {
  if (!address.includes(':')) return Uint8Array.from(address.split('.'), Number)
  return bytes6(address)
}

/** The address of 4 or 16 bytes. */
export function ipFromBytes(bytes: Uint8Array): IpAddress {
  if (bytes.length === 4) return bytes.join('.') as IpAddress
  return canonical6(bytes)
}

function bytes6(text: string): Uint8Array {
  const bytes = new Uint8Array(16)
  let source = text
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  if (dotted) {
    const [, head, a, b, c, d] = dotted as unknown as [string, string, number, number, number, number]
    source = `${head}${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`
  }
  const [left = '', right] = source.split('::')
  const before = left === '' ? [] : left.split(':')
  const after = right === undefined || right === '' ? [] : right.split(':')
  for (const [i, group] of before.entries()) put(bytes, i, group)
  for (const [i, group] of after.entries()) put(bytes, 8 - after.length + i, group)
  return bytes
}

function put(bytes: Uint8Array, group: number, hex: string): void {
  const value = Number.parseInt(hex, 16)
  bytes[group * 2] = value >> 8
  bytes[group * 2 + 1] = value & 255
}

function canonical6(bytes: Uint8Array): IpAddress {
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  if (mapped) return bytes.subarray(12).join('.') as IpAddress
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[i * 2]! << 8) | bytes[i * 2 + 1]!)
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  if (best.start < 0) return hex(groups) as IpAddress
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}` as IpAddress
}
