/**
 * One SMTP reply (RFC 5321 §4.2) with its enhanced status code (RFC 2034, RFC 3463), in either direction.
 * `status` is `null` where the RFC has none (greeting, EHLO, 354) or where the peer sent none.
 * `text` may hold several lines, divided by `\n`.
 */
export type Reply = {
  readonly code: number
  readonly status: string | null
  readonly text: string
}

export const reply = (code: number, status: string | null, text: string): Reply => ({ code, status, text })

/** `550 5.1.1 no such user`. */
export const replyText = ({ code, status, text }: Reply): string =>
  `${code}${status === null ? '' : ` ${status}`} ${text}`
