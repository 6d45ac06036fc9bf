import assert from 'node:assert/strict'
import { Census } from '../../src/ingress/census.ts'
import type { House } from '../../src/ingress/house.ts'
import { Session } from '../../src/ingress/session.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { MemoryInlet, settings, site } from '../ingress/house.ts'
import { memoryWire } from '../ingress/wire.ts'
import { type FuzzTarget, segments } from './target.ts'

/** Whole sessions: what strangers say to a public listener, and old devices to one inside. */
export const target: FuzzTarget = {
  seeds: [
    'EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n',
    'EHLO c.example\r\nMAIL FROM:<a@example.com> SIZE=5 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+2By\r\nRSET\r\n',
    'EHLO [IPv6:2001:db8::1]\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster> NOTIFY=NEVER ORCPT=rfc822;a+40b\r\nBDAT 3\r\na\r\nBDAT 2 LAST\r\n\r\n',
    'HELO c\r\nMAIL FROM:<"a b"@example.com>\r\nRCPT TO:<@x.example,@y.example:b@example.org>\r\nDATA\r\n..\r\n.\r\n',
    'mail from: a@example.com\r\nVRFY b\r\nHELP\r\nNOOP x\r\nEXPN\r\nAUTH PLAIN =\r\nSTARTTLS\r\nGET / HTTP/1.0\r\n',
    'EHLO é.example\r\nMAIL FROM:<é@bücher.example> SMTPUTF8\r\nRCPT TO:<slow@example.org>\r\nRCPT TO:<list@example.org>\r\nDATA\r\n\n.\n',
    'BDAT 99999999999999999999 LAST\r\nBDAT -1\r\nMAIL FROM:<a@[192.0.2.1]>\r\nRCPT TO:<listed@example.org>\r\n',
  ].map((text) => Buffer.from(text, 'utf8')),
  words: [
    'MAIL FROM:<',
    'RCPT TO:<',
    'DATA\r\n',
    'BDAT 10 LAST\r\n',
    'BDAT 0\r\n',
    '.\r\n',
    '\r\n.\r\n',
    '>\r\n',
    '@example.org>',
    '"\\"@',
    '[IPv6:::1]',
    ' SIZE=',
    ' ENVID=',
    ' NOTIFY=',
    ';+',
    '\xc3\xa9',
    '\xff',
    '\0',
    'RSET\r\n',
    'EHLO x\r\n',
  ],
  async once(input, random) {
    const kind = random(2) === 0 ? 'mx' : 'internal'
    const whole = await talk(kind, [input])
    const cut = await talk(kind, segments(input, random))
    // However the octets are cut, they say the same.
    assert.equal(cut.came, whole.came, 'answers')
    assert.deepEqual(cut.kept, whole.kept, 'messages')
  },
}

/** Says it, closes its side, and gives what came of it. */
async function talk(kind: 'mx' | 'internal', said: readonly Buffer[]): Promise<{ came: string; kept: unknown[] }> {
  const bugs: unknown[] = []
  const admission = site({ limits: { maxErrors: 8 } })
  const inlet = new MemoryInlet()
  const census = new Census()
  let gone = false
  const house: House = {
    settings: settings(kind),
    admission: () => admission,
    inlet,
    census,
    log: { ...silentLog, error: (event, fields) => void bugs.push([event, fields]) },
    clock: systemClock,
    draining: false,
  }
  const wire = memoryWire((socket) =>
    new Session(house, socket, '192.0.2.9' as IpAddress, 1, () => (gone = true)).open(),
  )
  for (const segment of said) await wire.send(segment)
  wire.end()
  for (let turns = 0; !wire.closed(); turns++) {
    assert.ok(turns < 1000, 'the session ends when its client has ended')
    await new Promise((resolve) => setImmediate(resolve))
  }
  wire.destroy()
  for (let turns = 0; !gone && turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(gone, 'nothing is left of the session')
  assert.deepEqual(bugs, [])
  const came = wire.came()
  for (const line of came.split('\r\n').slice(0, -1)) {
    assert.match(line, /^[2-5]\d\d[ -][ -~]{0,508}$/, 'a reply is one line of at most 512 octets in ASCII')
  }
  assert.ok(came === '' || came.endsWith('\r\n'))
  for (const { body, envelope } of inlet.kept) {
    assert.doesNotMatch(body, /\r(?!\n)|(?<!\r)\n|\0/, 'a message that is kept is made of lines')
    assert.doesNotMatch(body, /\r\n\.\r\n/, 'and nothing in it ends it')
    assert.ok(envelope.recipients.length > 0)
    assert.doesNotMatch(JSON.stringify(envelope), /\\[rn]|\\u00[01]/, 'an envelope has no line end in it')
  }
  return { came, kept: inlet.kept.map(({ body, facts, envelope }) => [body.replace(/;.*\+0000/, ''), facts, envelope]) }
}
