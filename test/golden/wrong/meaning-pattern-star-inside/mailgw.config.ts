import { defineConfig, host } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  localMx: { 'mx*.lab.example': host('bart'), '*.*': host('lisa') },
})
