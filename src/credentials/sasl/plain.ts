import { prepareLogin } from '../../mail/sasl-prep.ts'
import type { LoginContext } from '../authenticator.ts'
import type { Logins, SaslExchange, SaslStep } from './exchange.ts'
import { checkPassword, malformed, refused, utf8 } from './password-message.ts'

const empty: SaslStep = { kind: 'challenge', data: Buffer.alloc(0) }

/** PLAIN (RFC 4616): authorization identity, NUL, login, NUL, password. */
export function plain(logins: Logins, context: LoginContext): SaslExchange {
  return {
    async next(response) {
      if (response === null) return empty
      const parts = utf8(response)?.split('\0')
      if (parts?.length !== 3) return malformed('PLAIN is identity, NUL, login, NUL, password')
      const [identity, login, password] = parts as [string, string, string]
      if (login === '' || password === '') return malformed('PLAIN has a login and a password')
      // Nobody acts for somebody else here: whom a login may send as is a matter of the document.
      if (identity !== '' && prepareLogin(identity) !== prepareLogin(login)) return refused
      return await checkPassword(logins, login, password, context)
    },
  }
}
