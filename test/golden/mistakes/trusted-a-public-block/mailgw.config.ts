import { defineConfig, via } from 'mailgw'

// The provider's whole block, of which the site has sixteen addresses.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '0.0.0.0:25', hostname: 'gw.corp-example.com' } },
  domains: { 'corp.example': 'local' },
  clients: { office: { networks: ['81.128.0.0/10', '2a00::/12'], internal: true } },
  relays: { isp: { hosts: 'smtp.isp.example' } },
  localMx: { '*': via('isp') },
})
