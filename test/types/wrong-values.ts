import { defineConfig, mx, reject } from '../../src/index.ts'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'imap', bind: '127.0.0.1:2525' } },
  //                 ^ TS2322
  relays: {
    lisa: { hosts: 'lisa', auth: { user: 'gw', pass: 'secret' } },
    //                                         ^ TS2322
    bart: { hosts: 'bart', auth: { user: 'gw', pass: { $secret: 'secret' } } },
    //                                                 ^ TS2322
  },
  localMx: {
    '*': mx({ port: 2525 }),
    //        ^ TS2353
  },
    relaying: 'open',
  //^ TS2322
  deny: [{ when: { client: '192.0.2.0/24' }, then: reject('550', 'no') }],
  //                                                      ^ TS2345
  timeouts: { command: 300 },
  //          ^ TS2322
  limits: { maxSize: 20 },
  //        ^ TS2322
})
