import { defineConfig } from 'mailgw'

export default defineConfig({
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  hostname: '192.0.2.1',
})
