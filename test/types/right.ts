import {
  backoff, byEnv, catchAll, defineConfig, deliver, discard, env, except, exec, file, forAll, hold, host, hosts, mx, noDeadRules, noLoops,
  noOpenRelay, park, reject, slow, suspend, table, tag, tlsFloor, unchanged, unsafeOpenRelay, via, watched,
} from '../../src/index.ts'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    mx: { kind: 'mx', bind: ['0.0.0.0:25', '[::]:25'] },
    lan: { kind: 'internal', bind: '10.0.0.5:2525', maxSize: '50MiB', allowFrom: '10.0.0.0/8', time: true },
    users: {
      kind: 'submission', bind: '0.0.0.0:587', tls: { mode: 'required', certificates: ['main'] },
      login: { required: true, mechanisms: ['PLAIN'], legacy: ['CRAM-MD5'] },
    },
  },
  certificates: { main: { cert: '/etc/main.pem', key: '/etc/main.key' } },
  credentials: [
    { id: 'staff', ldap: { urls: 'ldaps://ldap.example', dn: 'uid={login},dc=example' }, onError: 'next' },
    { id: 'devices', users: { fax: { cram: '$aes-256-gcm$a$b' } }, cramKey: env.secret('CRAM') },
  ],
  bans: { failures: 5, unknownRecipients: 'off', lockOut: 'off' },
  domains: {
    'corp.example': { recipients: table('users.tsv'), unknown: catchAll('lost@corp.example') },
    'a.example': { recipients: ['bob', table('more.tsv')], unknown: park() },
    'b.example': 'relay',
  },
  trusted: ['10.0.0.0/8'],
  clients: {
    printers: { networks: '10.1.0.0/16', internal: true, senders: ['*.corp.example'], rates: { messages: ['30/1m', '200/1d'] } },
    staff: { logins: '*@corp.example', senders: 'own', tls: 'required', rates: { recipients: '500/1d', by: 'all' } },
    scanner: { certificates: ['*'], mode: 'observe' },
  },
  relaying: byEnv({ lab: unsafeOpenRelay({ reason: 'a lab', until: '2030-01-01' }), default: 'two-way' }),
  relays: {
    isp: { hosts: 'smtp.isp.example:587', tls: 'verify', auth: { user: 'gw', pass: env.secret('ISP') } },
    bart: { hosts: ['10.0.0.20:26', '10.0.0.21:26'], auth: { user: 'gw', pass: file.secret('/run/secrets/bart') } },
    lisa: { hosts: ['10.0.0.22'], auth: { user: 'gw', pass: exec.secret(['pass', 'show', 'lisa']) } },
  },
  destinations: {
    'gmail.com': {
      connections: 5, rate: '300/1m', egress: 'bulk',
      reactions: [
        { match: '4.7.28', do: backoff('10m') },
        { match: '451', do: slow('10/1m', '1h') },
        { match: '5.7.1 blocked', do: suspend('1d') },
      ],
    },
    '*': { messagesPerConnection: 100, recipientsPerMessage: 50 },
  },
  egress: {
    default: ['192.0.2.1', '2001:db8::1'],
    one: '192.0.2.2',
    bulk: {
      addresses: [{ address: '192.0.2.3', weight: 2, hostname: 'out3.corp.example' }, '192.0.2.4'],
      hostname: 'bulk.corp.example', sameAsListener: { within: '192.0.2.0/24', except: ['192.0.2.9'] },
    },
    own: { sameAsListener: true },
  },
  localMx: {
    'corp.example': deliver({ dir: 'mail' }),
    'b.example': hosts('10.0.0.1', '10.0.0.2:26'),
    'c.example': host('bart', 26),
    'd.example': reject(550, 'this domain has moved'),
    'e.example': hold('merger'),
    'f.example': discard(),
    'g.example': 'bart:26',
    'h.example': ['bart', 'lisa:26'],
    'i.example': deliver(),
    'j.example': via('lisa'),
    '*.lab.example': via('bart'),
    '*': byEnv({ prod: mx({ tls: 'may' }), default: via('isp') }),
  },
  dnsbl: [
    { id: 'zen', zone: 'zen.example', onError: 'ignore', listeners: ['mx'], onListed: reject(554, 'listed') },
    { id: 'odd', zone: 'odd.example', onError: 'defer', weight: 3, onListed: tag('odd'), mode: 'observe' },
    { id: 'good', kind: 'allow', zone: 'good.example', onError: 'ignore' },
  ],
  dnsblThreshold: 3,
  checks: { reverse: { onError: 'ignore', then: 'defer' }, helo: { onError: 'ignore', listeners: 'mx', mode: 'observe' } },
  softBounce: false,
  deny: [
    { when: { client: ['194.30.0.0/16'], listener: 'lan' }, then: reject(554, 'not welcome') },
    { when: { client: watched('/etc/blocked.txt') }, onError: 'ignore' },
    { when: { helo: '*.local', login: ['old@corp.example'], tls: 'none' }, mode: 'observe' },
    { id: 'big', when: { sender: table('bad.tsv'), size: { over: '5MB' } } },
  ],
  aliases: { 'postmaster@corp.example': ['a@corp.example', 'b@corp.example'], 'x@corp.example': 'a@corp.example' },
  limits: { maxSize: '20MiB', maxRecipients: 100 },
  timeouts: { command: '5m' },
  retry: { schedule: ['1m', '5m'], expireAfter: '5d' },
  resolver: { servers: ['127.0.0.1:5353'], timeout: '2s', attempts: 2 },
  mxPort: 2526,
  prove: [
    noOpenRelay(), noLoops(), noDeadRules(), 'oraclesFailSafe',
    tlsFloor('*.partner.example', 'verify'),
    forAll({ listener: 'mx', internal: false, recipient: ['*.lab.example'], dnsbl: { zen: 'error' } }).onlyVia('bart'),
    forAll({ sender: '<>', size: { over: '5MB' } }).always('refused'),
    forAll({ listener: 'mx', tls: false, login: except('*'), helo: '*.a.example' }).never('accepted'),
    forAll({ tls: true, login: '*@a.example', certificate: ['*'], helo: { in: '*', except: ['a.example'] } }).never('held'),
    forAll({ listener: ['mx', 'lan'] }).never(via('lisa')),
    unchanged({ recipient: except('lab.example', '*.lab.example') }),
    { forAll: { client: { in: '10.0.0.0/8', except: ['10.1.0.0/16'] } }, never: { relay: 'isp' } },
  ],
  admin: {
    bind: '192.0.2.1:8443',
    tls: { cert: '/etc/mailgw/admin.pem', key: '/etc/mailgw/admin.key', clientCa: '/etc/mailgw/clients.pem' },
    tokens: { ci: { sha256: '00', scopes: ['read', 'prepare'] } },
    certificates: { 'CN=deploy': { scopes: ['activate'] } },
  },
  gateways: {
    gw1: { unix: '/var/lib/mailgw', groups: 'canary' },
    gw2: { ssh: 'mail@gw2', socket: '/var/lib/mailgw', groups: ['rest'], env: 'prod' },
    gw3: { tls: 'gw3:8443', ca: 'ca.pem', token: env.secret('GW3'), addresses: ['192.0.2.3'] },
  },
})

/** A document without relays has no relay to name. */
export const small = defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  localMx: table('routes.tsv'),
  aliases: table('aliases.tsv'),
})
