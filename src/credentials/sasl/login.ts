import type { LoginContext } from '../authenticator.ts'
import type { Logins, SaslExchange, SaslStep } from './exchange.ts'
import { checkPassword, malformed, utf8 } from './password-message.ts'

const ask = (text: string): SaslStep => ({ kind: 'challenge', data: Buffer.from(text, 'latin1') })
const name = ask('Username:')
const secret = ask('Password:')

/** LOGIN: never a standard (draft-murchison-sasl-login), and all that some printers know. */
export function login(logins: Logins, context: LoginContext): SaslExchange {
  let said: string | null = null
  return {
    async next(response) {
      if (response === null) return name
      const text = utf8(response)
      if (text === null || text === '' || text.includes('\0')) return malformed('LOGIN has a login and a password')
      if (said !== null) return await checkPassword(logins, said, text, context)
      said = text
      return secret
    },
  }
}
