import { defineConfig, mx, oraclesFailSafe } from 'mailgw'

// When the list, or the resolver, is down for a day, no mail comes in for a day.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  localMx: { '*': mx() },
  dnsbl: [{ id: 'zen', zone: 'zen.dnsbl.example', onError: 'defer' }],
  prove: [oraclesFailSafe()],
})
