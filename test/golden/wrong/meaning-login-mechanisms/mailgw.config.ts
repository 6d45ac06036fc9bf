import { defineConfig, env } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    users: {
      kind: 'submission',
      bind: '127.0.0.1:5870',
      tls: 'offered',
      login: { mechanisms: ['SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN', 'PLAIN'], legacy: ['CRAM-MD5'] },
    },
    devices: {
      kind: 'internal',
      bind: '127.0.0.1:2525',
      login: { mechanisms: ['SCRAM-SHA-256-PLUS'], clearTextFrom: ['10.20.0.0/24'] },
    },
    none: { kind: 'internal', bind: '127.0.0.1:2526', tls: 'required', login: { mechanisms: [] } },
  },
  certificates: { main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' } },
  credentials: [
    {
      id: 'staff',
      users: {
        'ann@corp.example': { hash: '$scram-sha-256$4096$c2FsdHNhbHQ=$c3RvcmVkIGtleSB0aGF0IGhhcyAzMiBvY3RldHMgLi4=$c3RvcmVkIGtleSB0aGF0IGhhcyAzMiBvY3RldHMgLi4=' },
        'bob@corp.example': '$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
      },
    },
    { id: 'radius', radius: { servers: '10.0.0.9', secret: env.secret('RADIUS') } },
  ],
  domains: { 'corp.example': 'local' },
})
