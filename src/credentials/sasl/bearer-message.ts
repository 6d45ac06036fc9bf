import { ok, type Result, wrong } from '../../mail/result.ts'

export type Bearer = {
  readonly token: string
  /** Whose it is, as the client says; `null`: it says nothing. */
  readonly login: string | null
}

/** Some issuers make tokens of several thousand characters. */
const maxToken = 8192
// b64token (RFC 6750 §2.1), and the scheme in either case.
const bearer = /^Bearer +([\w~+/.-]+=*)$/i

/** OAUTHBEARER (RFC 7628 §3.1): a gs2 header, then `key=value` pairs, each ended by %x01, and one %x01 more. */
export function parseOauthBearer(message: string): Result<Bearer> {
  const header = /^([nyp])[^,\x01]*,(?:a=([^,\x01\0]{1,1024}))?,\x01/.exec(message)
  if (header === null) return wrong('OAUTHBEARER begins with a gs2 header')
  if (header[1] === 'p') return wrong('OAUTHBEARER has no channel binding')
  const pairs = pairsOf(message.slice(header[0].length))
  if (pairs === null) return wrong('OAUTHBEARER is key=value pairs, each ended by %x01')
  const login = header[2] === undefined ? null : nameOf(header[2])
  if (header[2] !== undefined && login === null) return wrong('the identity is not written as OAUTHBEARER wants it')
  return withToken(pairs, login)
}

/** XOAUTH2, as the large providers define it: `user=...`, `auth=Bearer ...`, each ended by %x01, and one %x01 more. */
export function parseXoauth2(message: string): Result<Bearer> {
  const pairs = pairsOf(message)
  const user = pairs?.get('user')
  if (pairs === null || user === undefined || user === '') return wrong('XOAUTH2 is user=... and auth=Bearer ...')
  return withToken(pairs, user)
}

function withToken(pairs: ReadonlyMap<string, string>, login: string | null): Result<Bearer> {
  const token = bearer.exec(pairs.get('auth') ?? '')?.[1]
  if (token === undefined || token.length > maxToken) return wrong('the token is missing, or is none')
  return ok({ token, login })
}

/** `null`: they are no pairs, or a key is there twice. */
function pairsOf(text: string): ReadonlyMap<string, string> | null {
  if (!text.endsWith('\x01\x01')) return null
  const pairs = new Map<string, string>()
  for (const part of text.slice(0, -2).split('\x01')) {
    const found = /^([A-Za-z]{1,32})=([\t\n\r -~\u0080-\u{10ffff}]*)$/u.exec(part)
    if (found === null || pairs.has(found[1]!.toLowerCase())) return null
    pairs.set(found[1]!.toLowerCase(), found[2]!)
  }
  return pairs
}

function nameOf(text: string): string | null {
  return /=(?!2C|3D)/.test(text) ? null : text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
