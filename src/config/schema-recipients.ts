import { defaults } from './defaults.ts'
import { pemFile, webServer } from './schema-line.ts'
import { count, duration, either, flag, keys, many, oneOf, secret, text, yes } from './schema-values.ts'

/** How recipients are found out about. */

const { recipientCheck: usual } = defaults

const ldap = keys({
  urls: many("a server, such as 'ldaps://ldap.corp.example'").meta({
    description: 'Servers in order of preference, `ldaps://host:port` or `ldap://host:port`.',
    examples: [['ldaps://ldap1.corp.example', 'ldaps://ldap2.corp.example']],
  }),
  startTls: flag()
    .meta({
      description: 'STARTTLS on `ldap://`. Default: yes, but not towards a loopback, and must be outside of one.',
      examples: [true],
    })
    .optional(),
  ca: pemFile(
    "File of the certificates that vouch for the servers (PEM); by default the system's",
    '/etc/mailgw/ca.pem',
  ).optional(),
  base: text('a DN').meta({ description: 'Where to search.', examples: ['ou=people,dc=corp,dc=example'] }),
  filter: text("a filter with {address}, such as '(mail={address})'").meta({
    description:
      'The filter (RFC 4515), with `{address}`, `{localPart}` or `{domain}`, which are escaped. The recipient exists when it finds an entry.',
    examples: ['(|(mail={address})(proxyAddresses=smtp:{address}))'],
  }),
  scope: oneOf(['base', 'one', 'sub']).meta({ description: 'How deep.', default: usual.ldap.scope }).optional(),
  bind: keys({
    dn: text('a DN').meta({ description: 'As whom to search.', examples: ['cn=mailgw,dc=corp,dc=example'] }),
    password: secret(),
  })
    .meta({ description: 'Login of the gateway itself. Default: anonymous.' })
    .optional(),
  connections: count(1, 100)
    .meta({ description: 'Connections at one moment.', default: usual.ldap.connections })
    .optional(),
})

const http = keys({
  url: text("a URL, such as 'https://directory.corp.example/recipient'").meta({
    description:
      'Asked by POST with `{"address", "localPart", "domain"}` as JSON. 200 with `{"exists": true}` or `{"exists": false}` is an answer, all else is an error.',
    examples: ['https://directory.corp.example/recipient'],
  }),
  ...webServer,
})

const callout = either('true or an object with keys', [
  yes(),
  keys({
    perMinute: count(1, 100_000)
      .meta({
        description: 'Recipients that one next hop is asked about within a minute; for more, `onError` decides.',
        default: usual.callout.perMinute,
      })
      .optional(),
  }),
])

const cache = keys({
  positive: duration()
    .meta({ description: 'How long it is remembered that a recipient exists.', default: usual.cache.positive })
    .optional(),
  negative: duration().meta({ description: 'How long that one does not.', default: usual.cache.negative }).optional(),
  stale: duration()
    .meta({
      description: 'How much longer one that existed is taken to exist while nobody can be asked.',
      default: usual.cache.stale,
    })
    .optional(),
  entries: count(1, 1_000_000)
    .meta({ description: 'Addresses remembered; the oldest go first.', default: usual.cache.entries })
    .optional(),
})

/** One check, of exactly one kind. */
export const recipientCheck = keys({
  ldap: ldap.meta({ description: 'An LDAP directory.' }).optional(),
  http: http.meta({ description: 'An HTTP endpoint.' }).optional(),
  callout: callout
    .meta({
      description:
        'The next hop that `localMx` names is asked by SMTP, as far as RCPT and with the TLS of a delivery; `true` for the usual numbers.',
      examples: [true, { perMinute: 300 }],
    })
    .optional(),
  onError: oneOf(['accept', 'defer']).meta({
    description:
      'When it cannot be found out. `accept`: the recipient is let in. `defer`: 451, the client comes again.',
    examples: ['defer'],
  }),
  timeout: duration().meta({ description: 'For one question.', default: usual.timeout }).optional(),
  cache: cache.meta({ description: 'What is remembered, in memory alone.', examples: [{ positive: '4h' }] }).optional(),
})
