import { createHash } from 'node:crypto'

/**
 * crypt(3) with SHA-256 ($5$) and SHA-512 ($6$), by the public specification "Unix crypt using SHA-256 and SHA-512"
 * (Ulrich Drepper, version 0.6). Its letters are those of its steps. Only for hashes that come from elsewhere.
 */
export type ShaCryptRequest = {
  readonly kind: 'sha512-crypt' | 'sha256-crypt'
  readonly password: string
  readonly salt: string
  readonly rounds: number
}

/** The hash, in crypt's own base64. It computes for some milliseconds, which is why a thread of its own calls it. */
export function shaCrypt({ kind, password, salt, rounds }: ShaCryptRequest): string {
  const algorithm = kind === 'sha512-crypt' ? 'sha512' : 'sha256'
  const size = kind === 'sha512-crypt' ? 64 : 32
  const digest = (...parts: readonly Buffer[]): Buffer => {
    const hash = createHash(algorithm)
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
  const secret = Buffer.from(password, 'utf8')
  const grain = Buffer.from(salt, 'latin1')

  const b = digest(secret, grain, secret)
  const inA = [secret, grain, stretched(b, secret.length, size)]
  for (let bits = secret.length; bits > 0; bits >>= 1) inA.push((bits & 1) === 1 ? b : secret)
  let c = digest(...inA)

  const p = stretched(digest(...Array<Buffer>(secret.length).fill(secret)), secret.length, size)
  const s = stretched(digest(...Array<Buffer>(16 + c[0]!).fill(grain)), grain.length, size)
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1
    const parts = [odd ? p : c]
    if (round % 3 !== 0) parts.push(s)
    if (round % 7 !== 0) parts.push(p)
    parts.push(odd ? c : p)
    c = digest(...parts)
  }
  return size === 64 ? encode(c, order512) : encode(c, order256)
}

/** `length` octets of the digest, repeated as often as it takes. */
function stretched(digest: Buffer, length: number, size: number): Buffer {
  const out = Buffer.alloc(length)
  for (let at = 0; at < length; at += size) digest.copy(out, at, 0, Math.min(size, length - at))
  return out
}

const letters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The octets of the digest as step 22 orders them: three by three, the most significant first, and what is left. */
const order512 = [...triples(21, (k) => k % 3), [63]]
const order256 = [...triples(10, (k) => (3 - (k % 3)) % 3), [31, 30]]

/** The k-th triple is k, k + third and k + 2 third, turned to the left by `turn`. */
function triples(third: number, turn: (k: number) => number): number[][] {
  return Array.from({ length: third }, (_, k) => {
    const triple = [k, k + third, k + 2 * third]
    return [...triple.slice(turn(k)), ...triple.slice(0, turn(k))]
  })
}

function encode(digest: Buffer, order: readonly (readonly number[])[]): string {
  let text = ''
  for (const octets of order) {
    let value = octets.reduce((all, octet) => all * 256 + digest[octet]!, 0)
    for (let n = octets.length + 1; n > 0; n--) {
      text += letters[value & 63]
      value >>= 6
    }
  }
  return text
}
