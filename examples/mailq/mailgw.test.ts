import { msg, suite } from 'mailgw/test'

// MailQ's manual, said as what comes of mail.
suite('LocalMX', (t) => {
  const inside = { client: '192.168.2.7', from: 'me@localhost.com' }
  t.expect(msg({ ...inside, to: 'a@localhost.com' })).hosts('snoopy:25')
  t.expect(msg({ ...inside, to: 'a@example.com' })).hosts('bart:26')
  t.expect(msg({ ...inside, to: 'a@sub.example.com' })).hosts('mail.isp.com:2525')
  t.expect(msg({ ...inside, to: 'a@elsewhere.example' })).hosts('mail.isp.com:2525')
})

suite('SMTPRelay=2', (t) => {
  const outside = { client: '203.0.113.9', from: 'x@elsewhere.example' }
  t.expect(msg({ ...outside, to: 'a@example.com' })).hosts('bart:26')
  t.expect(msg({ ...outside, to: 'a@localhost.com' })).hosts('snoopy:25')
  for (const client of ['203.0.113.9', '126.0.0.1', '192.168.3.7']) {
    t.expect(msg({ ...outside, client, to: 'a@elsewhere.example' })).rejected(550)
  }
  t.expect(msg({ client: '127.0.0.1', from: 'me@localhost.com', to: 'a@elsewhere.example' })).hosts('mail.isp.com:2525')
})
