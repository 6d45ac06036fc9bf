import { defineConfig } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  dnsbl: [{ id: 'zen', zone: 'zen.example', onError: 'ignore', listeners: ['smpt' as 'smtp'] }],
  deny: [{ when: { client: '192.0.2.0/24', listener: 'lan' as 'smtp' } }],
})
