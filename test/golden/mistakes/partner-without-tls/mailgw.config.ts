import { defineConfig, host, mx, tlsFloor, via } from 'mailgw'

// One office of the partner has a row of its own, from before there was a contract about TLS.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  trusted: ['10.0.0.0/8'],
  relays: { partner: { hosts: 'mx.partner.example', tls: 'verify' } },
  localMx: { '*.partner.example': via('partner'), 'berlin.partner.example': host('mail.berlin.partner.example'), '*': mx() },
  prove: [tlsFloor('*.partner.example', 'verify')],
})
