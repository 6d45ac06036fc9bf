import { base } from './check.ts'

/** Documents that together have every key of next hops and source addresses, none at its default (see `leaves.test.ts`). */

const nextHop = {
  connections: 5,
  rate: '30/1m',
  messagesPerConnection: 50,
  recipientsPerMessage: 40,
  egress: 'main',
  reactions: [
    { match: '421', do: { backoff: '10m' } },
    { match: '4.7.*', do: { slow: '10/1m', for: '1h' } },
    { match: 'blocked', do: { suspend: '1d' } },
  ],
}

const shaped = {
  ...base,
  relays: { isp: { hosts: 'isp.com', ...nextHop }, zz: { hosts: 'zz.com' } },
  destinations: { 'a.com': nextHop },
  egress: {
    main: {
      addresses: ['192.0.2.1', { address: '192.0.2.2', weight: 3, hostname: 'out.corp.com' }],
      hostname: 'pool.corp.com',
      sameAsListener: { within: ['192.0.2.0/24'], except: ['192.0.2.9'] },
    },
    zz: { addresses: { address: '192.0.2.3', weight: 3, hostname: 'out.corp.com' } },
    one: { addresses: '192.0.2.4' },
    many: ['192.0.2.5', '192.0.2.6'],
    short: '192.0.2.7',
  },
  localMx: { '*': { relay: 'isp' }, 'zz.com': { relay: 'zz' } },
}

const all = { notBefore: '3d', expireAfter: true, maxAttempts: true, dsn: true, mailerq: true }
const steered = {
  ...base,
  egress: { main: '192.0.2.1', zz: '192.0.2.2' },
  retry: { schedules: { brief: { schedule: '1m', expireAfter: '2h' }, zz: { schedule: '2m', expireAfter: '3h' } } },
  clients: {
    one: { networks: '192.0.2.0/24', hints: { egress: 'main', class: 'news', schedule: 'brief', ...all } },
    two: { networks: '198.51.100.0/24', hints: { egress: ['main'], class: ['a'], schedule: ['brief'] } },
  },
}

export const nextHopCases = [
  {
    document: shaped as Record<string, unknown>,
    candidates: [
      ...['7/1m', '7m', '7h', '2d', 'zz', 'zz.corp.com', '192.0.2.77', '198.51.100.0/24', '451', '5.7.1 zz', 'isp'],
      ...[7, 'isp.org', 'zz@corp.example', '127.0.0.1:2599', 'mx', 'submission'],
    ],
  },
  {
    document: steered as Record<string, unknown>,
    candidates: ['zz', '7m', false, '203.0.113.0/24', '2027-12-31', 'submission', '127.0.0.1:2599', '192.0.2.77'],
  },
] as const
