import { base } from './check.ts'

/** Documents that together have every key of the front door, none at its default (see `leaves.test.ts`). */

const pair = (name: string) => ({ cert: `/etc/${name}.pem`, key: `/etc/${name}.key` })
const secret = { $secret: 'env:SECRET' }
const hashes = [
  '$scrypt$ln=15,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g',
  '$scrypt$ln=16,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g',
]
const cram = '$aes-256-gcm$bm9uY2U=$Y2lwaGVy'

const lines = {
  ...base,
  listeners: {
    in: {
      kind: 'mx',
      bind: '127.0.0.1:2525',
      tls: {
        mode: 'offered',
        certificates: ['main', 'zz'],
        ciphers: 'ECDHE+AESGCM',
        clientCa: '/etc/clients.pem',
      },
      allowFrom: ['10.0.0.0/8'],
      proxy: { from: ['10.0.0.5'], timeout: '9s' },
      xclient: ['10.0.0.6'],
      greeting: { text: 'ESMTP ${env.SITE}', environment: ['SITE'] },
      greetingDelay: '3s',
      earlyTalkers: 'refuse',
      addresses: 'loose',
      lineEndings: 'mend',
      vrfy: ['10.0.0.0/8'],
      time: true,
      helo: 'refuse',
    },
    users: {
      kind: 'submission',
      bind: '127.0.0.1:5870',
      tls: { mode: 'offered', certificates: ['main'], minVersion: 'TLSv1.3' },
      login: {
        required: true,
        mechanisms: ['PLAIN'],
        legacy: ['CRAM-MD5'],
        clearTextFrom: ['10.20.0.0/24'],
      },
      greeting: 'hello',
    },
    more: {
      kind: 'submission',
      bind: '127.0.0.1:5871',
      tls: { mode: 'required', certificates: ['main', 'alt'] },
      login: 'required',
    },
  },
  certificates: { main: pair('main'), zz: pair('zz'), alt: pair('alt') },
  credentials: [{ id: 'one', users: { ann: { hash: hashes[0], cram } }, cramKey: secret }],
}

const logins = {
  ...base,
  listeners: { users: { kind: 'submission', bind: '127.0.0.1:5870', tls: 'required', login: 'required' } },
  certificates: { main: pair('main') },
  credentials: [
    {
      id: 'inline',
      timeout: '3s',
      onError: 'next',
      users: { 'ann@corp.example': { hash: hashes[0], cram, addresses: ['sales@corp.example'] }, bob: hashes[1] },
      cramKey: secret,
    },
    { id: 'file', file: '/etc/users', cramKey: { $secret: 'env:OTHER' } },
    {
      id: 'dn',
      cache: '1m',
      ldap: {
        urls: ['ldap://127.0.0.1', 'ldaps://ldap.com'],
        startTls: true,
        ca: '/etc/ca.pem',
        dn: 'uid={login},dc=com',
        addresses: 'mail',
        connections: 7,
      },
    },
    {
      id: 'search',
      ldap: {
        urls: 'ldaps://ldap.com',
        search: {
          base: 'dc=com',
          filter: '(mail={login})',
          scope: 'one',
          bind: { dn: 'cn=gw', password: secret },
        },
      },
    },
    { id: 'radius', radius: { servers: ['10.0.0.9', '10.0.0.10:1645'], secret, nasIdentifier: 'gw', attempts: 3 } },
    { id: 'http', http: { url: 'https://a.com/', header: { name: 'A', value: secret }, ca: '/etc/ca.pem' } },
    { id: 'exec', exec: ['/bin/check', '--realm'], cache: 'off' },
    {
      id: 'jwks',
      oauth: {
        jwks: { url: 'https://id.com/jwks', algorithms: ['ES256'] },
        issuer: 'https://id.com/',
        audience: ['mailgw'],
        scopes: ['send'],
        claim: 'sub',
        addressesClaim: 'aliases',
        skew: '2m',
        ca: '/etc/ca.pem',
      },
    },
    {
      id: 'introspection',
      oauth: { introspection: { url: 'https://id.com/ask', client: { id: 'gw', secret } } },
    },
  ],
}

const keptOut = {
  ...base,
  bans: {
    failures: 5,
    unknownRecipients: 9,
    protocolErrors: 8,
    httpRequests: 2,
    window: '8m',
    for: '2h',
    max: '9d',
    except: ['10.0.0.0/8'],
    delay: { first: '2s', max: '20s' },
    lockOut: { failures: 4, window: '9m', for: '8m' },
  },
  limits: {
    sessions: 50,
    sessionsPerClient: 5,
    connectionsOut: 50,
    connections: 70,
    commandsPerMinute: 99,
    minBytesPerSecond: 77,
  },
}

