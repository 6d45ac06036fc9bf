import { Packet } from 'dns2'
import { type IpAddress, parseIp } from '../mail/ip.ts'
import type { MxRecord } from './answer.ts'

/** One record as the codec reads it. */
export type Resource = Packet['answers'][number]

/** A type of record that can be asked for. `read` gives `null` for a record that is not what its type promises. */
export type RecordType<T> = {
  readonly name: string
  readonly code: number
  read(record: Resource): T | null
}

export const a: RecordType<IpAddress> = { name: 'A', code: Packet.TYPE.A, read: address }

export const aaaa: RecordType<IpAddress> = { name: 'AAAA', code: Packet.TYPE.AAAA, read: address }

/** The exchange as it came, in lower case: it may be no host name at all. `''` is the root. */
export const mx: RecordType<MxRecord> = {
  name: 'MX',
  code: Packet.TYPE.MX,
  read: ({ priority, exchange }) =>
    priority === undefined || exchange === undefined
      ? null
      : { preference: priority, exchange: exchange.toLowerCase() },
}

/** The name that an address has, as it came, in lower case: whoever has the address writes it, and may write anything. */
export const ptr: RecordType<string> = {
  name: 'PTR',
  code: Packet.TYPE.PTR,
  read: ({ domain }) => (domain === undefined ? null : domain.toLowerCase()),
}

/** The strings of one record belong together: they are one text in pieces of 255 octets (RFC 7208 §3.3). */
export const txt: RecordType<string> = {
  name: 'TXT',
  code: Packet.TYPE.TXT,
  read: ({ data }) => (Array.isArray(data) ? data.join('') : null),
}

/** RFC 6698 §2.1. */
export type TlsaRecord = {
  readonly usage: number
  readonly selector: number
  readonly matching: number
  readonly data: Buffer
}

/** The codec does not know TLSA and hands out its octets (RFC 3597). */
export const tlsa: RecordType<TlsaRecord> = {
  name: 'TLSA',
  code: 52,
  read({ data }) {
    if (!Buffer.isBuffer(data) || data.length < 4) return null
    return { usage: data[0]!, selector: data[1]!, matching: data[2]!, data: Buffer.from(data.subarray(3)) }
  },
}

/** `3 1 1 8f0d...`, as a zone has it. */
export const tlsaText = ({ usage, selector, matching, data }: TlsaRecord): string =>
  `${usage} ${selector} ${matching} ${data.toString('hex')}`

function address(record: Resource): IpAddress | null {
  const parsed = parseIp(record.address ?? '')
  return parsed.ok ? parsed.value : null
}
