import { defineConfig, deliver, via } from 'mailgw'

// What users need at port 587 is demanded at port 25 too: no mail of others arrives any more.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  certificates: { main: { cert: '/etc/mailgw/cert.pem', key: '/etc/mailgw/key.pem' } },
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525', tls: 'offered', login: 'required' } },
  credentials: [{ id: 'staff', users: { ann: '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy' } }],
  clients: { staff: { logins: ['*'], internal: true } },
  domains: { 'corp.example': 'local' },
  relays: { isp: { hosts: 'smtp.isp.example:587', tls: 'verify' } },
  localMx: { 'corp.example': deliver(), '*': via('isp') },
})
