import { isUtf8 } from 'node:buffer'
import { prepare, prepareLogin } from '../../mail/sasl-prep.ts'
import type { LoginContext } from '../authenticator.ts'
import type { Logins, SaslResult, SaslStep } from './exchange.ts'

/** What is no message of the mechanism ends the exchange. */
export const malformed = (why: string): SaslStep => done({ kind: 'malformed', status: '5.5.2', why })

export const done = (result: SaslResult, final: Buffer | null = null): SaslStep => ({ kind: 'done', result, final })
export const refused: SaslStep = done({ kind: 'refused' })

/** `null` when the octets are no UTF-8. */
export const utf8 = (bytes: Buffer): string | null => (isUtf8(bytes) ? bytes.toString('utf8') : null)

/** A name and a password as they are, of PLAIN and LOGIN. What cannot be a password of anybody is refused unasked. */
export async function checkPassword(
  logins: Logins,
  login: string,
  password: string,
  context: LoginContext,
): Promise<SaslStep> {
  const [name, secret] = [prepareLogin(login), prepare(password)]
  if (name === null || secret === null) return refused
  return done(await logins.checkPassword(name, secret, context))
}
