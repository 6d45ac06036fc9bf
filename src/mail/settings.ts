import type { LoginSettings } from './login-settings.ts'
import type { NextHopSettings } from './next-hop-settings.ts'
import type { RelayLogin } from './relay-login.ts'

export type { BanSettings } from './ban-settings.ts'
export type { CredentialSettings, LoginSettings, Mechanism, UserSettings } from './login-settings.ts'

/** Values that document, graph and gateway share: plain data, units at the end of each name. */

/** `verify`: certificate and name checked. `encrypt`: TLS or no delivery. `may`: TLS if offered. `off`: never. */
export type TlsLevel = 'off' | 'may' | 'encrypt' | 'verify'

/** A host to connect to: a domain name (A and AAAA, never MX) or an address. */
export type HostPort = { readonly host: string; readonly port: number }

/** A secret is only ever named here. `env:NAME`, `file:/path` or `exec:["prog","arg"]`; resolved by the gateway. */
export type SecretRef = { readonly $secret: string }

export type ListenerSettings = {
  readonly name: string
  readonly kind: 'mx' | 'submission' | 'internal'
  readonly bind: readonly HostPort[]
  /** Name in the greeting and in Received lines. */
  readonly hostname: string
  readonly maxSizeBytes: number
} & LineSettings

/** What a listener may have beside its sockets. Every key is absent where it has its default. */
export type LineSettings = {
  /** Absent: the line is never encrypted. */
  readonly tls?: ListenerTls
  /** Absent: nobody logs in. */
  readonly login?: LoginSettings
  /** A PROXY header begins every connection from these networks (HAProxy's protocol, v1 and v2); refused from others. */
  readonly proxy?: { readonly from: readonly string[]; readonly timeoutMs: number }
  /** Networks of test hosts that may say XCLIENT. */
  readonly xclient?: readonly string[]
  /** Text of the greeting behind the host name, a template (`ingress/greeting.ts`) that the compiler has checked. */
  readonly greeting?: string
  /** Environment variables that the greeting may show. */
  readonly greetingEnvironment?: readonly string[]
  /** How long the greeting waits; who talks before it came is an early talker. */
  readonly greetingDelayMs?: number
  /** `refuse`: 554 in place of the greeting. `observe`: logged alone. */
  readonly earlyTalkers?: 'refuse' | 'observe'
  /** Syntax of MAIL and RCPT. Absent: `loose` on listeners of kind `internal`, else `strict`. Neither lets CR, LF or NUL pass. */
  readonly addresses?: 'strict' | 'loose'
  /** A bare LF in a message. Absent: `strict` (550) on listeners of kind `mx`, else `mend` (CRLF). Nowhere does it end one. */
  readonly lineEndings?: 'strict' | 'mend'
  /** Networks whose VRFY gets a true answer. Absent: 252 for everybody (RFC 5321 §3.5.3). */
  readonly vrfy?: readonly string[]
  /** The TIME command is answered. */
  readonly time?: true
  /** HELO is refused: EHLO only. */
  readonly helo?: 'refuse'
}

