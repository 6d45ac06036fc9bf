import { createHmac, timingSafeEqual } from 'node:crypto'
import { prepareLogin } from '../../mail/sasl-prep.ts'
import type { LoginContext } from '../authenticator.ts'
import type { Logins, SaslExchange } from './exchange.ts'
import { done, malformed, refused, utf8 } from './password-message.ts'

/**
 * CRAM-MD5 (RFC 2195), for devices that know nothing better: the password is not on the line, but we have to be able to
 * read it, the client does not learn who we are, and MD5 is what it is. A document has to name it as legacy.
 */
export function cramMd5(logins: Logins, context: LoginContext, challenge: string): SaslExchange {
  let asked = false
  return {
    async next(response) {
      if (!asked) {
        // The server speaks first: a client that did not wait is told so (RFC 4954 §4).
        if (response !== null) {
          return done({ kind: 'malformed', status: '5.7.0', why: 'CRAM-MD5 has no initial response' })
        }
        asked = true
        return { kind: 'challenge', data: Buffer.from(challenge, 'latin1') }
      }
      const found = /^(.+) ([0-9a-f]{32})$/.exec((response && utf8(response)) ?? '')
      if (found === null) return malformed('CRAM-MD5 is a login, a blank and 32 hexadecimal digits')
      const login = prepareLogin(found[1]!)
      if (login === null) return refused
      const known = await logins.plainSecret(login, context)
      if (known.kind === 'error') return done(known)
      // Who is not there is compared like the others, with a password that nobody can know.
      const secret = known.secret?.secret ?? challenge
      const digest = createHmac('md5', secret).update(challenge).digest()
      const same = timingSafeEqual(digest, Buffer.from(found[2]!, 'hex'))
      if (!same || known.secret === null) return refused
      return done({ kind: 'accepted', login: known.secret.login, addresses: known.secret.addresses })
    },
  }
}
