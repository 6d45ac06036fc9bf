import { defineConfig, forAll, mx } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  trusted: ['10.0.0.0/8'],
  localMx: { '*': mx() },
  prove: [
    forAll({ login: 'ann@*', helo: '.corp.example' }).never('accepted'),
    forAll({ certificate: { except: ['sha256:12'] } }).never('accepted'),
    forAll({ tls: false, certificate: '*' }).never('accepted'),
    forAll({ internal: true, login: '*@corp.example' }).never('accepted'),
    forAll({ login: [] }).never('accepted'),
    forAll({ tls: 'none' as never }).never('accepted'),
  ],
})
