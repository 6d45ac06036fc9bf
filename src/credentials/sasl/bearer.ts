import { prepareLogin } from '../../mail/sasl-prep.ts'
import type { LoginContext } from '../authenticator.ts'
import { type Bearer, parseOauthBearer, parseXoauth2 } from './bearer-message.ts'
import type { Logins, SaslExchange, SaslStep } from './exchange.ts'
import { done, malformed, refused, utf8 } from './password-message.ts'

const empty: SaslStep = { kind: 'challenge', data: Buffer.alloc(0) }

/** What a client is told of a token that is not good; it answers, and only then the exchange fails. */
const oauthBearerError = Buffer.from('{"status":"invalid_token"}', 'latin1')
const xoauth2Error = Buffer.from('{"status":"401","schemes":"bearer","scope":""}', 'latin1')

/** OAUTHBEARER (RFC 7628) and XOAUTH2: a token in place of a password. */
export function bearer(mechanism: 'OAUTHBEARER' | 'XOAUTH2', logins: Logins, context: LoginContext): SaslExchange {
  const oauthBearer = mechanism === 'OAUTHBEARER'
  let failed = false

  async function check({ token, login }: Bearer): Promise<SaslStep> {
    const hint = login === null ? null : prepareLogin(login)
    const result = login !== null && hint === null ? ({ kind: 'refused' } as const) : await ask(token, hint)
    if (result.kind !== 'refused') return done(result)
    failed = true
    return { kind: 'challenge', data: oauthBearer ? oauthBearerError : xoauth2Error }
  }

  /** Whose the token is says the token; who says to be somebody else is refused. */
  async function ask(token: string, hint: string | null) {
    const result = await logins.checkToken(token, hint, context)
    if (result.kind !== 'accepted' || hint === null) return result
    const own = [result.login, ...result.addresses].map((name) => name.toLowerCase())
    return own.includes(hint) ? result : ({ kind: 'refused' } as const)
  }

  return {
    async next(response) {
      // What it says after the error means nothing: %x01 of OAUTHBEARER, nothing of XOAUTH2.
      if (failed) return refused
      if (response === null) return empty
      const message = utf8(response)
      if (message === null) return malformed(`a message of ${mechanism} is UTF-8`)
      const parsed = oauthBearer ? parseOauthBearer(message) : parseXoauth2(message)
      return parsed.ok ? await check(parsed.value) : malformed(parsed.error)
    },
  }
}
