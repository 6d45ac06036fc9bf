import { defineConfig, env, reject, table, via } from 'mailgw'

// Printers and servers without TLS or login send through a provider that wants both. Nobody outside is accepted.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'it@corp.example',
  listeners: {
    lan: { kind: 'internal', bind: '10.0.0.5:25', maxSize: '35MiB' },
  },
  relaying: 'outbound',
  clients: {
    printers: {
      networks: '10.20.0.0/16',
      internal: true,
      senders: ['scanner@corp.example'],
      recipients: ['corp.example'],
      maxSize: '25MiB',
    },
    servers: { networks: table('servers.tsv'), internal: true, senders: ['corp.example', '*.corp.example'] },
  },
  relays: {
    provider: {
      hosts: ['smtp.provider.example:587', 'smtp2.provider.example:587'],
      tls: 'verify',
      auth: { user: 'gateway@corp.example', pass: env.secret('PROVIDER_PASSWORD') },
      connections: 10,
    },
    erp: { hosts: '10.0.0.40:2525', tls: 'off' },
  },
  localMx: {
    'erp.corp.example': via('erp'),
    '*': via('provider'),
  },
  deny: [
    {
      id: 'no-auto-replies',
      when: { sender: ['noreply@corp.example'], recipient: ['lists.example', '*.lists.example'] },
      then: reject(550, 'machines do not write to lists'),
    },
  ],
  retry: { schedule: ['1m', '5m', '15m', '1h'], expireAfter: '2d' },
})
