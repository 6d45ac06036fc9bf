import { usualMechanisms } from '../mail/relay-login.ts'
import { pemFile } from './schema-line.ts'
import { either, keys, list, many, oneOf, secret, text } from './schema-values.ts'

/** How relays are logged in to. */

const mechanism = oneOf(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'LOGIN'])

const client = keys({
  id: text('a client id').meta({
    description: 'Id of the application, as the provider gave it.',
    examples: ['11111111-2222-3333-4444-555555555555'],
  }),
  secret: secret().optional(),
  key: secret()
    .meta({
      title: 'secret',
      description:
        'In place of `secret`: a file in PEM with the private key, and the certificate beside it where the provider knows the key by that, as Microsoft does. All lines of it count.',
      examples: [{ $secret: 'file:/etc/mailgw/microsoft.pem' }],
    })
    .optional(),
  keyId: text('a text')
    .meta({ description: 'Beside `key`: the id by which the provider knows it, where it is no certificate.' })
    .optional(),
})

const serviceAccount = keys({
  account: secret().meta({
    title: 'secret',
    description: 'The JSON file of a key of the account, as Google gives it.',
    examples: [{ $secret: 'file:/etc/mailgw/google.json' }],
  }),
  subject: text('a mailbox')
    .meta({
      description: 'As whom the account acts (domain-wide delegation). Default: as itself.',
      examples: ['printer@corp.example'],
    })
    .optional(),
})

const oauth = keys({
  tokenUrl: text("a URL, such as 'https://login.example/token'").meta({
    description: 'Where tokens are asked for (RFC 6749 §3.2). `http:` to a loopback alone.',
    examples: ['https://login.microsoftonline.com/corp.example/oauth2/v2.0/token'],
  }),
  scopes: many('a scope')
    .meta({
      description: 'What the token shall be good for. Default: what the provider gives by itself.',
      examples: [['https://outlook.office365.com/.default']],
    })
    .optional(),
  ca: pemFile(
    "File of the certificates that vouch for the endpoint (PEM); by default the system's",
    '/etc/mailgw/ca.pem',
  ).optional(),
  client: client
    .meta({
      description:
        'The application that the gateway is. Alone: client credentials (RFC 6749 §4.4). With `secret` or `key`; with neither only beside `refreshToken`.',
    })
    .optional(),
  refreshToken: secret()
    .meta({
      title: 'secret',
      description:
        'A token that somebody got by signing in once. When the provider gives another one for it, that is kept in the state folder and goes before this one.',
      examples: [{ $secret: 'file:/etc/mailgw/refresh-token' }],
    })
    .optional(),
  serviceAccount: serviceAccount
    .meta({ description: 'In place of `client`: a service account, which signs what it asks with (RFC 7523).' })
    .optional(),
})

export const relayAuth = keys({
  user: text().meta({ description: 'User name; with `oauth` the mailbox.', examples: ['printer@corp.example'] }),
  pass: secret().optional(),
  mechanisms: either('the name of a mechanism, or a list', [mechanism, list(mechanism, 'mechanisms')])
    .meta({
      description: 'Beside `pass`: mechanisms that may be used; the first of them that the host offers is.',
      default: usualMechanisms,
      examples: [['SCRAM-SHA-256', 'PLAIN']],
    })
    .optional(),
  oauth: oauth
    .meta({ description: 'In place of `pass`: an access token, by XOAUTH2 or OAUTHBEARER (RFC 7628).' })
    .optional(),
})
