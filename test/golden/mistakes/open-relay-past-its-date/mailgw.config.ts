import { defineConfig, mx, unsafeOpenRelay } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relaying: unsafeOpenRelay({ reason: 'migration of the printers', until: '2026-03-31' }),
  localMx: { '*': mx() },
})
