import type { ScramForm, ScramKeys } from '../authenticator.ts'
import { hmac, usualIterations } from '../passwords/scram-keys.ts'

const usualForm: ScramForm = { iterations: usualIterations, saltBytes: 16 }

/**
 * Keys for a login that nobody has: RFC 5802 §9 lets a server not tell which logins there are. Salt and iterations are
 * shown to whoever asks, so they look like those of the others, and each login gets the same ones each time: `secret`
 * has to outlive a restart. The keys fit to no password.
 */
export function decoyKeys(secret: Buffer, login: string, form: ScramForm | null): ScramKeys {
  const { iterations, saltBytes } = form ?? usualForm
  const of = (what: string): Buffer => hmac(secret, `${what}\0${login}`)
  const salt = Buffer.concat([of('salt'), of('more salt'), of('still more')]).subarray(0, saltBytes)
  return { login, addresses: [], iterations, salt, storedKey: of('stored key'), serverKey: of('server key') }
}
