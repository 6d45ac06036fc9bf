import { defineConfig, host, via } from 'mailgw'

// What `npm start` serves: a gateway on this machine alone. Nothing here leaves it: both next hops are on loopback, where
// `smtp-sink -v 127.0.0.1:2526 10` may stand for a smart host. docs/config.md has every key.
export default defineConfig({
  hostname: 'gw.localhost',
  postmaster: 'postmaster@demo.test',
  listeners: {
    smtp: { kind: 'mx', bind: '127.0.0.1:2525' },
  },
  domains: {
    'demo.test': 'local',
  },
  trusted: ['127.0.0.0/8'],
  relaying: 'two-way',
  relays: {
    smarthost: { hosts: ['127.0.0.1:2526'] },
  },
  localMx: {
    '*.lab.test': host('127.0.0.1', 2527),
    '*': via('smarthost'),
  },
  aliases: {
    'sales@demo.test': ['ann@demo.test', 'bob@demo.test'],
  },
  retry: { schedule: ['10s', '1m', '5m', '15m', '1h'], expireAfter: '5d' },
})
