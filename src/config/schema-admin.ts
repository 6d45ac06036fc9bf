import { adminScopes } from '../mail/settings.ts'
import { keys, list, many, named, oneOf, text } from './schema-values.ts'

const scopes = list(oneOf(adminScopes), 'scopes').meta({
  description:
    '`read`: status, graphs, journal, messages. `prepare`: upload and make ready; changes nothing. `activate`: put live, confirm, roll back. `overlay`: emergency restrictions. `queue`: read, move and drop what waits.',
  examples: [['read', 'prepare']],
})

const pem = (what: string) =>
  text('an absolute path').meta({
    description: `${what}, an absolute path on the gateway.`,
    examples: ['/etc/mailgw/admin.pem'],
  })

/** The admin API away from its unix socket, as a document has it. */
export const admin = keys({
  bind: many("an address with port, such as '127.0.0.1:8443'").meta({
    description: 'Addresses to listen on. Needs `tls` unless all of them are loopback.',
    examples: ['192.0.2.1:8443'],
  }),
  tls: keys({
    cert: pem('File of the certificate and its chain (PEM)'),
    key: pem('File of its private key (PEM)'),
    clientCa: pem('File of the certificates that vouch for clients (PEM)').optional(),
  })
    .meta({ description: 'TLS 1.2 or newer. The files are read when a graph is made ready.' })
    .optional(),
  tokens: named(
    keys({
      sha256: text('a SHA-256 in hexadecimal').meta({
        description: 'SHA-256 of the token in hexadecimal; `mailgw token new` prints both.',
        pattern: '^[0-9a-f]{64}$',
      }),
      scopes,
    }),
    'tokens by name',
  )
    .meta({ description: 'Bearer tokens by name. The name stands in journal and log, the token nowhere.' })
    .optional(),
  certificates: named(keys({ scopes }), 'certificates by subject')
    .meta({
      description:
        'Client certificates by subject, as in RFC 4514 but in the order of the certificate, such as `O=Corp,CN=deploy`. Needs `tls.clientCa`.',
      examples: [{ 'CN=deploy': { scopes: ['read', 'prepare', 'activate'] } }],
    })
    .optional(),
})
