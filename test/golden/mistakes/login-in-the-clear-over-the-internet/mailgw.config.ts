import { defineConfig, via } from 'mailgw'

// The branch offices have printers that cannot do TLS, and no network of their own: passwords cross the internet.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  certificates: { main: { cert: '/etc/mailgw/cert.pem', key: '/etc/mailgw/key.pem' } },
  listeners: {
    submission: {
      kind: 'submission',
      bind: '127.0.0.1:2525',
      tls: { mode: 'offered', certificates: ['main'] },
      login: { required: true, clearTextFrom: ['198.51.100.0/24'] },
    },
  },
  credentials: [{ id: 'staff', users: { ann: '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy' } }],
  clients: { staff: { logins: ['*'], internal: true } },
  relays: { isp: { hosts: 'smtp.isp.example:587', tls: 'verify' } },
  localMx: { '*': via('isp') },
})
