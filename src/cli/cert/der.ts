/** The few kinds of ASN.1 values that a certificate is made of, in DER (X.690): a tag, a length, the octets. */

const tagged = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const octets = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), lengthOf(octets.length), octets])
}

function lengthOf(length: number): Buffer {
  if (length < 128) return Buffer.from([length])
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(length)
  const significant = octets.subarray(octets.findIndex((octet) => octet !== 0))
  return Buffer.concat([Buffer.from([0x80 | significant.length]), significant])
}

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts)
export const set = (...parts: readonly Buffer[]): Buffer => tagged(0x31, ...parts)
export const octetString = (octets: Buffer): Buffer => tagged(0x04, octets)
export const utf8String = (text: string): Buffer => tagged(0x0c, Buffer.from(text, 'utf8'))
export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]))

/** All bits of the octets but the last `unused` ones. */
export const bitString = (octets: Buffer, unused = 0): Buffer => tagged(0x03, Buffer.from([unused]), octets)

/** `[n]` around a value of its own tag. */
export const explicit = (n: number, value: Buffer): Buffer => tagged(0xa0 | n, value)

/** `[n]` in place of the tag of text or octets. */
export const implicit = (n: number, octets: Buffer): Buffer => tagged(0x80 | n, octets)

/** A number of any length that is not negative. */
export function integer(octets: Buffer): Buffer {
  const from = octets.findIndex((octet) => octet !== 0)
  const least = from < 0 ? Buffer.from([0]) : octets.subarray(from)
  // The first bit is the sign.
  return tagged(0x02, least[0]! < 0x80 ? least : Buffer.concat([Buffer.from([0]), least]))
}

/** `2.5.29.17`. */
export function objectId(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]]
  const octets = [first * 40 + second]
  for (const arc of rest) {
    const sevens = [arc & 127]
    for (let left = arc >>> 7; left > 0; left >>>= 7) sevens.unshift((left & 127) | 128)
    octets.push(...sevens)
  }
  return tagged(0x06, Buffer.from(octets))
}

/** Up to 2049 with two digits of the year, from 2050 on with four (RFC 5280 §4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, '')
  return at.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits))
}

export const pem = (kind: string, der: Buffer): string =>
  `-----BEGIN ${kind}-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${kind}-----\n`
