import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { ipBytes, parseIp } from '../../mail/ip.ts'
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectId,
  octetString,
  pem,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts'

export type SelfSigned = { readonly certificate: string; readonly key: string }

const dayMs = 86_400_000

/**
 * A certificate that vouches for itself, on a fresh key of the curve P-256: for a lab, as nobody else has a reason to trust
 * it. Version 3 (RFC 5280), for servers and clients, no authority for others.
 *
 * @param names hosts or addresses; the first is the subject as well
 */
export function selfSigned(names: readonly string[], days: number, now: number): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'))
  const name = sequence(set(sequence(objectId('2.5.4.3'), utf8String(names[0]!))))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  // Clocks of a lab differ: it is valid since an hour.
  const validity = sequence(time(new Date(now - 3_600_000)), time(new Date(now + days * dayMs)))
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 1
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    name,
    validity,
    name,
    spki,
    explicit(3, sequence(...extensions(names, spki))),
  )
  const signature = bitString(sign('sha256', body, privateKey))
  return {
    certificate: pem('CERTIFICATE', sequence(body, ecdsaWithSha256, signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

function extensions(names: readonly string[], spki: Buffer): Buffer[] {
  const extension = (id: string, critical: boolean, value: Buffer) =>
    sequence(objectId(id), ...(critical ? [boolean(true)] : []), octetString(value))
  const keyId = createHash('sha1').update(spki).digest()
  return [
    // An empty sequence: no authority.
    extension('2.5.29.19', true, sequence()),
    // Signatures alone, the first of nine bits.
    extension('2.5.29.15', true, bitString(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', false, sequence(objectId('1.3.6.1.5.5.7.3.1'), objectId('1.3.6.1.5.5.7.3.2'))),
    extension('2.5.29.17', false, sequence(...names.map(alternative))),
    extension('2.5.29.14', false, octetString(keyId)),
  ]
}

/** A host, or an address. */
function alternative(name: string): Buffer {
  const address = parseIp(name)
  return address.ok ? implicit(7, Buffer.from(ipBytes(address.value))) : implicit(2, Buffer.from(name, 'ascii'))
}
