import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TlsContexts } from './contexts.ts'

/** What a handshake came to. */
export type Secured = {
  /** Version and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string
  /** The host that the client wanted, `null`: it named none. */
  readonly serverName: string | null
  /** `sha256:` and the fingerprint of the client's certificate, when it was verified; `null`: none was. */
  readonly certificate: string | null
  /** The octets of `tls-exporter` (RFC 9266); `null` where they bind nothing, which is before TLS 1.3. */
  readonly channelBinding: () => Buffer | null
}

/** `went`: the client has just gone away, as whoever only looks whether somebody listens does. */
export type Failed = (why: string, went: boolean) => void
type Outcome = { readonly done: (secured: Secured) => void; readonly failed: Failed }

/**
 * The server's side of a handshake on a connection that is there already. One of the two outcomes is called, once; after
 * `failed`, and for any error later, the connection is destroyed. Renegotiation (TLS 1.2) is refused, as each costs us
 * many times what it costs the client. No protocol is agreed on by ALPN: SMTP has no name there.
 */
export function acceptTls(socket: Socket, contexts: TlsContexts, { done, failed }: Outcome): TLSSocket {
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: contexts.choose(null),
    ...(contexts.several && {
      SNICallback: (serverName, answer) => answer(null, contexts.choose(serverName)),
    }),
    requestCert: contexts.asksClients,
    // A client without a certificate, or with one of somebody else's, is a client without an identity.
    rejectUnauthorized: false,
  })
  secure.disableRenegotiation()
  let settled = false
  const fail = (error: Error, went = false) => {
    if (!settled) {
      settled = true
      failed(reasonOf(error), went)
    }
    secure.destroy()
  }
  // Before the handshake is over, and for a renegotiation, errors come by this event alone.
  secure.on('_tlsError', (error) => fail(error))
  secure.on('error', (error) => fail(error))
  // A half-closed line is of use to a session, and none to a handshake.
  secure.on('end', () => {
    if (!settled) fail(new Error('the client ended the connection'), true)
  })
  secure.on('close', () => fail(new Error('the connection was closed'), true))
  secure.on('secure', () => {
    if (settled) return
    settled = true
    done(securedOf(secure, contexts))
  })
  return secure
}

function securedOf(socket: TLSSocket, contexts: TlsContexts): Secured {
  const protocol = socket.getProtocol() ?? 'TLS'
  const { servername } = socket as unknown as { readonly servername?: string | false | null }
  return {
    cipher: `${protocol} ${socket.getCipher().name}`,
    serverName: servername || null,
    certificate: contexts.asksClients ? verifiedCertificate(socket) : null,
    channelBinding: () =>
      protocol === 'TLSv1.3' ? socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) : null,
  }
}

/**
 * The fingerprint of the client's certificate when an authority of ours has signed it. Node says so by `authorized`, but
 * only to sockets that a `tls.Server` has accepted; the same question is asked here, and no answer is a no. A resumed
 * session without any certificate counts as verified there: so one must be there, too.
 */
function verifiedCertificate(socket: TLSSocket): string | null {
  const { ssl } = socket as unknown as { readonly ssl: { verifyError?(): Error | null | undefined } | null }
  if (typeof ssl?.verifyError !== 'function' || ssl.verifyError() != null) return null
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return null
  return `sha256:${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`
}

/** OpenSSL's own words are long; the part that says what was wrong is not. */
function reasonOf(error: Error): string {
  const { reason, code } = error as { readonly reason?: string; readonly code?: string }
  return reason ?? (code === undefined ? error.message : `${error.message} (${code})`)
}
