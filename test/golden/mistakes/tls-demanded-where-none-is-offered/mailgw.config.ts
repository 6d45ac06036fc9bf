import { defineConfig, deliver, reject } from 'mailgw'

// Mail in the clear is refused, by a rule, at a listener that has no certificate to offer TLS with.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'ann@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  deny: [{ id: 'clear', when: { tls: 'none' }, then: reject(554, 'send STARTTLS first') }],
  localMx: { 'corp.example': deliver() },
})
