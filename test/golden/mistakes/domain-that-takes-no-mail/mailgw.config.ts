import { defineConfig, mx } from 'mailgw'

// Meant for the domain of a spammer, written with that of our own branch.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local', 'berlin.example': 'local' },
  localMx: { '*': mx() },
  deny: [{ id: 'spam', when: { recipient: ['berlin.example'] } }],
})
