import { prepareLogin } from '../../mail/sasl-prep.ts'
import type { LoginContext, ScramFound } from '../authenticator.ts'
import { checkProof } from '../passwords/scram-keys.ts'
import type { Logins, SaslExchange, SaslStep } from './exchange.ts'
import { done, malformed, refused, utf8 } from './password-message.ts'
import { type ClientFirst, parseClientFinal, parseClientFirst } from './scram-message.ts'

export type ScramOptions = {
  readonly logins: Logins
  readonly context: LoginContext
  /** The mechanism is SCRAM-SHA-256-PLUS. */
  readonly plus: boolean
  /** EHLO offered it on this line: a client that says it was not was lied to by somebody between us. */
  readonly plusOffered: boolean
  readonly random: (bytes: number) => Buffer
}

type Begun = {
  readonly first: ClientFirst
  readonly found: Extract<ScramFound, { kind: 'keys' }>
  readonly nonce: string
  readonly serverFirst: string
}

const empty: SaslStep = { kind: 'challenge', data: Buffer.alloc(0) }

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): both sides show that they know the password, and neither the line nor our file
 * holds enough to log in with. With -PLUS the proof also covers the TLS connection itself (`tls-exporter`, RFC 9266): who
 * stands in the middle of two TLS connections cannot pass it on.
 *
 * A login that nobody has goes on to the end, and fails there.
 */
export function scram({ logins, context, plus, plusOffered, random }: ScramOptions): SaslExchange {
  let begun: Begun | null = null

  async function begin(message: string): Promise<SaslStep> {
    const first = parseClientFirst(message)
    if (!first.ok) return malformed(first.error)
    const { binding, identity, nonce } = first.value
    if (plus !== (binding.kind === 'used'))
      return malformed('channel binding is for SCRAM-SHA-256-PLUS, and for it alone')
    if (binding.kind === 'used' && binding.name !== 'tls-exporter') {
      return malformed('channel binding is tls-exporter here')
    }
    // Somebody has taken -PLUS out of what we offered (RFC 5802 §6).
    if (binding.kind === 'tried' && plusOffered) return refused
    const login = prepareLogin(first.value.login)
    if (login === null || (identity !== null && prepareLogin(identity) !== login)) return refused
    const found = await logins.scram(login, context)
    if (found.kind === 'error') return done(found)
    const both = nonce + random(18).toString('base64')
    const { salt, iterations } = found.keys
    const serverFirst = `r=${both},s=${salt.toString('base64')},i=${iterations}`
    begun = { first: first.value, found, nonce: both, serverFirst }
    return { kind: 'challenge', data: Buffer.from(serverFirst, 'latin1') }
  }

  function end({ first, found, nonce, serverFirst }: Begun, message: string): SaslStep {
    const final = parseClientFinal(message)
    if (!final.ok) return malformed(final.error)
    const bound = plus ? context.channelBinding?.() : Buffer.alloc(0)
    if (bound === null || bound === undefined)
      return done({ kind: 'error', why: 'the TLS connection gave no channel binding' })
    const header = Buffer.concat([Buffer.from(first.gs2Header, 'utf8'), bound])
    const sameLine = final.value.binding.equals(header) && final.value.nonce === nonce
    const signed = `${first.bare},${serverFirst},${final.value.withoutProof}`
    const signature = checkProof(found.keys, signed, final.value.proof)
    if (!sameLine || signature === null || !found.known) return refused
    const { login, addresses } = found.keys
    return done({ kind: 'accepted', login, addresses }, Buffer.from(`v=${signature.toString('base64')}`, 'latin1'))
  }

  return {
    async next(response) {
      if (response === null) return empty
      const message = utf8(response)
      if (message === null) return malformed('a message of SCRAM is UTF-8')
      return begun === null ? await begin(message) : end(begun, message)
    },
  }
}
