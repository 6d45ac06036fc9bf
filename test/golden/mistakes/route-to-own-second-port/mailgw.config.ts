import { defineConfig, host, mx } from 'mailgw'

// The second listener belongs to the same gateway: mail for the lab comes back, and goes out again.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    mx: { kind: 'mx', bind: '192.0.2.25:25', hostname: 'gw.corp-example.com' },
    lan: { kind: 'internal', bind: '0.0.0.0:2525' },
  },
  domains: { 'corp.example': 'local' },
  trusted: ['10.0.0.0/8', '127.0.0.0/8'],
  localMx: { '*.lab.example': host('localhost', 2525), '*': mx() },
})
