import { catchAll, defineConfig, mx } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'ann@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': { recipients: ['ann', 'bob'], unknown: catchAll('bop@corp.example') } },
  localMx: { '*': mx() },
})
