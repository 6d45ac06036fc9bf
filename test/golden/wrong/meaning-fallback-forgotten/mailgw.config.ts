import { defineConfig, host } from 'mailgw'

// Internal clients may send anywhere, and there is no way to anywhere else.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  trusted: ['10.0.0.0/8'],
  relaying: 'outbound',
  localMx: { '*.lab.example': host('bart', 26) },
})
