import { defineConfig } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  clients: Object.fromEntries(
    ['10.1.0.0/16', '10.2.0.0/16'].map((networks, i) => [
      `floor${i + 1}`,
      { networks, internel: true, senders: ['corp.example'] },
    ]),
  ),
})
