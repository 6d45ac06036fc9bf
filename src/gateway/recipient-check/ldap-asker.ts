import type { SecretValue } from '../../credentials/credential-secrets.ts'
import { openDirectory } from '../../credentials/ldap/directory.ts'
import { inFilter } from '../../credentials/ldap/template.ts'
import type { LookUp } from '../../credentials/source.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Mailbox } from '../../mail/path.ts'
import type { LdapRecipients } from '../../mail/recipient-check.ts'
import type { Asker } from './asker.ts'

/** A directory: who has an entry that the filter finds exists. */
export function ldapAsker(
  settings: LdapRecipients & { readonly timeoutMs: number },
  secret: SecretValue,
  parts: { readonly clock: Clock; readonly lookUp: LookUp },
): Asker {
  const { base, scope, filter } = settings
  const pool = openDirectory(settings, secret, parts)
  return {
    async ask(mailbox, signal, tell) {
      const filled = fillFilter(filter, mailbox)
      tell(`search below ${base} for ${filled}`)
      const [server, entries] = await pool.use('finder', signal, async (connection) => [
        connection.server.url,
        await connection.search({ base, scope, filter: filled, attributes: [] }).catch(severalEntries),
      ])
      // A reference to another directory comes without a name, and is no entry.
      const entry = entries.find(({ dn }) => dn !== '')
      if (entry === undefined) return { kind: 'unknown', reason: `${server} has no such entry` }
      return { kind: 'exists', reason: `${server} has ${entry.dn}` }
    },
    close: () => pool.close(),
  }
}

/** Result 4, sizeLimitExceeded (RFC 4511 §4.1.9): there are more than were asked for, so there is one. */
function severalEntries(error: Error): readonly { readonly dn: string }[] {
  if ((error.cause as { code?: unknown } | undefined)?.code !== 4) throw error
  return [{ dn: 'several entries' }]
}

/** Nothing in an address means anything in a filter (RFC 4515 §3). */
export const fillFilter = (filter: string, { localPart, domain }: Mailbox): string =>
  filter.replace(/\{(address|localPart|domain)\}/g, (_, name: string) => {
    switch (name) {
      case 'localPart':
        return inFilter(localPart)
      case 'domain':
        return inFilter(domain)
      default:
        return inFilter(`${localPart}@${domain}`)
    }
  })
