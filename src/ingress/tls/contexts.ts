import type { SecureContext } from 'node:tls'

/** The certificates of one listener, as a handshake needs them. A renewed certificate changes what `choose` gives. */
export type TlsContexts = {
  /** Clients are asked for a certificate; whoever has none goes on without. */
  readonly asksClients: boolean
  /** There is more than one certificate: the name that the client asks for decides. */
  readonly several: boolean
  /** For the host that the client named (RFC 6066 §3); `null`, or a name that nobody has: the first one. */
  choose(serverName: string | null): SecureContext
}
