import { createSecureContext, type SecureContext } from 'node:tls'

type Authorities = string | readonly string[] | undefined

let latest: { readonly ca: Authorities; readonly context: SecureContext } | null = null

/**
 * What TLS towards other hosts begins with: their authorities, and nothing below TLS 1.2 (RFC 8996). Made once: to read
 * some hundred certificates for each connection would cost more than the handshake.
 */
export function authorities(ca: Authorities): SecureContext {
  if (latest === null || latest.ca !== ca) {
    const own = ca === undefined ? {} : { ca: ca as string | string[] }
    latest = { ca, context: createSecureContext({ ...own, minVersion: 'TLSv1.2' }) }
  }
  return latest.context
}
