import { defineConfig, mx, nullSenderAcceptedForLocal } from 'mailgw'

// Spam often comes with the null sender; so does every notification about our own mail.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  localMx: { '*': mx() },
  deny: [{ id: 'no-bounces', when: { sender: '<>', recipient: 'corp.example' } }],
  prove: [nullSenderAcceptedForLocal()],
})
