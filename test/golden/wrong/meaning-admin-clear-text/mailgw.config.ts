import { defineConfig } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  admin: {
    bind: ['127.0.0.1:8443', '0.0.0.0:8444', '127.0.0.1:2525'],
    tokens: {
      ci: { sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', scopes: ['read'] },
    },
  },
})
