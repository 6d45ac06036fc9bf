import type { OauthSettings } from '../../mail/login-settings.ts'
import { parseJson } from '../acceptance.ts'
import type { SecretValue } from '../credential-secrets.ts'
import type { Source, SourceParts } from '../source.ts'
import { webEndpoint } from '../web-call.ts'
import { fits, isSignedBy, parseJws } from './jws.ts'
import { KeySet } from './key-set.ts'
import { type ClaimsVerdict, judgeClaims } from './token-claims.ts'

type Judge = (token: string, hint: string | null, signal: AbortSignal) => Promise<ClaimsVerdict>

/** Bearer tokens (RFC 6750) in place of passwords: shown to the server that gave them, or checked by its public keys. */
export function oauthSource(
  settings: OauthSettings & { readonly id: string },
  secret: SecretValue,
  { clock, log, lookUp }: SourceParts,
): Source {
  const { check, ca, id } = settings
  const endpoint = webEndpoint(check.url, ca, lookUp)

  /** RFC 7662. The server vouches for all that it says of an active token. */
  function introspect(client: Extract<OauthSettings['check'], { kind: 'introspection' }>['client']): Judge {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(client === null ? {} : { authorization: basic(client.id, secret(client.secret)) }),
    }
    return async (token, hint, signal) => {
      const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString()
      const answer = await endpoint.call({ method: 'POST', headers, body }, signal)
      // 401 says that OUR secret is wrong.
      if (answer.status !== 200) throw new Error(`the introspection endpoint answers ${answer.status}`)
      const said = parseJson(answer.body)
      const claims = new Map(Object.entries((said.ok ? said.value : null) ?? {}))
      const active = claims.get('active')
      if (typeof active !== 'boolean') throw new Error('the introspection endpoint does not say whether it is active')
      // It may be a token of another server, which another back-end knows.
      if (!active) return { found: { kind: 'unknown' }, why: 'it is not active' }
      return judgeClaims(claims, settings, hint, clock.now(), [])
    }
  }

  /** RFC 7519, RFC 9068. Nobody but the signature vouches for it, so it must say for whom it is and for how long. */
  function byKeys(algorithms: readonly string[]): Judge {
    const keys = new KeySet(endpoint, clock, (why) => log.warn('credentials.keys-failing', { backend: id, why }))
    return async (token, hint) => {
      const unknown = (why: string): ClaimsVerdict => ({ found: { kind: 'unknown' }, why })
      const jws = parseJws(token)
      if (!jws.ok) return unknown(jws.error)
      const { algorithm, keyId, claims } = jws.value
      // Before any key is looked for: what is of another issuer is none of our business.
      if (settings.issuer !== null && claims.get('iss') !== settings.issuer) return unknown('another issuer made it')
      if (!algorithms.includes(algorithm)) return refused(`its algorithm ${algorithm.slice(0, 20)} is not allowed`)
      const found = await keys.find(keyId)
      const usable = found.filter((one) => (one.algorithm ?? algorithm) === algorithm && fits(algorithm, one.key))
      if (usable.length === 0) return refused('no key of the issuer fits to it')
      if (!usable.some(({ key }) => isSignedBy(jws.value, key))) return refused('its signature is wrong')
      return judgeClaims(claims, settings, hint, clock.now(), ['exp', 'iss', 'aud'])
    }
  }

  const judge = check.kind === 'introspection' ? introspect(check.client) : byKeys(check.algorithms)

  return {
    async checkToken(token, hint, _context, signal) {
      const { found, why } = await judge(token, hint, signal)
      if (why !== null) log.info('credentials.token-refused', { backend: id, why })
      return found
    },
    async close() {
      endpoint.close()
    },
  }
}

const refused = (why: string): ClaimsVerdict => ({ found: { kind: 'refused' }, why })

/** RFC 6749 §2.3.1: both parts are form-encoded first. */
function basic(id: string, secret: string): string {
  const encoded = [id, secret].map((part) => new URLSearchParams({ x: part }).toString().slice(2)).join(':')
  return `Basic ${Buffer.from(encoded, 'utf8').toString('base64')}`
}
