import { defineConfig } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  dnsbl: [{ id: 'zen', zone: 'zen.dnsbl.example' }],
})
