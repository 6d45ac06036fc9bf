import { defaults } from './defaults.ts'
import { pemFile, webServer } from './schema-line.ts'
import {
  count,
  duration,
  either,
  flag,
  keys,
  listOrTable,
  many,
  oneOf,
  rowsOrTable,
  secret,
  text,
} from './schema-values.ts'

const { ldap: ldapDefaults, radius: radiusDefaults, oauth: oauthDefaults } = defaults.credentials

const user = either('a hash, or an object with keys', [
  text('a hash'),
  keys({
    hash: text('a hash')
      .meta({ description: 'Hash of the password, as `mailgw passwd` prints it.', examples: ['$scrypt$...'] })
      .optional(),
    cram: text('an encrypted password')
      .meta({
        description: 'The password for CRAM-MD5, encrypted with `cramKey`, as `mailgw passwd` prints it.',
        examples: ['$aes-256-gcm$...'],
      })
      .optional(),
    addresses: listOrTable("an address, such as 'user@a.example' or '*@a.example'")
      .meta({
        description: "Addresses that the login may send as, beside itself, where a client's `senders` are `own`.",
        examples: [['sales@corp.example']],
      })
      .optional(),
  }),
])

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
  dn: text("a DN with {login}, such as 'uid={login},ou=people,dc=corp,dc=example'")
    .meta({
      description: 'The DN of a login, when it can be written down. Either this or `search`.',
      examples: ['uid={login},ou=people,dc=corp,dc=example'],
    })
    .optional(),
  search: keys({
    base: text('a DN').meta({ description: 'Where to search.', examples: ['ou=people,dc=corp,dc=example'] }),
    filter: text("a filter with {login}, such as '(mail={login})'").meta({
      description: 'The filter (RFC 4515); `{login}` is escaped. It must find one entry; none is an unknown login.',
      examples: ['(&(objectClass=person)(mail={login}))'],
    }),
    scope: oneOf(['base', 'one', 'sub']).meta({ description: 'How deep.', default: ldapDefaults.scope }).optional(),
    bind: keys({
      dn: text('a DN').meta({ description: 'As whom to search.', examples: ['cn=mailgw,dc=corp,dc=example'] }),
      password: secret(),
    })
      .meta({ description: 'Login of the gateway itself. Default: anonymous.' })
      .optional(),
  })
    .meta({ description: 'Looks the login up, then binds as the entry found with the password.' })
    .optional(),
  addresses: text('the name of an attribute')
    .meta({ description: 'Attribute with addresses that the login may send as.', examples: ['mailAlternateAddress'] })
    .optional(),
  connections: count(1, 100)
    .meta({ description: 'Connections at one moment.', default: ldapDefaults.connections })
    .optional(),
})

const radius = keys({
  servers: many("a server, such as 'radius.corp.example:1812'").meta({
    description: 'Servers in order of preference, `host` or `host:port`; port 1812 unless said.',
    examples: [['10.0.0.9', '10.0.0.10']],
  }),
  secret: secret(),
  nasIdentifier: text("a name, such as 'mailgw'")
    .meta({ description: 'NAS-Identifier (RFC 2865 §5.32). Default: `hostname`.', examples: ['mailgw'] })
    .optional(),
  attempts: count(1, 10)
    .meta({ description: 'Times that a server is asked before the next one is.', default: radiusDefaults.attempts })
    .optional(),
})

const http = keys({
  url: text("a URL, such as 'https://login.corp.example/check'").meta({
    description:
      'Where to POST `{ login, password, ... }`: 200 with `{"accepted": true}` or `false` answers, all else but 401 (refused) is an error (`docs/login.md`). `http:` to a loopback alone.',
    examples: ['https://login.corp.example/check'],
  }),
  ...webServer,
})

