import { defineConfig, via } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relays: { isp: { hosts: 'smtp.isp.example', auth: { user: 'gw', pass: 'hunter2' } } },
  localMx: { '*': via('isp') },
})
