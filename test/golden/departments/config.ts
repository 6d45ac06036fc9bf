import { defineConfig, deliver, host, reject } from 'mailgw'

// Outbound only, wildcards inside of wildcards, and local domains by wildcard.
export default defineConfig({
  hostname: 'mail.corp.test',
  postmaster: 'root@corp.test',
  listeners: { apps: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: {
    'corp.test': { recipients: ['root', 'hr'] },
    '*.corp.test': { recipients: ['root'], unknown: 'park' },
    'lab.corp.test': 'local',
  },
  clients: {
    apps: { networks: ['172.16.0.0/12', 'fd00::/8'], internal: true },
    dmz: { networks: ['172.31.0.0/16'], internal: false },
  },
  relaying: 'outbound',
  localMx: {
    'lab.corp.test': deliver({ dir: 'lab' }),
    '*.test': host('wide.test'),
    '*.east.test': host('east.test'),
    'x.east.test': host('exact.test', 2525),
    '*': reject(550, 'no way out'),
  },
})