const refused = {
  ...base,
  listeners: { in: { kind: 'mx', bind: '127.0.0.1:2525' }, zz: { kind: 'mx', bind: '127.0.0.1:2526' } },
  clients: {
    people: {
      logins: ['*@corp.example'],
      internal: true,
      senders: 'own',
      tls: 'required',
      rates: { messages: ['30/1m'], recipients: ['99/1h'], bytes: ['50MiB/1h'], by: 'all' },
      mode: 'observe',
    },
    machine: { certificates: [`sha256:${'a'.repeat(64)}`], internal: true },
  },
  dnsblThreshold: 5,
  dnsbl: [
    { id: 'one', zone: 'one.com', weight: 3, onError: 'ignore', mode: 'observe' },
    { id: 'two', zone: 'two.com', onListed: { tag: 'spam' }, onError: 'defer' },
    { id: 'let', kind: 'allow', zone: 'let.com', weight: 2, onError: 'ignore' },
    { id: 'six', zone: 'six.com', weight: 3, onError: 'ignore' },
  ],
  checks: {
    reverse: { then: 'defer', onError: 'ignore', listeners: ['in'], mode: 'observe' },
    helo: { then: { tag: 'helo' }, onError: 'defer', listeners: ['in'], mode: 'observe' },
    senderDomain: {
      then: { reject: { code: 554, text: 'no such sender' } },
      onError: 'ignore',
      listeners: ['in'],
      mode: 'observe',
    },
  },
  softBounce: true,
  deny: [
    { when: { helo: ['bad.com'], tls: 'none', listener: 'in' }, mode: 'observe' },
    { when: { login: ['eve@corp.example'] } },
    { when: { client: { $watched: '/etc/bad' } }, onError: 'ignore' },
  ],
}

const once = { mode: 'observe', onError: 'ignore', listeners: ['in'] }
const rejected = { then: { reject: { code: 554, text: 'no' } }, ...once }
const tagged = { then: { tag: 'odd' }, ...once }
const in25 = { in: { kind: 'mx', bind: '127.0.0.1:2525' }, zz: { kind: 'mx', bind: '127.0.0.1:2526' } }
const marked = { ...base, listeners: in25, checks: { reverse: rejected, helo: rejected, senderDomain: tagged } }
const reversed = { ...base, listeners: in25, checks: { reverse: tagged } }

/** Each with values that are right somewhere in it. */
export const frontCases = [
  { document: marked, candidates: [550, 'spam', 'defer', 'zz', 'submission', '127.0.0.1:2599'] },
  { document: reversed, candidates: ['spam', 'defer', 'zz', 'submission', '127.0.0.1:2599'] },
  {
    document: lines,
    candidates: [
      ...['off', 'offered', 'required', 'implicit', 'alt', 'zz', 'TLSv1.2', 'TLSv1.3', 'AES128', '/etc/other.pem'],
      ...['10.0.0.8', '7s', 'hello', 'ESMTP ${env.SITE} here', 'observe', 'strict', 'accept', 'LOGIN', 'internal'],
      ...['127.0.0.1:2599', 'submission', '$aes-256-gcm$bm9uY2U=$YW5vdGhlcg==', 'env:ZZ', true, false, hashes[1]],
    ],
  },
  {
    document: logins,
    candidates: [
      ...['off', 'offered', '7s', 'defer', 'next', 'env:ZZ', '/etc/other.pem', 'ldaps://zz.com', 'uid={login},dc=zz'],
      ...['(uid={login})', 'dc=zz', 'sub', 'base', '10.0.0.8', 'https://zz.com/', 'RS256', 'sales@zz.com', hashes[0]],
      ...['$aes-256-gcm$bm9uY2U=$YW5vdGhlcg==', 'implicit', 3, 5, true, false, '127.0.0.1:2599', 'internal', hashes[1]],
    ],
  },
  { document: keptOut, candidates: [3, 60, 'off', '7s', '3h', '10d', '10.1.0.0/16', 'mx', '127.0.0.1:2599', 55] },
  {
    document: refused,
    candidates: [
      ...['*@zz.com', 'own', '7/1m', '7MiB/1h', 'each', `sha256:${'b'.repeat(64)}`, 3, 4, 'zz.com', 'ignore', 'defer'],
      ...['zz', 'deny', 'reject', 550, 'submission', '127.0.0.1:2599', '/etc/worse', true, false],
    ],
  },
] as const
