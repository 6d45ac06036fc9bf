import { keyOfLogin, type OauthClient, type OauthGrant, wholeName } from '../../mail/relay-login.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'
import type { SecretRef } from '../../mail/settings.ts'
import { assertion } from './assertion.ts'
import { readServiceAccount, readSigningKey, type SigningKey } from './signing-key.ts'

export type GrantRequestParts = {
  /** By reference text; keys under their `wholeName`. */
  readonly secrets: ReadonlyMap<string, string>
  /** Makes each assertion another one (`jti`). */
  readonly id: () => string
}

/**
 * Makes the body of a request for a token. `now` is the time as the endpoint has it; `refreshToken` the newest that came.
 */
export type GrantRequest = (now: number, refreshToken: string | null) => string

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const clientAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Reads all keys once. Wrong: a key is none, in words without any of it. */
export function grantRequest(grant: OauthGrant, { secrets, id }: GrantRequestParts): Result<GrantRequest> {
  const secretOf = ({ $secret }: SecretRef): string => {
    const value = secrets.get($secret)
    if (value === undefined) throw new Error(`${$secret} was not resolved when the graph was made ready`)
    return value
  }
  const ref = keyOfLogin({ user: '', oauth: grant })
  const key = ref === null ? null : (secrets.get(wholeName(ref)) ?? '')
  const scope: Record<string, string> = grant.scopes.length === 0 ? {} : { scope: grant.scopes.join(' ') }
  const form = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString()

  if (grant.kind === 'service-account') {
    const account = readServiceAccount(key ?? '')
    if (!account.ok) return account
    const { email } = account.value
    const subject = grant.subject === undefined ? {} : { sub: grant.subject }
    return ok((now) => {
      // Here the scope is one of the claims.
      const claims = { iss: email, ...subject, ...scope, aud: grant.tokenUrl, jti: id() }
      return form({ grant_type: jwtBearer, assertion: assertion(account.value, claims, now) })
    })
  }

  const { client } = grant
  let signer: SigningKey | null = null
  if ('key' in client) {
    const read = readSigningKey(key ?? '', client.keyId ?? null)
    if (!read.ok) return wrong(read.error)
    signer = read.value
  }
  const own = (now: number) => clientFields(client, grant.tokenUrl, signer, secretOf, now, id)
  if (grant.kind === 'client-credentials') {
    return ok((now) => form({ grant_type: 'client_credentials', ...scope, ...own(now) }))
  }
  return ok((now, newest) => {
    const refresh_token = newest ?? secretOf(grant.refreshToken)
    return form({ grant_type: 'refresh_token', refresh_token, ...scope, ...own(now) })
  })
}

/** In the body, as Microsoft and Google want it (RFC 6749 §2.3.1 lets a server have it there). */
function clientFields(
  client: OauthClient,
  audience: string,
  signer: SigningKey | null,
  secretOf: (ref: SecretRef) => string,
  now: number,
  jti: () => string,
): Record<string, string> {
  const { id } = client
  if ('secret' in client) return { client_id: id, client_secret: secretOf(client.secret) }
  if (signer === null) return { client_id: id }
  const claims = { iss: id, sub: id, aud: audience, jti: jti() }
  return {
    client_id: id,
    client_assertion_type: clientAssertion,
    client_assertion: assertion(signer, claims, now),
  }
}