const oauth = keys({
  introspection: keys({
    url: text("a URL, such as 'https://id.corp.example/introspect'").meta({
      description: 'Introspection endpoint (RFC 7662).',
      examples: ['https://id.corp.example/introspect'],
    }),
    client: keys({
      id: text('a client id').meta({ description: 'Its id there.', examples: ['mailgw'] }),
      secret: secret(),
    })
      .meta({ description: 'How the gateway shows itself.' })
      .optional(),
  })
    .meta({ description: 'Each token is shown to the server. Either this or `jwks`.' })
    .optional(),
  jwks: keys({
    url: text("a URL, such as 'https://id.corp.example/jwks.json'").meta({
      description: 'Where the keys are (RFC 7517).',
      examples: ['https://id.corp.example/.well-known/jwks.json'],
    }),
    algorithms: many('the name of an algorithm')
      .meta({
        description: 'Signatures that count; of public keys only.',
        default: oauthDefaults.algorithms,
        examples: [['ES256']],
      })
      .optional(),
  })
    .meta({ description: 'Tokens are JWTs whose signatures are checked here. Needs `issuer` and `audience`.' })
    .optional(),
  issuer: text('a URL')
    .meta({ description: 'Claim `iss` that a token must have.', examples: ['https://id.corp.example/'] })
    .optional(),
  audience: many('a text')
    .meta({ description: 'Claim `aud`: one of these.', examples: [['mailgw']] })
    .optional(),
  scopes: many('a scope')
    .meta({ description: 'Scopes that a token must have, all of them.', examples: [['smtp.send']] })
    .optional(),
  claim: text('the name of a claim')
    .meta({ description: 'Claim that names the login.', default: oauthDefaults.claim })
    .optional(),
  addressesClaim: text('the name of a claim')
    .meta({ description: 'Claim with addresses that the login may send as.', examples: ['aliases'] })
    .optional(),
  skew: duration().meta({ description: 'How much the clocks may differ.', default: oauthDefaults.skew }).optional(),
  ca: pemFile(
    "File of the certificates that vouch for the server (PEM); by default the system's",
    '/etc/mailgw/ca.pem',
  ).optional(),
})

/** One back-end: what it is called, how it is asked, and exactly one kind. */
export const credential = keys({
  id: text('a name').meta({ description: 'Its name in logs and in `status`.', examples: ['staff'] }),
  timeout: duration()
    .meta({
      description: 'For one question, all servers and attempts together.',
      default: defaults.credentials.timeout,
    })
    .optional(),
  onError: oneOf(['defer', 'next'])
    .meta({
      description: 'When it cannot find out. `defer`: 454, the client comes again. `next`: the next back-end is asked.',
      default: defaults.credentials.onError,
    })
    .optional(),
  cache: either("'off' or a time with its unit, such as '5m'", [oneOf(['off']), duration()])
    .meta({
      description:
        'How long an acceptance is remembered, as a keyed hash of the password: so long a changed password still works. `users` and `file` are never cached.',
      default: defaults.credentials.cache,
    })
    .optional(),
  users: rowsOrTable(user, 'hashes by login')
    .meta({
      description: 'Users in the document, by login. Table columns: `login`, `hash`.',
      examples: [{ 'ann@corp.example': '$scrypt$...' }],
    })
    .optional(),
  file: pemFile('A file of users (`login:hash`, a line each)', '/etc/mailgw/users').optional(),
  cramKey: secret()
    .meta({ description: 'Beside `users` or `file`: with what the passwords of CRAM-MD5 are encrypted.' })
    .optional(),
  ldap: ldap.meta({ description: 'An LDAP directory.' }).optional(),
  radius: radius.meta({ description: 'RADIUS (RFC 2865, with Message-Authenticator).' }).optional(),
  http: http.meta({ description: 'An HTTP endpoint.' }).optional(),
  exec: many('an absolute path and its arguments')
    .meta({
      description:
        'A program, an absolute path and its arguments, never through a shell. Login and password come on its standard input as JSON; it ends with 0 (accepted), 1 (refused) or 67 (unknown), all else is an error (`docs/login.md`).',
      examples: [['/usr/local/bin/check-login', '--realm', 'corp']],
    })
    .optional(),
  oauth: oauth.meta({ description: 'Tokens of OAUTHBEARER (RFC 7628) and XOAUTH2.' }).optional(),
})
