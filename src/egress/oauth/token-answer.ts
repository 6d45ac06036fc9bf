/** What a token endpoint answers (RFC 6749 §5), read with the suspicion that everything from outside gets. */
export type TokenAnswer =
  | {
      readonly kind: 'token'
      readonly token: string
      readonly lifetimeMs: number
      /** In place of the one that was used; `null`: that one still holds. */
      readonly refreshToken: string | null
    }
  /** `final`: the same question gets the same answer until somebody changes something there or here. */
  | { readonly kind: 'refused'; readonly code: string; readonly why: string; readonly isFinal: boolean }

/** Some issuers make tokens of several thousand characters; a line of AUTH holds 12,288 (RFC 4954 §4), in base64. */
const maxToken = 8192
const usualLifetimeMs = 3_600_000
const shortestMs = 30_000
const longestMs = 24 * 3_600_000

/** RFC 6749 §5.2, and what providers have beside it; all others may pass. */
const finalCodes = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
  'invalid_resource',
  'interaction_required',
])

export function readTokenAnswer(status: number, body: string): TokenAnswer {
  const fields = fieldsOf(body)
  if (fields === null) return passing(`answers ${status} and no JSON`)
  const error = fields.get('error')
  if (status !== 200 || error !== undefined) return refusal(status, fields)

  const token = fields.get('access_token')
  const type = fields.get('token_type')
  if (!isToken(token)) return passing('gives no access token that could be one')
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    return passing('gives a token that is no bearer token')
  const refresh = fields.get('refresh_token')
  return {
    kind: 'token',
    token,
    lifetimeMs: lifetimeOf(fields.get('expires_in')),
    refreshToken: isToken(refresh) ? refresh : null,
  }
}

/** Microsoft's `AADSTS...` numbers tell more than the code of the standard. */
function refusal(status: number, fields: ReadonlyMap<string, unknown>): TokenAnswer {
  const code = wordOf(fields.get('error'), 60)
  if (code === '') return passing(`answers ${status}`)
  const description = wordOf(fields.get('error_description'), 4000)
  const number = /\bAADSTS\d{4,8}\b/.exec(description)?.[0]
  // Microsoft goes on with a trace, a correlation and a time, of which the first sentence is what a person reads.
  const sentence = description.replace(/\s*(?:Trace ID|Correlation ID|Timestamp):.*$/s, '').slice(0, 300)
  const isFinal = finalCodes.has(code) && status < 500
  return {
    kind: 'refused',
    code: number ?? code,
    why: `refuses (${code})${sentence === '' ? '' : `: ${sentence}`}`,
    isFinal,
  }
}

const passing = (why: string): TokenAnswer => ({ kind: 'refused', code: '', why, isFinal: false })

function fieldsOf(body: string): ReadonlyMap<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : null
  } catch {
    return null
  }
}

/** b64token (RFC 6750 §2.1), and for refresh tokens all that is printable (RFC 6749 appendix A). */
const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= maxToken && /^[!-~]+$/.test(value)

/** Providers write a number, some as a text; what it cannot be is an hour. */
function lifetimeOf(value: unknown): number {
  const seconds = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return usualLifetimeMs
  return Math.min(longestMs, Math.max(shortestMs, Math.floor(seconds) * 1000))
}

/** One line of printable characters: it goes into logs. */
const wordOf = (value: unknown, most: number): string =>
  typeof value === 'string'
    ? value
        .slice(0, most)
        .replace(/[^ -~]+/g, ' ')
        .trim()
    : ''
