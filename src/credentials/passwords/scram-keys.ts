import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import type { StoredPassword } from '../../mail/stored-password.ts'

type Keys = Omit<Extract<StoredPassword, { kind: 'scram-sha-256' }>, 'kind'>

/** More than RFC 7677 §4 asks for; the client has to do the same work at each login. */
export const usualIterations = 65_536

/** What is kept of a password for SCRAM-SHA-256 (RFC 5802 §3). */
export async function scramKeys(password: string, salt: Buffer, iterations: number): Promise<Keys> {
  const salted = await new Promise<Buffer>((resolve, reject) => {
    pbkdf2(password, salt, iterations, 32, 'sha256', (error, key) => (error === null ? resolve(key) : reject(error)))
  })
  return { iterations, salt, storedKey: sha256(hmac(salted, 'Client Key')), serverKey: hmac(salted, 'Server Key') }
}

/** `$scram-sha-256$iterations$salt$stored key$server key`. */
export async function makeScram(password: string, salt: Buffer, iterations: number = usualIterations): Promise<string> {
  const keys = await scramKeys(password, salt, iterations)
  const fields = [salt, keys.storedKey, keys.serverKey].map((field) => field.toString('base64'))
  return ['$scram-sha-256', iterations, ...fields].join('$')
}

/** A password that came as it is (PLAIN, LOGIN) against keys of SCRAM. */
export async function checkScram(stored: Keys, password: string): Promise<boolean> {
  const { storedKey } = await scramKeys(password, stored.salt, stored.iterations)
  return timingSafeEqual(storedKey, stored.storedKey)
}

/**
 * Whether `proof` of a client shows that it knows the password behind the keys (RFC 5802 §3): gives the signature by
 * which it sees that we have them, or `null`. `signed` is what both sides have said.
 */
export function checkProof(
  { storedKey, serverKey }: Pick<Keys, 'storedKey' | 'serverKey'>,
  signed: string,
  proof: Buffer,
): Buffer | null {
  const signature = hmac(storedKey, signed)
  const clientKey = Buffer.from(proof.map((octet, at) => octet ^ signature[at]!))
  return timingSafeEqual(sha256(clientKey), storedKey) ? hmac(serverKey, signed) : null
}

export const hmac = (key: Buffer, text: string | Buffer): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
