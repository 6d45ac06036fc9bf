import { defineConfig, discard, env, hold, host, mx, reject, via } from 'mailgw'

// A small site: a gateway between the internet, two mail servers of its own and a provider.
export default defineConfig({
  hostname: 'gw.site.test',
  postmaster: 'admin@site.test',
  listeners: {
    internet: { kind: 'mx', bind: '127.0.0.1:2525', maxSize: '1MiB' },
    office: { kind: 'internal', bind: '127.0.0.1:2526', maxSize: '10MiB' },
  },
  domains: {
    'site.test': { recipients: ['admin', 'joe', 'ann'], unknown: 'reject' },
    'old.test': { recipients: ['joe'], unknown: { catchAll: 'joe@site.test' } },
    'new.test': { recipients: ['joe'], unknown: 'park' },
    'exchange.test': 'relay',
    '*.exchange.test': 'relay',
  },
  clients: {
    office: { networks: ['10.0.0.0/8', '2001:db8:10::/48'], internal: true },
    printer: {
      networks: ['10.0.0.7'],
      internal: true,
      senders: ['printer@site.test'],
      recipients: ['site.test'],
      maxSize: '2MiB',
    },
    guests: { networks: ['10.99.0.0/16'], internal: false },
  },
  relaying: 'two-way',
  relays: {
    provider: {
      hosts: ['smtp.provider.test:587', 'smtp2.provider.test:587'],
      tls: 'verify',
      auth: { user: 'site', pass: env.secret('PROVIDER_PASS') },
    },
  },
  localMx: {
    'exchange.test': host('ex1.site.test'),
    '*.exchange.test': ['ex1.site.test:2525', '192.0.2.20:25'],
    'partner.test': mx({ tls: 'verify' }),
    'closed.test': reject(556, 'this domain takes no mail'),
    'moving.test': hold('until the migration is done'),
    'blackhole.test': discard(),
    '*': via('provider'),
  },
  dnsbl: [
    { id: 'zen', zone: 'zen.dnsbl.test', onError: 'ignore' },
    { id: 'strict', zone: 'strict.dnsbl.test', onListed: { reject: { code: 450, text: 'come back later' } }, onError: 'defer' },
  ],
  deny: [
    { when: { client: ['198.51.100.0/24'] } },
    { when: { sender: ['spam.test', '*.spam.test', 'bad@mixed.test'] } },
    { when: { recipient: ['ann@site.test'], sender: ['ex.test'] }, then: { reject: { code: 550, text: 'no thanks' } } },
    { when: { recipient: ['exchange.test'], size: { over: '512KiB' } }, then: { reject: { code: 552, text: 'too big for exchange' } } },
    { when: { destination: ['127.0.0.0/8', '::1'] } },
  ],
  aliases: {
    'info@site.test': ['joe@site.test', 'team@site.test'],
    'team@site.test': ['ann@site.test', 'joe@site.test', 'consultant@partner.test'],
  },
})
