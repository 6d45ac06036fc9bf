import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IpAddress } from '../../mail/ip.ts'

/** RADIUS (RFC 2865) with PAP, as much of it as one question about a password needs. */
export const accessRequest = 1
const accessAccept = 2
const accessReject = 3
const accessChallenge = 11

const attribute = {
  userName: 1,
  userPassword: 2,
  serviceType: 6,
  callingStationId: 31,
  nasIdentifier: 32,
  nasPortType: 61,
  messageAuthenticator: 80,
} as const

/** RFC 2865 §5.2. */
export const maxPasswordOctets = 128
const headerOctets = 20
const maxOctets = 4096

export type AccessRequest = {
  readonly identifier: number
  /** 16 random octets: the request authenticator. */
  readonly authenticator: Buffer
  readonly secret: string
  readonly login: string
  readonly password: string
  readonly nasIdentifier: string
  /** Where the client is; shown to the server as the calling station. */
  readonly client: IpAddress
}

/**
 * The packet of an Access-Request. Its first attribute is the Message-Authenticator: without one anybody between us and
 * the server could change the question (CVE-2024-3596, "Blast-RADIUS").
 */
export function writeAccessRequest(request: AccessRequest): Buffer {
  const { identifier, authenticator, secret, login, password, nasIdentifier, client } = request
  const attributes = [
    one(attribute.messageAuthenticator, Buffer.alloc(16)),
    one(attribute.userName, Buffer.from(login, 'utf8')),
    one(attribute.userPassword, hide(Buffer.from(password, 'utf8'), authenticator, secret)),
    one(attribute.nasIdentifier, Buffer.from(nasIdentifier, 'utf8').subarray(0, 253)),
    // Authenticate Only, on a virtual port: nothing but an answer is wanted.
    one(attribute.serviceType, Buffer.from([0, 0, 0, 8])),
    one(attribute.nasPortType, Buffer.from([0, 0, 0, 5])),
    one(attribute.callingStationId, Buffer.from(client, 'latin1')),
  ]
  const body = Buffer.concat(attributes)
  const packet = Buffer.concat([header(accessRequest, identifier, headerOctets + body.length, authenticator), body])
  hmac(packet, secret).copy(packet, headerOctets + 2)
  return packet
}

/** `challenge`: the server wants a second step, which no mail client can make. */
export type AccessAnswer = 'accept' | 'reject' | 'challenge'

/**
 * What a packet says in answer to the request. `null`: it is no answer to it, or not by who has the secret: such a packet
 * is as if it had not come (RFC 2865 §3, RFC 3579 §3.2), and the wait goes on.
 */
export function readAnswer(packet: Buffer, { identifier, authenticator, secret }: AccessRequest): AccessAnswer | null {
  if (packet.length < headerOctets || packet[1] !== identifier) return null
  const length = packet.readUInt16BE(2)
  if (length < headerOctets || length > packet.length || length > maxOctets) return null
  // Octets beyond the length are padding.
  const answer = Buffer.from(packet.subarray(0, length))
  const theirs = Buffer.from(answer.subarray(4, headerOctets))
  authenticator.copy(answer, 4)
  const ours = createHash('md5').update(answer).update(secret, 'utf8').digest()
  if (!timingSafeEqual(ours, theirs)) return null
  // MD5 alone can be forged: the HMAC is what vouches, and one without it is not believed.
  const at = messageAuthenticatorAt(answer)
  if (at === null) return null
  const signed = Buffer.from(answer.subarray(at, at + 16))
  answer.fill(0, at, at + 16)
  if (!timingSafeEqual(hmac(answer, secret), signed)) return null
  switch (answer[0]) {
    case accessAccept:
      return 'accept'
    case accessReject:
      return 'reject'
    case accessChallenge:
      return 'challenge'
    default:
      return null
  }
}

/** Where its sixteen octets are; `null` when it is not there once, or the attributes do not fit in the packet. */
function messageAuthenticatorAt(packet: Buffer): number | null {
  let found: number | null = null
  for (let at = headerOctets; at < packet.length; ) {
    const length = packet[at + 1]
    if (length === undefined || length < 2 || at + length > packet.length) return null
    if (packet[at] === attribute.messageAuthenticator) {
      if (found !== null || length !== 18) return null
      found = at + 2
    }
    at += length
  }
  return found
}

/** RFC 2865 §5.2: XOR with MD5 of the secret and what came before. */
function hide(password: Buffer, authenticator: Buffer, secret: string): Buffer {
  const hidden = Buffer.alloc(Math.max(16, Math.ceil(password.length / 16) * 16))
  password.copy(hidden)
  let before = authenticator
  for (let at = 0; at < hidden.length; at += 16) {
    const mask = createHash('md5').update(secret, 'utf8').update(before).digest()
    for (let i = 0; i < 16; i++) hidden[at + i]! ^= mask[i]!
    before = hidden.subarray(at, at + 16)
  }
  return hidden
}

function header(code: number, identifier: number, length: number, authenticator: Buffer): Buffer {
  const start = Buffer.from([code, identifier, length >> 8, length & 255])
  return Buffer.concat([start, authenticator])
}

const one = (type: number, value: Buffer): Buffer => Buffer.concat([Buffer.from([type, value.length + 2]), value])

const hmac = (packet: Buffer, secret: string): Buffer => createHmac('md5', secret).update(packet).digest()
