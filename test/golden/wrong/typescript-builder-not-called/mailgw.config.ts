import { defineConfig, deliver, via } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relays: { isp: { hosts: ['smtp.isp.example:2525'] } },
  localMx: { 'corp.example': deliver, '*': via('isp') },
} as never)
