import { defineConfig, host, mx } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '192.0.2.25:25', hostname: 'gw.corp-example.com' } },
  domains: { 'corp.example': 'local', 'lab.example': 'relay' },
  localMx: { 'lab.example': host('192.0.2.25'), '*': mx() },
})
