import type { LoginContext, ScramKeys } from '../../../src/credentials/authenticator.ts'
import { scramKeys } from '../../../src/credentials/passwords/scram-keys.ts'
import { decoyKeys } from '../../../src/credentials/sasl/decoy.ts'
import type { Logins, SaslExchange, SaslStep } from '../../../src/credentials/sasl/exchange.ts'
import type { IpAddress } from '../../../src/mail/ip.ts'

export const context: LoginContext = {
  client: '192.0.2.9' as IpAddress,
  listener: 'submission',
  tls: true,
  channelBinding: () => Buffer.from('what both ends of one TLS connection know'),
}

/** Logins for mechanisms to ask: alice/wonderland, and `broken` whom nobody can check. It notes what it was asked. */
export async function knownLogins(): Promise<Logins & { readonly asked: string[] }> {
  const keys: ScramKeys = {
    login: 'alice',
    addresses: ['alice@example.com'],
    ...(await scramKeys('wonderland', Buffer.from('salt of alice 16'), 4096)),
  }
  const asked: string[] = []
  const broken = { kind: 'error', why: 'the directory is away' } as const
  return {
    asked,
    async checkPassword(login, password) {
      asked.push(`${login}/${password}`)
      if (login === 'broken') return broken
      if (login !== 'alice' || password !== 'wonderland') return { kind: 'refused' }
      return { kind: 'accepted', login: 'alice', addresses: ['alice@example.com'] }
    },
    async scram(login) {
      asked.push(login)
      if (login === 'broken') return broken
      if (login === 'alice') return { kind: 'keys', known: true, keys }
      const decoy = decoyKeys(Buffer.from('secret'), login, { iterations: 4096, saltBytes: 16 })
      return { kind: 'keys', known: false, keys: decoy }
    },
    async checkToken(token, hint) {
      asked.push(`${hint}/${token}`)
      if (token === 'broken') return broken
      return token === 'good'
        ? { kind: 'accepted', login: 'Alice', addresses: ['sales@example.com'] }
        : { kind: 'refused' }
    },
    async plainSecret(login) {
      asked.push(login)
      if (login === 'broken') return broken
      if (login !== 'alice') return { kind: 'secret', secret: null }
      return { kind: 'secret', secret: { login, addresses: [], secret: 'wonderland' } }
    },
  }
}

/** Says all responses, one after the other (`null`: nothing yet); gives the last step. */
export async function said(
  exchange: SaslExchange,
  ...responses: readonly (string | Buffer | null)[]
): Promise<SaslStep> {
  let step: SaslStep | null = null
  for (const response of responses) {
    if (step?.kind === 'done') throw new Error('it was over before')
    step = await exchange.next(typeof response === 'string' ? Buffer.from(response) : response)
  }
  return step!
}

/** What came of it, in a word. */
export const outcome = (step: SaslStep): string =>
  step.kind === 'challenge' ? `challenge ${step.data.toString('utf8')}` : step.result.kind
