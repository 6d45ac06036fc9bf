import { createSecureContext, type SecureContext } from 'node:tls'
import type { ListenerSettings, ListenerTls } from '../../mail/settings.ts'
import { type Authorities, CertificateError, type Pair } from './certificate.ts'

/** The certificates of one listener, as a handshake needs them. A renewed certificate changes what `choose` gives. */
export type TlsContexts = {
  /** Clients are asked for a certificate; whoever has none goes on without. */
  readonly asksClients: boolean
  /** There is more than one certificate: the name that the client asks for decides. */
  readonly several: boolean
  /** For the host that the client named (RFC 6066 §3); `null`, or a name that nobody has: the first one. */
  choose(serverName: string | null): SecureContext
}

/** What a listener speaks TLS with, made of files that were read already; `renew` takes over files that were read anew. */
export type ListenerContexts = TlsContexts & {
  readonly settings: ListenerTls
  /** @throws CertificateError when OpenSSL refuses them; then the old ones stay */
  renew(pairs: readonly Pair[], authorities: Authorities | null): void
}

/** Offered beside a list for TLS 1.2, which would turn off TLS 1.3 otherwise. */
const suites13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'

/** @throws CertificateError */
export function listenerContexts(
  listener: ListenerSettings,
  tls: ListenerTls,
  pairs: readonly Pair[],
  authorities: Authorities | null,
): ListenerContexts {
  let first: SecureContext
  let byName: ReadonlyMap<string, SecureContext>
  const renew = (pairs: readonly Pair[], authorities: Authorities | null): void => {
    const made = pairs.map((pair) => ({ pair, context: contextOf(listener, tls, pair, authorities) }))
    const names = new Map<string, SecureContext>()
    // Of two certificates for one name, the one that stands first in the document.
    for (const { pair, context } of [...made].reverse()) for (const name of pair.names) names.set(name, context)
    first = made[0]!.context
    byName = names
  }
  renew(pairs, authorities)
  return {
    settings: tls,
    asksClients: authorities !== null,
    several: pairs.length > 1,
    renew,
    choose(serverName) {
      if (serverName === null) return first
      const name = serverName.toLowerCase()
      const dot = name.indexOf('.')
      // "*" stands for one label (RFC 6125 §6.4.3).
      return byName.get(name) ?? (dot < 0 ? undefined : byName.get(`*${name.slice(dot)}`)) ?? first
    },
  }
}

function contextOf(
  { name }: ListenerSettings,
  { minVersion, ciphers }: ListenerTls,
  pair: Pair,
  authorities: Authorities | null,
): SecureContext {
  const all = ciphers === null || /(^|:)TLS_/.test(ciphers) ? ciphers : `${suites13}:${ciphers}`
  try {
    return createSecureContext({
      cert: pair.chain,
      key: pair.key,
      minVersion,
      honorCipherOrder: true,
      // Without it OpenSSL refuses to resume the session of a client that showed a certificate.
      sessionIdContext: 'mailgw',
      ...(all !== null && { ciphers: all }),
      ...(authorities !== null && { ca: authorities.pem }),
    })
  } catch (error) {
    const { reason, message } = error as Error & { readonly reason?: string }
    const why = `OpenSSL refuses it for the listener ${name}: ${reason ?? message}`
    throw new CertificateError(pair.settings.certificate, why, error)
  }
}
