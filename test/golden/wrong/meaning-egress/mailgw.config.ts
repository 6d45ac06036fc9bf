import { defineConfig, via } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  trusted: '10.0.0.0/8',
  domains: { 'corp.example': 'local' },
  egress: {
    main: ['192.0.2.1', '192.0.2.1', '0.0.0.0', 'out1'],
    bulk: { addresses: [{ address: '192.0.2.8', hostname: 'out' }], sameAsListener: { within: '192.0.2.0/23' } },
    none: {},
  },
  relays: { isp: { hosts: 'smtp.isp.example', egress: 'mian' } },
  destinations: { 'gmail.com': { egress: 'main' }, 'Gmail.com.': { connections: 5 }, 'ann@gmail.com': { connections: 5 }, '*': {} },
  localMx: { '*': via('isp') },
})
