import { Packet } from 'dns2'
import type { RecordType } from './record-type.ts'

/** What is asked. `name` is askable (`askableName`). */
export type Question = { readonly type: RecordType<unknown>; readonly name: string }

/** RFC 6891 §6.2.5; the size that passes every path without fragments (DNS flag day 2020). */
const payloadOctets = 1232

const questionAt = Packet.HEADER_SIZE

/**
 * The octets to send, with id 0: whoever sends them puts an id of his own in. AD asks to be told whether the answer was
 * validated (RFC 6840 §5.7).
 */
export function encodeQuery({ type, name }: Question, edns: boolean): Buffer {
  const packet = new Packet()
  Object.assign(packet.header, { id: 0, rd: 1, ad: 1 })
  packet.questions.push(new Packet.Question(name, type.code, Packet.CLASS.IN))
  if (edns) packet.additionals.push(Packet.Resource.EDNS([], { udpPayloadSize: payloadOctets }))
  return packet.toBuffer()
}

export function withId(query: Buffer, id: number): Buffer {
  const copy = Buffer.from(query)
  copy.writeUInt16BE(id)
  return copy
}

/**
 * True when `message` answers `query`: a response with its id, of its kind, to its one question, octet for octet but for
 * the case of letters. An answer to another question is a forgery or belongs to somebody else (RFC 5452 §9.1). An error
 * may come without the question: servers that could not read it have nothing to repeat.
 */
export function answers(query: Buffer, message: Buffer): boolean {
  if (message.length < questionAt || message.readUInt16BE(0) !== query.readUInt16BE(0)) return false
  const response = (message[2]! & 0x80) !== 0
  const opcode = (message[2]! >> 3) & 15
  if (!response || opcode !== 0) return false
  const questions = message.readUInt16BE(4)
  if (questions === 0) return (message[3]! & 15) !== 0 && message.length === questionAt
  if (questions !== 1) return false
  const end = questionEnd(query)
  if (message.length < end) return false
  for (let i = questionAt; i < end; i++) if (folded(query[i]!) !== folded(message[i]!)) return false
  // Type and class are the last four octets, where letters do not fold.
  return query.subarray(end - 4, end).equals(message.subarray(end - 4, end))
}

/** Our own question: plain labels, no pointer. */
function questionEnd(query: Buffer): number {
  let at = questionAt
  while (query[at] !== 0) at += query[at]! + 1
  return at + 5
}

const folded = (octet: number): number => (octet >= 65 && octet <= 90 ? octet + 32 : octet)
