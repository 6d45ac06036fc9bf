import { defineConfig } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    mx: {
      kind: 'mx',
      bind: '127.0.0.1:2525',
      tls: { mode: 'offered', certificates: ['mian'], minVersion: 'TLSv1.3', ciphers: 'ECDHE+AESGCM' },
    },
    users: {
      kind: 'submission',
      bind: '127.0.0.1:5870',
      tls: { mode: 'required', certificates: ['main', 'main'], ciphers: 'ALL:!aNULL' },
    },
  },
  certificates: {
    main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' },
    spare: { cert: '/etc/mailgw/spare.pem', key: '/etc/mailgw/spare.key' },
  },
  domains: { 'corp.example': 'local' },
})
