import { isIPv4, isIPv6 } from 'node:net'
import { type IpAddress, ipFromBytes, parseIp } from '../../mail/ip.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'

/**
 * What stands at the beginning of a connection from a balancer (HAProxy's PROXY protocol, versions 1 and 2).
 *
 * client      the connection was made by this address
 * balancer    by the balancer itself (LOCAL), or by whom it does not know (UNKNOWN, UNSPEC): its own address counts
 */
export type ProxyHeader =
  | { readonly kind: 'client'; readonly client: IpAddress; readonly port: number; readonly bytes: number }
  | { readonly kind: 'balancer'; readonly bytes: number }

/** A line of version 1 has at most so many octets, its CRLF included. */
const longestLine = 107
/** Of version 2, with all that follows the addresses. Real ones have some hundred. */
export const longestHeader = 4096

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const word = Buffer.from('PROXY ', 'latin1')
const LF = 10

/** Reads the header at the beginning of what came; `null` when more has to come. An error is final. */
export function parseProxyHeader(came: Buffer): Result<ProxyHeader> | null {
  if (begins(came, word)) return came.length < word.length ? null : parseLine(came)
  if (begins(came, signature)) return came.length < 16 ? null : parseBinary(came)
  return wrong('no PROXY header')
}

/** As far as it goes. */
const begins = (came: Buffer, with_: Buffer): boolean => {
  const length = Math.min(came.length, with_.length)
  return came.compare(with_, 0, length, 0, length) === 0
}

function parseLine(came: Buffer): Result<ProxyHeader> | null {
  const end = came.indexOf(LF)
  if (end < 0 && came.length < longestLine) return null
  const bytes = end + 1
  if (end < 0 || bytes > longestLine) return wrong('the line is too long')
  if (came[end - 1] !== 13) return wrong('the line ends in LF without CR')
  const line = came.toString('latin1', 0, end - 1)
  // Whatever follows is to be ignored.
  if (/^PROXY UNKNOWN(?: [ -~]*)?$/.test(line)) return ok({ kind: 'balancer', bytes })
  const form = /^PROXY (TCP4|TCP6) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (\d{1,5}) (\d{1,5})$/.exec(line)
  if (form === null) return wrong('the line is not "PROXY TCP4|TCP6 source destination port port"')
  const [, family, source, destination, fromPort, toPort] = form as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const isOfFamily = family === 'TCP4' ? isIPv4 : isIPv6
  if (!isOfFamily(source) || !isOfFamily(destination)) return wrong(`an address that is none of ${family}`)
  if (!isPort(fromPort) || !isPort(toPort)) return wrong('a port that is none')
  const client = parseIp(source)
  return client.ok ? fromClient(client.value, Number(fromPort), bytes) : client
}

const isPort = (text: string): boolean => /^(?:0|[1-9]\d*)$/.test(text) && Number(text) <= 65_535

function parseBinary(came: Buffer): Result<ProxyHeader> | null {
  const bytes = 16 + came.readUInt16BE(14)
  if (bytes > longestHeader) return wrong('the header is too long')
  const versionAndCommand = came[12]!
  if (versionAndCommand >> 4 !== 2) return wrong('a version that is not 2')
  const command = versionAndCommand & 15
  if (command > 1) return wrong('a command that is neither LOCAL nor PROXY')
  if (came.length < bytes) return null
  // Of a connection of the balancer's own nothing else is to be read.
  if (command === 0) return ok({ kind: 'balancer', bytes })
  const form = came[13]!
  if (form === 0x00) return ok({ kind: 'balancer', bytes })
  const size = form === 0x11 ? 4 : form === 0x21 ? 16 : 0
  if (size === 0) return wrong('an address that is not TCP over IPv4 or IPv6')
  const addresses = size * 2 + 4
  if (bytes < 16 + addresses) return wrong('the header is shorter than its addresses')
  if (!wholeVectors(came, 16 + addresses, bytes)) return wrong('a field reaches beyond the header')
  const client = ipFromBytes(Uint8Array.from(came.subarray(16, 16 + size)))
  return fromClient(client, came.readUInt16BE(16 + size * 2), bytes)
}

/**
 * Fields that follow the addresses have a type, a length and a value. None is read: what a balancer says of the TLS that it
 * took off (field 0x20) makes our line no safer, and identifies nobody to us.
 */
function wholeVectors(came: Buffer, from: number, to: number): boolean {
  let at = from
  while (at < to) {
    if (at + 3 > to) return false
    at += 3 + came.readUInt16BE(at + 1)
  }
  return at === to
}

/** No client has one of these; a header that says so was made by somebody who wants to be nobody, or everybody. */
function fromClient(client: IpAddress, port: number, bytes: number): Result<ProxyHeader> {
  const nobody = client.includes(':')
    ? client === '::' || client.startsWith('ff')
    : client.startsWith('0.') || /^(?:22[4-9]|2[34]\d|25[0-5])\./.test(client)
  if (nobody) return wrong(`${client} can be no client`)
  return ok({ kind: 'client', client, port, bytes })
}
