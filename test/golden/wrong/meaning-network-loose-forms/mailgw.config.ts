import { defineConfig } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  trusted: ['010.0.0.1', '10.1', '192.168.1.0/255.255.255.0', '::ffff:192.0.2.1', '192.168.1.*'],
})
