import { defineConfig, mx, noOpenRelay, unsafeOpenRelay } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relaying: unsafeOpenRelay({ reason: 'migration of the printers', until: '2099-12-31' }),
  localMx: { '*': mx() },
  prove: [noOpenRelay()],
})
