import { defineConfig, via } from 'mailgw'

// Users log in at port 587, and whoever sits between reads their passwords.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { submission: { kind: 'submission', bind: '127.0.0.1:2525', login: 'offered' } },
  credentials: [{ id: 'staff', users: { ann: '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy' } }],
  clients: { staff: { logins: ['*'], internal: true } },
  relays: { isp: { hosts: 'smtp.isp.example:587', tls: 'verify' } },
  localMx: { '*': via('isp') },
})
