import { defineConfig, mx, noDeadRules } from 'mailgw'

// Neither half hides the third rule, both together do; and the fourth was forgotten behind a wider one.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  localMx: { '*': mx() },
  deny: [
    { id: 'low', when: { client: '198.51.100.0/25' } },
    { id: 'high', when: { client: '198.51.100.128/25' } },
    { id: 'one-sender', when: { client: '198.51.100.0/24', sender: 'spam.example' } },
    { id: 'one-host', when: { client: '198.51.100.7' } },
  ],
  prove: [noDeadRules()],
})
