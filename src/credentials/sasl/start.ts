import { assertNever } from '../../mail/result.ts'
import type { Mechanism } from '../../mail/settings.ts'
import type { LoginContext } from '../authenticator.ts'
import { bearer } from './bearer.ts'
import { cramMd5 } from './cram-md5.ts'
import type { Logins, SaslExchange } from './exchange.ts'
import { login } from './login.ts'
import { plain } from './plain.ts'
import { scram } from './scram.ts'

export type ExchangeOptions = {
  readonly logins: Logins
  readonly context: LoginContext
  /** What EHLO offered on this line. */
  readonly offered: readonly Mechanism[]
  /** Our name, for the challenge of CRAM-MD5. */
  readonly hostname: string
  readonly random: (bytes: number) => Buffer
}

/** Begins an attempt to log in by a mechanism that was offered. */
export function startExchange(mechanism: Mechanism, options: ExchangeOptions): SaslExchange {
  const { logins, context, offered, hostname, random } = options
  switch (mechanism) {
    case 'PLAIN':
      return plain(logins, context)
    case 'LOGIN':
      return login(logins, context)
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-256-PLUS': {
      const plusOffered = offered.includes('SCRAM-SHA-256-PLUS')
      return scram({ logins, context, plus: mechanism === 'SCRAM-SHA-256-PLUS', plusOffered, random })
    }
    case 'OAUTHBEARER':
    case 'XOAUTH2':
      return bearer(mechanism, logins, context)
    case 'CRAM-MD5':
      return cramMd5(logins, context, `<${random(16).toString('hex')}@${hostname}>`)
    default:
      return assertNever(mechanism)
  }
}
