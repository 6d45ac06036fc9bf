import type { OauthSettings } from '../../mail/login-settings.ts'
import { isLogin, readAddresses } from '../acceptance.ts'
import type { Found } from '../source.ts'

/** What a token says of itself, whoever vouches for it. */
export type Claims = ReadonlyMap<string, unknown>

/** `why` is for the log. */
export type ClaimsVerdict = { readonly found: Found; readonly why: string | null }

/**
 * Whether what a token says fits to the document: issuer, audience, times, scopes, and a login. A time that is no number,
 * an audience that is no text: not understood, and so refused (RFC 7519 §4.1). `mustHave`: these must be there, because
 * nobody but the token itself vouches for it.
 */
export function judgeClaims(
  claims: Claims,
  settings: OauthSettings,
  hint: string | null,
  now: number,
  mustHave: readonly string[],
): ClaimsVerdict {
  const refused = (why: string): ClaimsVerdict => ({ found: { kind: 'refused' }, why })
  const { issuer, audience, scopes, claim, addressesClaim, skewMs } = settings
  for (const name of mustHave) if (claims.get(name) === undefined) return refused(`it has no ${name}`)

  if (issuer !== null) {
    const said = claims.get('iss')
    // Of somebody else: another back-end may know it.
    if (said !== issuer) return { found: { kind: 'unknown' }, why: `its issuer is ${shown(said)}, not ${issuer}` }
  }
  const expiresAt = timeOf(claims.get('exp'))
  if (expiresAt === 'wrong') return refused('its exp is no time')
  if (expiresAt !== null && expiresAt + skewMs <= now) return refused('it has expired')
  const notBefore = timeOf(claims.get('nbf'))
  if (notBefore === 'wrong') return refused('its nbf is no time')
  if (notBefore !== null && notBefore - skewMs > now) return refused('it does not hold yet')

  if (audience.length > 0) {
    const said = claims.get('aud')
    const all = Array.isArray(said) ? said : [said]
    if (!all.some((one) => typeof one === 'string' && audience.includes(one))) {
      return refused(`it is for ${shown(said)}, not for us`)
    }
  }
  // `scp` is what Microsoft calls it; some give a list.
  const granted = scopesOf(claims.get('scope') ?? claims.get('scp'))
  const missing = scopes.find((scope) => !granted.has(scope))
  if (missing !== undefined) return refused(`it has not the scope ${missing}`)

  const login = claims.get(claim)
  if (!isLogin(login)) return refused(`its claim ${claim} names no login`)
  const addresses = addressesClaim === null ? [] : readAddresses([claims.get(addressesClaim) ?? []].flat())
  if (addresses === null) return refused(`its claim ${addressesClaim} is no list of addresses`)
  const own = [login, ...addresses].map((name) => name.toLowerCase())
  if (hint !== null && !own.includes(hint.toLowerCase())) return refused('the client says to be somebody else')
  const until = expiresAt === null ? {} : { expiresAt: expiresAt + skewMs }
  return { found: { kind: 'accepted', login, addresses, ...until }, why: null }
}

/** A NumericDate (RFC 7519 §2) in epoch ms; `null`: there is none. */
function timeOf(value: unknown): number | null | 'wrong' {
  if (value === undefined || value === null) return null
  return typeof value === 'number' && Number.isFinite(value) ? value * 1000 : 'wrong'
}

function scopesOf(value: unknown): ReadonlySet<string> {
  const all = Array.isArray(value) ? value : [value]
  return new Set(all.flatMap((one) => (typeof one === 'string' ? one.split(' ') : [])))
}

/** For the log: it was said by a stranger. */
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nobody').slice(0, 200)
