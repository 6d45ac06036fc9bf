import { defineConfig } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  gateways: {
    canary: { unix: '/var/lib/mailgw' },
    gw2: { unix: '/var/lib/mailgw2', groups: ['canary', 'all'] },
  },
})
