import { defineConfig, env } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    users: { kind: 'submission', bind: '127.0.0.1:5870', tls: 'required', login: 'required' },
  },
  certificates: { main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' } },
  credentials: [
    { id: 'clear', http: { url: 'http://login.corp.example/check' } },
    { id: 'inside', http: { url: 'https://gw:hunter2@login.corp.example/check' } },
    {
      id: 'header',
      http: { url: 'login.corp.example', header: { name: 'Content-Length', value: env.secret('HEADER') } },
    },
    { id: 'radius', radius: { servers: [], secret: env.secret('RADIUS'), nasIdentifier: 'two words' } },
    { id: 'keys', oauth: { jwks: { url: 'https://id.corp.example/jwks', algorithms: ['HS256', 'none'] } } },
    { id: 'neither', oauth: { issuer: 'https://id.corp.example/' } },
  ],
  domains: { 'corp.example': 'local' },
})
