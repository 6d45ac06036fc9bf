import { defineConfig, reject } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
  localMx: { 'old.example': reject(250, 'moved'), 'older.example': reject(421, 'moved'), 'oldest.example': reject(550, '4.1.6 moved') },
})
