import { defineConfig, via } from 'mailgw'

const relay = (more: object) => ({ hosts: ['smtp.isp.example'], ...more })

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relays: { isp: relay({ prot: 2525 }) },
  localMx: { '*': via('isp') },
})
