import { msg, suite } from 'mailgw/test'

// `mailgw test` runs these; docs/testing.md says how they are written.
suite('a gateway on this machine alone', (t) => {
  const here = { client: '127.0.0.1', from: 'ann@demo.test' }
  const outside = { client: '192.0.2.1', from: 'x@example.org' }

  t.expect(msg({ ...here, to: 'bob@demo.test' })).delivered()
  t.expect(msg({ ...here, to: 'sales@demo.test' }))
    .delivered()
    .to('ann@demo.test', 'bob@demo.test')
  t.expect(msg({ ...here, to: 'x@printer.lab.test' })).hosts('127.0.0.1:2527')
  t.expect(msg({ ...here, to: 'x@lab.test' })).relay('smarthost')
  t.expect(msg({ ...here, to: 'someone@example.org' })).relay('smarthost')
  t.expect(msg({ ...outside, to: 'bob@demo.test' })).delivered()
  t.expect(msg({ ...outside, client: '128.0.0.1', to: 'someone@example.org' }))
    .rejected(550)
    .by('relaying')
  t.expect(msg({ ...outside, client: '126.0.0.1', to: 'someone@example.org' }))
    .rejected(550)
    .by('relaying')
  t.expect(msg({ ...outside, to: 'x@mail.demo.test' })).rejected(550)
  t.expect(msg({ ...outside, to: 'x@printer.lab.test' })).rejected(550)

  t.all({ internal: false, recipient: { except: ['demo.test', 'gw.localhost'] } }).never('accepted')
  t.all({ recipient: '*.lab.test', internal: true, size: { upTo: '1MiB' } }).never({ relay: 'smarthost' })
})
