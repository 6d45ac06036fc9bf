import { defineConfig, host, via } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relays: { self: { hosts: ['10.0.0.9', '127.0.0.1:2525'] } },
  localMx: { '*': via('self'), 'lab.example': host('gw.corp.example', 2525) },
})
