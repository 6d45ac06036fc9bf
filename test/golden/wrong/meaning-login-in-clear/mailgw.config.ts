import { defineConfig } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    users: { kind: 'submission', bind: '127.0.0.1:5870', login: 'required' },
    printers: { kind: 'submission', bind: '127.0.0.1:2525', login: { clearTextFrom: ['10.20.0.0/24', '0.0.0.0/0'] } },
    secure: {
      kind: 'submission',
      bind: '127.0.0.1:4650',
      tls: 'implicit',
      login: { required: true, clearTextFrom: ['10.20.0.0/24'] },
    },
  },
  certificates: { main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' } },
  credentials: [{ id: 'staff', file: '/etc/mailgw/users' }],
  domains: { 'corp.example': 'local' },
})
