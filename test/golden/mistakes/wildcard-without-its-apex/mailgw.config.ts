import { defineConfig, forAll, via } from 'mailgw'

// *.lab.example is everything below lab.example, and not lab.example: that mail takes the way of everybody else.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  trusted: ['10.0.0.0/8'],
  relays: { bart: { hosts: '10.0.0.20:26' }, isp: { hosts: 'smtp.isp.example' } },
  localMx: { '*.lab.example': via('bart'), '*': via('isp') },
  prove: [forAll({ recipient: ['lab.example', '*.lab.example'] }).onlyVia('bart')],
})