export type ListenerTls = {
  /** `offered`: STARTTLS for who wants it. `required`: no mail without it. `implicit`: from the first byte. */
  readonly mode: 'offered' | 'required' | 'implicit'
  /** Names of certificates; the first is the default, others are chosen by SNI. */
  readonly certificates: readonly string[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL's list for TLS 1.2; `null`: the runtime's. */
  readonly ciphers: string | null
  /** File of the certificates that vouch for clients; `null`: clients are not asked for theirs. */
  readonly clientCa: string | null
}

/** A certificate and its key: absolute paths of PEM files on the gateway. */
export type CertificateSettings = { readonly name: string; readonly certificate: string; readonly key: string }

export type RelaySettings = {
  readonly name: string
  /** In order of preference. */
  readonly hosts: readonly HostPort[]
  readonly tls: TlsLevel
  readonly auth: RelayLogin | null
  /** TLS from the first octet on (RFC 8314), in place of STARTTLS; `tls` is `encrypt` or `verify` then. */
  readonly implicitTls?: true
  /** Connections at one moment. */
  readonly connections: number
} & NextHopSettings

export type Limits = {
  readonly sessions: number
  readonly sessionsPerClient: number
  readonly maxSizeBytes: number
  readonly maxRecipients: number
  /** Error replies before the session is closed with 421. */
  readonly maxErrors: number
  /** Received lines; one more is a loop (RFC 5321 §6.3). */
  readonly maxHops: number
  /** Connections at one moment towards one next hop that has no number of its own, and towards all of them. */
  readonly connectionsPerNextHop: number
  readonly connectionsOut: number
  /**
   * Connections at one moment in both directions. What it is more than `sessions` is kept for those going out, what it is
   * more than `connectionsOut` for those coming in. Absent: the two do not take from each other.
   */
  readonly connections?: number
  /** Commands of one session within a minute; more are answered late. Absent: no limit. */
  readonly commandsPerMinute?: number
  /** Slower content than this, over any whole minute, ends the session. Absent: no floor. */
  readonly minBytesPerSecond?: number
}

/** Server side: `command`, `data`, `session`. Client side: the others (RFC 5321 §4.5.3.2). */
export type Timeouts = {
  readonly commandMs: number
  readonly dataMs: number
  readonly sessionMs: number
  readonly connectMs: number
  readonly greetingMs: number
  readonly replyMs: number
  readonly dataBlockMs: number
  readonly dataDoneMs: number
  /** How long an unused connection to a next hop is kept. */
  readonly idleMs: number
}

export type RetryPolicy = {
  /** Waits before the second, third ... attempt; the last one repeats. */
  readonly scheduleMs: readonly number[]
  /** Age at which what is undelivered fails (RFC 5321 §4.5.4.1). */
  readonly expireAfterMs: number
  /** Age at which the sender is told that it is late; `null`: never. Absent in a graph: `defaultWarnAfterMs`. */
  readonly warnAfterMs?: number | null
  /** So many attempts, and it fails with the last answer. Absent: its age alone counts. */
  readonly maxAttempts?: number
}

/** A policy that relays and destinations name; whole, nothing is taken over from another one. */
export type RetrySchedule = { readonly name: string } & RetryPolicy

/** How long records serve beyond their time where nobody has newer ones (RFC 8767 §5 wants a day to three). */
export const usualStaleMs = 86_400_000

export type ResolverSettings = {
  /** Asked in order; the next one on time-out, SERVFAIL or REFUSED. Empty: the system's (resolv.conf). */
  readonly servers: readonly HostPort[]
  readonly timeoutMs: number
  readonly attempts: number
  /** AD is believed of these servers, or of none. Absent: of those on this machine, as nobody else writes it there. */
  readonly trustAd?: boolean
  /** How long records serve beyond their time where nobody has newer ones; 0: never. Absent: a day. */
  readonly serveStaleMs?: number
}

/** What a remote caller of the admin API may do. */
export const adminScopes = ['read', 'prepare', 'activate', 'overlay', 'queue'] as const
export type AdminScope = (typeof adminScopes)[number]

/** The admin API away from its unix socket. */
export type AdminSettings = {
  readonly bind: readonly HostPort[]
  /** Absolute paths of PEM files on the gateway; `null`: no TLS, on a loopback only. */
  readonly tls: { readonly certificate: string; readonly key: string; readonly clientCa: string | null } | null
  /** `sha256` of the token in hexadecimal: the token itself is nowhere. */
  readonly tokens: readonly { readonly name: string; readonly sha256: string; readonly scopes: readonly AdminScope[] }[]
  /** Of client certificates that `clientCa` signed. */
  readonly certificates: readonly { readonly subject: string; readonly scopes: readonly AdminScope[] }[]
}

/** How much is kept of the decisions of sessions (`docs/explain.md`). */
export type EnvelopeLogSettings = {
  /** Age and size of all that is kept; what is older or more is removed. */
  readonly keepMs: number
  readonly maxBytes: number
  readonly localParts: 'plain' | 'hashed'
}

/** What holds where a graph says nothing of it. */
export const defaultEnvelopeLog: EnvelopeLogSettings = {
  keepMs: 7 * 86_400_000,
  maxBytes: 200 * 1024 * 1024,
  localParts: 'plain',
}
