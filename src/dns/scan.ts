import { Packet } from 'dns2'

/** Octets of names, pointers included, that one message may cost to read. 64 KiB of honest records stay below. */
const maxWork = 150_000
/** Records in all. The smallest MX takes 16 octets, so 64 KiB of them stay below. */
const maxRecords = 4096
/** Records that the codec will fail at: it builds an error for each. More than a few are made on purpose. */
const maxBroken = 8

const types = Packet.TYPE
/** Where names stand in the rdata that the codec reads: octets before the first one, how many, and octets behind. */
const namesIn = new Map<number, readonly [before: number, count: number, behind: number]>([
  [types.NS, [0, 1, 0]],
  [types.CNAME, [0, 1, 0]],
  [types.PTR, [0, 1, 0]],
  [types.SOA, [0, 2, 20]],
  [types.MX, [2, 1, 0]],
  [types.SRV, [6, 1, 0]],
])
/** Rdata that has one length alone, and at least one. */
const exactly = new Map<number, number>([
  [types.A, 4],
  [types.AAAA, 16],
])
const atLeast = new Map<number, number>([
  [types.DNSKEY, 4],
  [types.CAA, 2],
  [types.RRSIG, 19],
])

/**
 * Walks a message from the network once before it is decoded, and makes it safe to decode:
 * - names cost what their pointers say, not what their octets say: a message of 64 KiB can hold thousands of names, each
 *   a chain of thousands of pointers. Pointers must point backwards (RFC 1035 §4.1.4: a prior occurrence), and all names
 *   together may cost no more than honest ones do;
 * - a dot inside of a label cannot be told from a dot between labels once the name is text (`evil\.label`). It becomes a
 *   space in place, which no host name has.
 *
 * @returns what is wrong, or `null`
 */
export function scan(message: Buffer): string | null {
  if (message.length < Packet.HEADER_SIZE) return 'shorter than a header'
  const walk: Walk = { message, work: 0 }
  let at: number = Packet.HEADER_SIZE
  try {
    for (let i = message.readUInt16BE(4); i > 0; i--) at = name(walk, at) + 4
    const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
    if (records > maxRecords) return `more than ${maxRecords} records`
    let broken = 0
    for (let i = 0; i < records; i++) {
      at = name(walk, at)
      const rdata = at + 10
      const end = rdata + message.readUInt16BE(at + 8)
      if (end > message.length) return 'a record longer than the message'
      if (!isWhole(walk, message.readUInt16BE(at), rdata, end) && ++broken > maxBroken) {
        return `more than ${maxBroken} records that cannot be read`
      }
      at = end
    }
    if (at > message.length) return 'a question longer than the message'
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError) return error.message
    throw error
  }
  return null
}

/** True when the rdata is as long as its type makes it. Its names are walked. */
function isWhole(walk: Walk, type: number, rdata: number, end: number): boolean {
  const length = end - rdata
  const names = namesIn.get(type)
  if (names !== undefined) {
    const [before, count, behind] = names
    let at = rdata + before
    for (let n = 0; n < count; n++) at = name(walk, at)
    return at + behind === end
  }
  if (type === types.RRSIG && length >= 19 && name(walk, rdata + 18) > end) return false
  if (type === types.TXT || type === types.SPF) return isStrings(walk.message, rdata, end)
  return length === (exactly.get(type) ?? length) && length >= (atLeast.get(type) ?? 0)
}

/** Character strings (RFC 1035 §3.3) that end where their record does. */
function isStrings(message: Buffer, rdata: number, end: number): boolean {
  let at = rdata
  while (at < end) at += message[at]! + 1
  return at === end
}

type Walk = { readonly message: Buffer; work: number }

class Malformed extends Error {
  override readonly name = 'Malformed'
}

/** Reads one name. Gives the offset behind it. */
function name(walk: Walk, start: number): number {
  const { message } = walk
  let after = -1
  let at = start
  /** Each pointer has to point before the place that the one before it pointed to: no cycle, no chain to and fro. */
  let before = start
  let octets = 1
  for (;;) {
    const length = message[at]
    if (length === undefined) throw new Malformed('a name longer than the message')
    walk.work += length >= 0xc0 ? 2 : 1 + length
    if (walk.work > maxWork) throw new Malformed('names that cost too much to read')
    if (length === 0) return after < 0 ? at + 1 : after
    if (length >= 0xc0) {
      const target = message.readUInt16BE(at) & 0x3fff
      if (after < 0) after = at + 2
      if (target >= before) throw new Malformed('a compression pointer that does not point back')
      before = target
      at = target
      continue
    }
    if (length > 63) throw new Malformed('a label of an unknown kind')
    octets += length + 1
    if (octets > 255) throw new Malformed('a name of more than 255 octets')
    for (let i = at + 1; i <= at + length; i++) if (message[i] === 0x2e) message[i] = 0x20
    at += length + 1
  }
}
