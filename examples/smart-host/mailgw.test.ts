import { msg, suite } from 'mailgw/test'

const printer = { client: '10.20.3.4', from: 'scanner@corp.example' }
const server = { client: '10.30.0.10', from: 'app@erp.corp.example' }

suite('printers', (t) => {
  t.expect(msg({ ...printer, to: 'ann@corp.example' }))
    .relay('provider')
    .tls('verify')
  t.expect(msg({ ...printer, to: 'ann@corp.example', size: '24MiB' })).relay('provider')
  t.expect(msg({ ...printer, to: 'ann@corp.example', size: '26MiB' })).rejected(552)
  t.expect(msg({ ...printer, to: 'someone@elsewhere.example' })).rejected(550)
  t.expect(msg({ ...printer, from: 'ann@corp.example', to: 'ann@corp.example' }))
    .rejected(550)
    .stage('mail')
  t.expect(msg({ ...printer, from: '<>', to: 'ann@corp.example' })).relay('provider')
})

suite('servers', (t) => {
  t.expect(msg({ ...server, to: 'someone@elsewhere.example' }))
    .relay('provider')
    .tls('verify')
  t.expect(msg({ ...server, from: 'app@corp.example', to: 'x@erp.corp.example' }))
    .relay('erp')
    .tls('off')
  t.expect(msg({ ...server, to: 'x@a.erp.corp.example' })).relay('provider')
  t.expect(msg({ ...server, from: 'app@elsewhere.example', to: 'x@erp.corp.example' })).rejected(550)
  for (const to of ['all@lists.example', 'all@a.lists.example']) {
    t.expect(msg({ ...server, from: 'noreply@corp.example', to }))
      .rejected(550)
      .by('deny[0]')
    t.expect(msg({ ...server, to })).relay('provider')
  }
  t.expect(msg({ ...server, from: 'noreply@corp.example', to: 'someone@elsewhere.example' })).relay('provider')
  for (const client of ['10.30.0.11', '10.31.0.7', 'fd00:30::7']) {
    t.expect(msg({ ...server, client, to: 'someone@elsewhere.example' })).relay('provider')
  }
})

suite('nobody else', (t) => {
  for (const client of ['10.19.0.1', '10.21.0.1', '10.30.0.12', '10.31.1.1', 'fd00:30:0:1::7', '203.0.113.9']) {
    t.expect(msg({ client, from: 'x@corp.example', to: 'ann@corp.example' }))
      .rejected(550)
      .by('relaying')
  }
  t.all({ internal: false, recipient: { except: ['gw.corp.example'] } }).never('accepted')
})
