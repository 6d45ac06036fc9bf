import type { Entry } from 'ldapts'
import type { LdapSettings } from '../../mail/login-settings.ts'
import { assertNever } from '../../mail/result.ts'
import type { SecretValue } from '../credential-secrets.ts'
import type { Found, Source, SourceParts } from '../source.ts'
import type { LdapConnection } from './connection.ts'
import { openDirectory } from './directory.ts'
import { fillDn, fillFilter } from './template.ts'

/** Addresses of one login that are looked at. */
const maxAddresses = 1000

/** An LDAP directory (RFC 4511): it checks a password by a bind, and never shows one. */
export function ldapSource(
  settings: LdapSettings & { readonly timeoutMs: number },
  secret: SecretValue,
  parts: SourceParts,
): Source {
  const { find, addresses } = settings
  const attributes = addresses === null ? [] : [addresses]
  const bind = find.kind === 'search' ? find.bind : null
  const pool = openDirectory({ ...settings, bind }, secret, parts)

  const accepted = (login: string, entry: Entry | undefined): Found => ({
    kind: 'accepted',
    login,
    addresses: addresses === null || entry === undefined ? [] : addressesIn(entry, addresses),
  })

  async function byDn(dn: string, login: string, password: string, signal: AbortSignal): Promise<Found> {
    return await pool.use('checker', signal, async (connection: LdapConnection): Promise<Found> => {
      if (!(await connection.bind(dn, password))) return { kind: 'refused' }
      if (attributes.length === 0) return accepted(login, undefined)
      const own = { base: dn, scope: 'base', filter: '(objectClass=*)', attributes } as const
      const [entry] = await connection.search(own)
      return accepted(login, entry)
    })
  }

  return {
    async checkPassword(login, password, _context, signal) {
      switch (find.kind) {
        case 'dn':
          return await byDn(fillDn(find.dn, login), login, password, signal)
        case 'search': {
          const { base, scope } = find
          const search = { base, scope, filter: fillFilter(find.filter, login), attributes }
          const entries = await pool.use('finder', signal, (connection) => connection.search(search))
          const [entry] = entries
          if (entry === undefined || entry.dn === '') return { kind: 'unknown' }
          if (entries.length > 1) throw new Error('the search finds more than one entry for one login')
          const isBound = await pool.use('checker', signal, (connection) => connection.bind(entry.dn, password))
          return isBound ? accepted(login, entry) : { kind: 'refused' }
        }
        default:
          return assertNever(find)
      }
    },
    async close() {
      pool.close()
    },
  }
}

/** Directories of Microsoft write `SMTP:` and `smtp:` before addresses, and keep other kinds beside them (`x500:`). */
function addressesIn(entry: Entry, attribute: string): readonly string[] {
  const wanted = attribute.toLowerCase()
  const key = Object.keys(entry).find((name) => name.toLowerCase() === wanted)
  const values = key === undefined ? [] : [entry[key]!].flat()
  return values
    .filter((value): value is string => typeof value === 'string')
    .filter((value) => !/^[a-z0-9]+:/i.test(value) || /^smtp:/i.test(value))
    .map((value) => value.replace(/^smtp:/i, ''))
    .slice(0, maxAddresses)
}
