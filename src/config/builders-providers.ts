import type { Secret } from './define.ts'
import type { RelayOauth } from './define-relay.ts'

// Relays with what two providers want of who sends through them, as plain data: YAML and JSON spell the same out
// (docs/providers.md). Each may be spread, and any key of it replaced.

/** Exactly one of `secret` and `key`. */
type Microsoft365 = {
  /** Directory (tenant) id, or a domain of the organisation. */
  readonly tenant: string
  /** Application (client) id. */
  readonly clientId: string
  /** The mailbox that mail is sent from. */
  readonly mailbox: string
  readonly secret?: Secret
  /** PEM with private key and certificate, in place of `secret`. */
  readonly key?: Secret
}

/**
 * Microsoft 365 by SMTP AUTH with the application's own token. Its limits for one mailbox: three connections at one moment,
 * thirty messages a minute, ten thousand recipients a day.
 */
export const microsoft365 = ({ tenant, clientId, mailbox, secret, key }: Microsoft365) => ({
  hosts: 'smtp.office365.com:587',
  tls: 'verify' as const,
  auth: {
    user: mailbox,
    oauth: {
      tokenUrl: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
      scopes: 'https://outlook.office365.com/.default',
      client: { id: clientId, ...(secret === undefined ? {} : { secret }), ...(key === undefined ? {} : { key }) },
    } satisfies RelayOauth,
  },
  connections: 3,
  rate: '30/1m',
  reactions: [
    { match: '432 4.3.2', do: { backoff: '1m' } },
    { match: '4.3.2 sender thread limit exceeded', do: { backoff: '1m' } },
    { match: '5.2.0 *RecipientLimit', do: { suspend: '6h' } },
    { match: '5.1.90', do: { suspend: '6h' } },
    { match: '5.7.708', do: { suspend: '1h' } },
  ],
})

type GoogleWorkspace = {
  /** The mailbox that mail is sent from. */
  readonly mailbox: string
  /** The JSON file of a key of a service account that may act for the mailboxes of the domain. */
  readonly account: Secret
}

/** Google Workspace with a service account. Its limits for one mailbox: two thousand messages a day, a hundred recipients each. */
export const googleWorkspace = ({ mailbox, account }: GoogleWorkspace) => ({
  hosts: 'smtp.gmail.com:587',
  tls: 'verify' as const,
  auth: {
    user: mailbox,
    oauth: {
      tokenUrl: 'https://oauth2.googleapis.com/token',
      scopes: 'https://mail.google.com/',
      serviceAccount: { account, subject: mailbox },
    } satisfies RelayOauth,
  },
  connections: 5,
  rate: '2000/1d',
  recipientsPerMessage: 100,
  reactions: [
    { match: '4.7.0 try again later', do: { backoff: '5m' } },
    { match: '4.7.28', do: { slow: '10/1m', for: '1h' } },
    { match: '5.4.5', do: { suspend: '1h' } },
  ],
})
