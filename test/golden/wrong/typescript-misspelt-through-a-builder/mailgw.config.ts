import { defineConfig } from 'mailgw'
import { relay } from './relay.ts'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  relays: {
    isp: relay('smtp.isp.example', { tls: 'may' }),
    partner: relay('mx.partner.example', { tsl: 'verify' }),
  },
  localMx: { '*': { relay: 'isp' }, '*.partner.example': { relay: 'partner' } },
} as never)
