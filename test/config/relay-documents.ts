import { base } from './check.ts'

/** Documents that together have every key of a relay's login and of routes by sender, none at its default (see `leaves.test.ts`). */

const tokenUrl = 'https://id.corp.com/token'
const secret = { $secret: 'env:SECRET' }
const relayed = { ...base, localMx: { 'corp.example': { hold: 'later' }, '*': { relay: 'isp' } } }
const relay = (auth: object, more: object = {}) => ({
  ...relayed,
  relays: { zz: { hosts: 'zz' }, isp: { hosts: 'smtp.isp.com', auth, ...more } },
})

const passwords = relay(
  { user: 'gw', pass: secret, mechanisms: ['PLAIN', 'LOGIN'] },
  { implicitTls: true, tls: 'encrypt' },
)
const application = relay({
  user: 'gw',
  oauth: { tokenUrl, scopes: ['one', 'two'], ca: '/etc/ca.pem', client: { id: 'app', secret } },
})
const signed = relay({
  user: 'gw',
  oauth: { tokenUrl, scopes: 'one', client: { id: 'app', key: secret, keyId: 'k1' } },
})
const refreshed = relay({
  user: 'gw',
  oauth: { tokenUrl, client: { id: 'app', secret }, refreshToken: { $secret: 'env:R' } },
})
const service = relay({ user: 'gw', oauth: { tokenUrl, serviceAccount: { account: secret, subject: 'ann@corp.com' } } })
const bySender = {
  ...base,
  relays: { isp: { hosts: 'smtp.isp.com' }, zz: { hosts: 'zz' } },
  localMx: {
    'corp.example': { hold: 'later' },
    '*': {
      bySender: {
        'a.com': { relay: 'zz' },
        '<>': { hosts: ['bart'] },
        'b.com': { host: 'bart:26' },
        'c.com': { mx: { tls: 'encrypt' } },
        'd.com': { reject: { code: 554, text: '5.7.1 not you' } },
        'e.com': { hold: 'later' },
        'f.com': { discard: true },
        'g.com': { mx: true },
        '*': { relay: 'isp' },
      },
    },
  },
}

const candidates = [
  ...[
    'verify',
    'may',
    'env:ZZ',
    'https://zz.com/',
    '/etc/zz.pem',
    'SCRAM-SHA-256',
    'SCRAM-SHA-1',
    'zz',
    'isp',
    'zz.com',
  ],
  ...['zz:27', 'encrypt', 'plain', 'submission', '127.0.0.7:2599', 'outbound', 'two-way', 'zz@corp.example'],
  ...[551, true, false],
]

export const relayCases = [passwords, application, signed, refreshed, service, bySender].map((document) => ({
  document: document as Record<string, unknown>,
  candidates,
}))
