import { isIPv6 } from 'node:net'
import { type IpAddress, ipBytes } from '../../../src/mail/ip.ts'

type Over = {
  readonly command?: number
  readonly form?: number
  readonly source?: string
  readonly port?: number
  /** In place of the addresses that belong to the form. */
  readonly addresses?: string
  readonly fields?: Buffer
}

/** A header of version 2; by default a PROXY over TCP and IPv4. */
export function binaryHeader({
  command = 0x21,
  form,
  source = '192.0.2.7',
  port = 4321,
  addresses,
  fields,
}: Over): Buffer {
  const six = isIPv6(source)
  const ports = Buffer.from([port >> 8, port & 255, 0, 25])
  // Not by way of `ipBytes` alone: an address that is IPv4 in IPv6 has its 16 octets here.
  const from = six ? sixteen(source) : Buffer.from(ipBytes(source as IpAddress))
  const block = addresses === undefined ? Buffer.concat([from, from, ports]) : Buffer.from(addresses, 'latin1')
  const rest = Buffer.concat([block, fields ?? Buffer.alloc(0)])
  const head = Buffer.from([command, form ?? (six ? 0x21 : 0x11), rest.length >> 8, rest.length & 255])
  return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), head, rest])
}

/** Type, length, value. */
export const field = (type: number, value: string): Buffer =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), Buffer.from(value, 'latin1')])

function sixteen(address: string): Buffer {
  const bytes = ipBytes(address as IpAddress)
  return bytes.length === 16 ? Buffer.from(bytes) : Buffer.concat([Buffer.alloc(10), Buffer.from([255, 255]), bytes])
}
