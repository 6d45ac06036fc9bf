import { hashKindOf } from './password-hash.ts'
import { assertNever, ok, type Result, wrong } from './result.ts'

/** A stored password, read once. What it costs to check is bounded here: a hash from elsewhere must not stop the gateway. */
export type StoredPassword =
  | { readonly kind: 'scrypt'; readonly cost: ScryptCost; readonly salt: Buffer; readonly hash: Buffer }
  /** bcrypt and argon2id are handed to their packages as they are. */
  | { readonly kind: 'bcrypt' | 'argon2id'; readonly text: string }
  | {
      readonly kind: 'sha512-crypt' | 'sha256-crypt'
      readonly rounds: number
      readonly salt: string
      readonly hash: string
    }
  | {
      readonly kind: 'scram-sha-256'
      readonly iterations: number
      readonly salt: Buffer
      readonly storedKey: Buffer
      readonly serverKey: Buffer
    }

/** RFC 7914 §2: N is 2^`log2n`. */
export type ScryptCost = { readonly log2n: number; readonly r: number; readonly p: number }

const mib = 1024 * 1024
/** Two checks run at one moment (`credentials/passwords/checks.ts`): 256 MiB each is what a small machine can still give. */
const maxScryptBytes = 256 * mib
const maxScryptWork = 2 ** 22
const maxArgonKib = 256 * 1024
/** About a second each, as of 2026. */
const maxBcryptCost = 14
const maxShaRounds = 500_000
/** RFC 7677 §4 asks for 4096 at least. */
const minScramIterations = 4096
const maxScramIterations = 2_000_000

/** Reads a hash as `mailgw passwd` prints it, or one from elsewhere. The error never repeats the hash. */
export function parseStored(text: string): Result<StoredPassword> {
  const kind = hashKindOf(text)
  switch (kind) {
    case null:
      return wrong('expected a password hash, as `mailgw passwd` prints it')
    case 'scrypt':
      return scrypt(text)
    case 'bcrypt':
      return bcrypt(text)
    case 'argon2id':
      return argon2id(text)
    case 'sha512-crypt':
      return shaCrypt(kind, text, 86)
    case 'sha256-crypt':
      return shaCrypt(kind, text, 43)
    case 'scram-sha-256':
      return scram(text)
    default:
      return assertNever(kind)
  }
}

function scrypt(text: string): Result<StoredPassword> {
  const found =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([\w+/.-]{11,88}={0,2})\$([\w+/.-]{22,88}={0,2})$/.exec(text)
  if (found === null) return wrong('expected $scrypt$ln=...,r=...,p=...$salt$hash')
  const [log2n, r, p] = [Number(found[1]), Number(found[2]), Number(found[3])]
  if (log2n < 10 || r < 1 || p < 1) return wrong('the scrypt hash costs too little: ln is 10 at least')
  const bytes = 128 * 2 ** log2n * r
  if (bytes > maxScryptBytes) return wrong(`the scrypt hash needs ${bytes / mib} MiB; at most ${maxScryptBytes / mib}`)
  if (2 ** log2n * r * p > maxScryptWork) return wrong('the scrypt hash costs too much: smaller ln, r or p')
  return ok({ kind: 'scrypt', cost: { log2n, r, p }, salt: octets(found[4]!), hash: octets(found[5]!) })
}

function bcrypt(text: string): Result<StoredPassword> {
  const found = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text)
  if (found === null) return wrong('expected a bcrypt hash of 60 characters')
  const cost = Number(found[1])
  if (cost < 4 || cost > maxBcryptCost) return wrong(`the bcrypt hash has cost ${cost}; expected 4 to ${maxBcryptCost}`)
  // The same function by another name: what PHP writes (crypt_blowfish 1.1).
  return ok({ kind: 'bcrypt', text: text.replace(/^\$2y/, '$2b') })
}

function argon2id(text: string): Result<StoredPassword> {
  const found = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[\w+/]{11,88}\$[\w+/]{22,88}$/.exec(text)
  if (found === null) return wrong('expected $argon2id$v=19$m=...,t=...,p=...$salt$hash')
  const [m, t, p] = [Number(found[1]), Number(found[2]), Number(found[3])]
  if (m < 8 * p || t < 1 || p < 1 || p > 16) return wrong('the argon2id hash has impossible costs')
  if (m > maxArgonKib || m * t > 16 * maxArgonKib) return wrong('the argon2id hash costs too much: smaller m or t')
  return ok({ kind: 'argon2id', text })
}

function shaCrypt(kind: 'sha512-crypt' | 'sha256-crypt', text: string, length: number): Result<StoredPassword> {
  const found = /^\$[56]\$(?:rounds=(\d{1,9})\$)?([./A-Za-z0-9]{0,16})\$([./A-Za-z0-9]+)$/.exec(text)
  if (found === null || found[3]!.length !== length) {
    return wrong(`expected a ${kind} hash: a salt of up to 16 characters, and a hash of ${length}`)
  }
  const rounds = Number(found[1] ?? 5000)
  if (rounds < 1000 || rounds > maxShaRounds) {
    return wrong(`the ${kind} hash has ${rounds} rounds; expected 1000 to ${maxShaRounds}`)
  }
  return ok({ kind, rounds, salt: found[2]!, hash: found[3]! })
}

function scram(text: string): Result<StoredPassword> {
  const found = /^\$scram-sha-256\$(\d{1,8})\$([\w+/]{11,88}={0,2})\$([\w+/]{43}=?)\$([\w+/]{43}=?)$/.exec(text)
  if (found === null) return wrong('expected $scram-sha-256$iterations$salt$stored key$server key')
  const iterations = Number(found[1])
  if (iterations < minScramIterations || iterations > maxScramIterations) {
    return wrong(
      `the SCRAM keys have ${iterations} iterations; expected ${minScramIterations} to ${maxScramIterations}`,
    )
  }
  const [salt, storedKey, serverKey] = [octets(found[2]!), octets(found[3]!), octets(found[4]!)]
  return ok({ kind: 'scram-sha-256', iterations, salt, storedKey, serverKey })
}

const octets = (base64: string): Buffer => Buffer.from(base64, 'base64')
