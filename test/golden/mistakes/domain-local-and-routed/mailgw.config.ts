import { defineConfig, host, via } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relays: { isp: { hosts: 'smtp.isp.example' } },
  localMx: { 'corp.example': host('exchange.corp.example'), '*': via('isp') },
})
