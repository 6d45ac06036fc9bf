import { byEnv, defineConfig, forAll, mx, tlsFloor, via } from '../../src/index.ts'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    mx: { kind: 'mx', bind: '127.0.0.1:2525', tls: { mode: 'offered', certificates: ['mian'] } },
    //                                                                               ^ TS2322
  },
  certificates: { main: { cert: '/etc/main.pem', key: '/etc/main.key' } },
  relays: {
    bart: { hosts: 'bart:26', tls: 'verfy' },
    //                        ^ TS2820
    isp: { hosts: 'smtp.isp.example' },
  },
  localMx: {
      'a.example': via('brat'),
    //^ TS2322
      'b.example': { relay: 'brat' },
    //^ TS2322
      'c.example': mx({ tls: 'verfy' }),
    //                  ^ TS2820
      'd.example': { mx: { tls: 'verfy' } },
    //^ TS2322
      '*': byEnv({ prod: mx(), default: via('ips') }),
    //^ TS2322
  },
  dnsbl: [{ id: 'zen', zone: 'zen.example', onError: 'ignore', listeners: ['mxx'] }],
  //                                                                       ^ TS2322
  deny: [{ when: { client: '192.0.2.0/24', listener: 'lan' } }],
  //                                       ^ TS2322
  prove: [
      forAll({ listener: 'mxx' }).never('accepted'),
    //^ TS2322
      forAll({ recipient: '*.lab.example' }).onlyVia('brat'),
    //^ TS2322
      forAll({ recipient: '*.lab.example' }).never(via('brat')),
    //^ TS2322
    tlsFloor('*', 'verfy'),
    //            ^ TS2345
      'noOpenRelays',
    //^ TS2820
  ],
})
