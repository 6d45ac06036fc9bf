import { msg, suite } from 'mailgw/test'

const printer = { client: '10.20.3.4', from: 'scanner@corp.example' }
const machine = { client: '10.30.3.4', from: 'alerts@corp.example' }

suite('a printer', (t) => {
  t.expect(msg({ ...printer, to: 'ann@corp.example' }))
    .relay('scanner')
    .tls('verify')
  t.expect(msg({ ...printer, to: 'ann@corp.example', size: '24MB' })).relay('scanner')
  t.expect(msg({ ...printer, to: 'ann@corp.example', size: '26MB' })).rejected(552)
  t.expect(msg({ ...printer, from: 'ceo@corp.example', to: 'ann@corp.example' }))
    .rejected(550)
    .by('clients.printers.senders')
  t.expect(msg({ ...printer, to: 'eve@elsewhere.example' }))
    .rejected(550)
    .by('clients.printers.recipients')
})

suite('a machine', (t) => {
  t.expect(msg({ ...machine, to: 'eve@elsewhere.example' }))
    .relay('alerts')
    .by('localMx["*"].bySender["*"]')
  t.expect(msg({ ...machine, from: 'scanner@corp.example', to: 'eve@elsewhere.example' }))
    .relay('scanner')
    .by('localMx["*"].bySender["scanner@corp.example"]')
  t.expect(msg({ ...machine, from: 'ceo@corp.example', to: 'ann@corp.example' })).rejected(550)
  t.expect(msg({ ...machine, from: '<>', to: 'ann@corp.example' })).relay('alerts')
})

suite('nobody else', (t) => {
  for (const client of ['10.19.0.1', '10.21.0.1', '10.29.0.1', '10.31.0.1', '203.0.113.9']) {
    t.expect(msg({ client, from: 'scanner@corp.example', to: 'ann@corp.example' }))
      .rejected(550)
      .by('relaying')
  }
  t.all({ internal: false, recipient: { except: ['gw.corp.example'] } }).never('accepted')
})
