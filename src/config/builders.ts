import type { Reject, Secret, SenderTarget, TableRef, Tag, TlsLevel, Watched } from './define.ts'
import type { TextRef } from './define-notices.ts'

// Each gives the plain data that YAML and JSON spell out: one document, three surfaces, one meaning.

/** To a relay that `relays` declares: its hosts, TLS level and credentials. */
export const via = <const Name extends string>(relay: Name): { readonly relay: Name } => ({ relay })

/**
 * By whom the message is from: `user@a.example`, `*@a.example`, `*@*.a.example`, `<>` for notifications, and `*` for all
 * others, which has to be there.
 */
export const bySender = <const Rows extends { readonly [sender: string]: SenderTarget }>(
  rows: Rows,
): { readonly bySender: Rows } => ({ bySender: rows })

/** To one host by its address records (never MX), on port 25 unless said. An IPv6 address may come with or without brackets. */
export function host(name: string, port?: number): { readonly host: string } {
  if (port === undefined) return { host: name }
  const bare = name.includes(':') && !name.startsWith('[')
  return { host: `${bare ? `[${name}]` : name}:${port}` }
}

/** To several hosts, in order of preference, each `host` or `host:port`. */
export const hosts = (...list: readonly [string, ...string[]]): { readonly hosts: readonly string[] } => ({
  hosts: list,
})

/** To the MX hosts of the recipient's domain (RFC 5321 §5). There is no port to give: MX hosts listen on 25. */
export const mx = (options?: { readonly tls?: TlsLevel }): { readonly mx: true | { readonly tls?: TlsLevel } } => ({
  mx: options ?? true,
})

/** Into a maildir, by default in the state folder. */
export const deliver = (options?: { readonly dir: string }): { readonly deliver: true | { readonly dir: string } } => ({
  deliver: options ?? true,
})

/** Refuses with an SMTP reply. `text` may begin with an enhanced status code: `'5.1.6 this domain has moved'`. */
export const reject = (code: number, text: string): Reject => ({ reject: { code, text } })

/** Marks the message for the next hop, in the field X-Mailgw-Tag, and lets it pass. */
export const tag = (word: string): Tag => ({ tag: word })

/** A file on the gateway with an address or block a line, read again whenever it changes. It is not reviewed with the document. */
export const watched = (path: string): Watched => ({ $watched: path })

/** A reaction: nothing more is handed out to the next hop for so long. */
export const backoff = (time: string): { readonly backoff: string } => ({ backoff: time })

/** A reaction: no more messages than `rate`, such as `'10/1m'`, for so long. */
export const slow = (rate: string, time: string): { readonly slow: string; readonly for: string } => ({
  slow: rate,
  for: time,
})

/** A reaction: the next hop is suspended, as `mailgw dest suspend` does, for so long. */
export const suspend = (time: string): { readonly suspend: string } => ({ suspend: time })

/** Accepts and keeps it in the queue, visible, until an operator moves it. */
export const hold = (reason?: string): { readonly hold: string | true } => ({ hold: reason ?? true })

/** Accepts and throws away. The log is all that remains. */
export const discard = (): { readonly discard: true } => ({ discard: true })

export const env = {
  /** The gateway's environment variable `name`. */
  secret: (name: string): Secret => ({ $secret: `env:${name}` }),
}

export const file = {
  /** The first line of a file on the gateway. */
  secret: (path: string): Secret => ({ $secret: `file:${path}` }),
}

export const exec = {
  /** The first line that a program on the gateway prints. Arguments are passed as they are, never through a shell. */
  secret: (argv: readonly [string, ...string[]]): Secret => ({ $secret: `exec:${JSON.stringify(argv)}` }),
}

/**
 * Another value in each environment (`--env prod`); `default` where none is named. Typed as the value that it will be:
 * the choice is made before anything reads it.
 */
export const byEnv = <const T>(choices: { readonly [environment: string]: T }): T => ({ $env: choices }) as unknown as T

/** Rows from a file beside the document: TSV, CSV, JSON or NDJSON. `header`: its first line names the columns. */
export const table = (path: string, options?: { readonly header: true }): TableRef => ({ $table: path, ...options })

/** The text of a file beside the document, for a notification. */
export const textFile = (path: string): TextRef => ({ $text: path })

/**
 * Lets anybody send anything anywhere through this gateway, until the day named. It will be found and abused within hours
 * unless something outside of mailgw keeps strangers away.
 */
export const unsafeOpenRelay = (why: { readonly reason: string; readonly until: string }) => ({ unsafeOpenRelay: why })

/** Unknown recipients of a domain go to this mailbox. */
export const catchAll = (mailbox: string): { readonly catchAll: string } => ({ catchAll: mailbox })

/** Unknown recipients of a domain are accepted and held, visibly, in the queue. */
export const park = (): 'park' => 'park'
