import { defineConfig, forAll, noOpenRelay, tlsFloor, unchanged, via } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  trusted: ['10.0.0.0/8'],
  relays: { bart: { hosts: 'bart.corp.example' } },
  localMx: { '*': via('bart') },
  dnsbl: [{ id: 'zen', zone: 'zen.dnsbl.example', onError: 'ignore' }],
  prove: [
    noOpenRelay(),
    forAll({ listener: 'smpt', recipient: '*.lab.example' }).onlyVia('brat'),
    forAll({ dnsbl: { zne: 'error' } }).never(via('brat')),
    forAll({ client: '10.0.0.1/8', sender: '.corp.example', recipient: '<>' }).always('accepted'),
    tlsFloor('*.lab.*', 'verify'),
    unchanged({ recipient: { except: [] } }),
    noOpenRelay(),
  ],
})
