import { msg, suite } from 'mailgw/test'

const stranger = {
  listener: 'internet',
  client: '192.0.2.7',
  helo: 'mail.elsewhere.example',
  from: 'x@elsewhere.example',
}
const printer = { listener: 'lan', client: '10.20.3.4', helo: 'printer3', from: 'scanner@corp.example' }
const ann = { listener: 'submissions', client: '198.51.100.9', tls: true, helo: 'laptop', login: 'ann@corp.example' }
const ours = ['corp.example', 'gw.corp.example']
const clean = {
  'dnsbl.zen': 'clear',
  'check.sender-domain': 'clear',
  'check.reverse': 'clear',
} as const
const calm = {
  'own-sender.people': 'clear',
  'rate.people.messages/1m': 'clear',
  'rate.people.messages/1d': 'clear',
  'rate.people.recipients/1d': 'clear',
} as const

suite('the internet', (t) => {
  t.expect(msg({ ...stranger, to: 'ann@corp.example' }).assume(clean)).hosts('mail.corp.example:25')
  t.expect(msg({ ...stranger, tls: true, to: 'ann@corp.example' }).assume(clean)).accepted()
  for (const to of ['bob@corp.example', 'sales@corp.example', 'scanner@corp.example']) {
    t.expect(msg({ ...stranger, to }).assume(clean)).hosts('mail.corp.example:25')
  }
  t.expect(msg({ ...stranger, to: 'nobody@corp.example' }).assume(clean)).rejected(550)
  t.expect(msg({ ...stranger, to: 'someone@far.example' }))
    .rejected(550)
    .by('relaying')
  t.expect(msg({ ...stranger, to: 'ann@corp.example' }).assume({ ...clean, 'dnsbl.zen': 'listed' })).rejected(554)
  t.expect(msg({ ...stranger, to: 'postmaster@corp.example' })).accepted()
  t.expect(msg({ ...stranger, helo: 'mail.corp.example', to: 'ann@corp.example' }))
    .rejected(550)
    .stage('helo')
  // An address of ours in MAIL FROM gives nobody a right.
  t.expect(msg({ ...stranger, from: 'ann@corp.example', to: 'someone@far.example' })).rejected(550)
})

suite('people', (t) => {
  t.expect(msg({ ...ann, from: 'ann@corp.example', to: 'someone@far.example' }).assume(calm)).mx()
  t.expect(
    msg({ ...ann, from: 'bob@corp.example', to: 'someone@far.example' }).assume({
      ...calm,
      'own-sender.people': 'listed',
    }),
  )
    .rejected(550)
    .stage('mail')
  t.expect(
    msg({ ...ann, listener: 'submission', from: 'ann@corp.example', to: 'ann@corp.example' }).assume(calm),
  ).accepted()
  t.expect(msg({ listener: 'submission', client: '198.51.100.9', from: 'ann@corp.example', to: 'x@far.example' }))
    .rejected(530)
    .by('listeners.submission.tls')
  t.expect(
    msg({ listener: 'submission', client: '198.51.100.9', tls: true, from: 'ann@corp.example', to: 'x@far.example' }),
  )
    .rejected(530)
    .by('listeners.submission.login')
  t.expect(
    msg({ ...ann, from: 'ann@corp.example', to: 'x@far.example' }).assume({
      ...calm,
      'rate.people.messages/1m': 'listed',
    }),
  ).deferred()
})

suite('printers', (t) => {
  const some = { 'rate.printers.messages/1h': 'clear' } as const
  t.expect(msg({ ...printer, to: 'ann@corp.example' }).assume(some)).hosts('mail.corp.example:25')
  t.expect(msg({ ...printer, to: 'someone@far.example' }).assume(some)).rejected(550)
  t.expect(msg({ ...printer, from: 'ann@corp.example', to: 'ann@corp.example' })).rejected(550)
  t.expect(msg({ ...printer, to: 'ann@corp.example', size: '11MiB' }).assume(some)).rejected(552)
  t.expect(msg({ ...printer, to: 'ann@corp.example' }).assume({ 'rate.printers.messages/1h': 'listed' })).deferred()
  // A neighbour is a stranger: lists are asked about it.
  t.expect(
    msg({ ...printer, listener: 'internet', client: '10.21.3.4', to: 'ann@corp.example' }).assume({
      ...clean,
      'dnsbl.zen': 'listed',
    }),
  ).rejected(554)
  // The port of the LAN is closed to everybody else, whoever they are.
  t.expect(msg({ ...printer, client: '10.30.0.1', to: 'ann@corp.example' }))
    .rejected(554)
    .stage('connect')
    .by('listeners.lan.allowFrom')
})

suite('nobody relays who may not', (t) => {
  t.all({ listener: 'internet', client: { except: '10.20.0.0/16' }, recipient: { except: ours } }).never('accepted')
})
