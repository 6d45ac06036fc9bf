import type { Authenticator, Checked } from '../authenticator.ts'

/** What a mechanism asks. */
export type Logins = Pick<Authenticator, 'checkPassword' | 'scram' | 'checkToken' | 'plainSecret'>

/**
 * What the server says next. `challenge` goes to the client in base64; `final` are octets that some mechanisms send with
 * their success: over SMTP as one more challenge, which the client answers with nothing (RFC 4954 §4).
 */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly data: Buffer }
  | { readonly kind: 'done'; readonly result: SaslResult; readonly final: Buffer | null }

/** `malformed`: what the client sent is no message of the mechanism. It is told so (501), and it counts as a failure. */
export type SaslResult = Checked | { readonly kind: 'malformed'; readonly status: string; readonly why: string }

/**
 * One attempt to log in, by one mechanism. `response` is what the client sent, decoded; `null` at the beginning when it
 * sent nothing yet. It is not asked again after `done`. It never rejects.
 */
export type SaslExchange = {
  next(response: Buffer | null): Promise<SaslStep>
}
