import { defineConfig, noOpenRelay, via } from 'mailgw'

// 10.0.0.0/8 was meant, and one digit is missing in the prefix of the other block.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '0.0.0.0:25', hostname: 'gw.corp-example.com' } },
  domains: { 'corp.example': 'local' },
  trusted: ['10.0.0.0/8', '192.0.0.0/2'],
  relays: { isp: { hosts: 'smtp.isp.example' } },
  localMx: { '*': via('isp') },
  prove: [noOpenRelay()],
})
