import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { storedDomain } from '../../src/mail/domain.ts'
import type { Recipient } from '../../src/mail/envelope.ts'
import type { NotificationKind } from '../../src/mail/notification-settings.ts'
import type { Mailbox } from '../../src/mail/path.ts'
import type { Reply } from '../../src/mail/reply.ts'
import { defaultNotice } from '../../src/message/default-notices.ts'
import type { Reported } from '../../src/message/delivery-status.ts'
import { type NotificationOrder, notification } from '../../src/message/notification.ts'
import { originalHeader, originalOf } from '../../src/message/original.ts'
import { peers } from '../support/peer.ts'
import { readReport } from './report.ts'

const mailbox = (text: string): Mailbox => {
  const at = text.lastIndexOf('@')
  return { localPart: text.slice(0, at), domain: storedDomain(text.slice(at + 1)), text }
}

const recipient = (text: string, more: Partial<Recipient> = {}): Recipient => ({
  mailbox: mailbox(text),
  original: mailbox(text),
  notify: null,
  orcpt: null,
  ...more,
})

const unknownUser: Reply = { code: 550, status: '5.1.1', text: 'no such user' }

const reported = (more: Partial<Reported> = {}): Reported => ({
  recipient: recipient('bob@dst.test'),
  reply: unknownUser,
  host: 'mx1.dst.test[192.0.2.1]:25',
  status: '5.1.1',
  why: '',
  expired: false,
  lastAttemptAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  ...more,
})

const order = (more: Partial<NotificationOrder> = {}): NotificationOrder => ({
  id: 'N1',
  action: 'failed',
  to: mailbox('ann@src.test'),
  from: mailbox('postmaster@gw.test'),
  postmaster: mailbox('postmaster@gw.test'),
  notice: defaultNotice(more.action ?? 'failed'),
  reportingMta: 'gw.test',
  now: Date.UTC(2026, 0, 2, 3, 4, 6),
  arrivedAt: Date.UTC(2026, 0, 1, 0, 0, 0),
  originalId: 'Q1',
  envid: null,
  graphHash: 'g',
  smtputf8: false,
  recipients: [reported()],
  original: { kind: 'header', header: Buffer.from('Subject: hello\r\nX-Dot: y\r\n') },
  ...more,
})

const unstuff = (chunks: readonly Buffer[]): string =>
  Buffer.concat(chunks)
    .toString('latin1')
    .replace(/(^|\r\n)\./g, '$1')

const write = (more: Partial<NotificationOrder> = {}) => {
  const written = notification(order(more))
  const text = unstuff(written.chunks)
  return { ...written, text, report: readReport(text) }
}

test('a failure names sender, recipient, host, reply and time, and goes out from the null reverse-path', () => {
  const { envelope, report, facts } = write({ envid: 'abc+2B1' })
  expect(envelope.from).toBeNull()
  expect(envelope.recipients.map((one) => one.mailbox.text)).toEqual(['ann@src.test'])
  expect(facts).toEqual({ dots: false, eightBit: false })
  expect(Object.fromEntries(report.header)).toMatchObject({
    from: 'Mail Delivery System <postmaster@gw.test>',
    to: '<ann@src.test>',
    'auto-submitted': 'auto-replied',
    'message-id': '<N1@gw.test>',
    date: 'Fri, 2 Jan 2026 03:04:06 +0000',
  })
  expect(Object.fromEntries(report.message)).toMatchObject({
    'original-envelope-id': 'abc+1',
    'reporting-mta': 'dns; gw.test',
    'arrival-date': 'Thu, 1 Jan 2026 00:00:00 +0000',
  })
  expect(Object.fromEntries(report.recipients[0]!)).toEqual({
    'final-recipient': 'rfc822; bob@dst.test',
    action: 'failed',
    status: '5.1.1',
    'remote-mta': 'dns; mx1.dst.test',
    'diagnostic-code': 'smtp; 550 5.1.1 no such user',
    'last-attempt-date': 'Fri, 2 Jan 2026 03:04:05 +0000',
  })
  expect(report.parts.map((part) => part.header.get('content-type'))).toEqual([
    'text/plain; charset=us-ascii',
    'message/delivery-status',
    'text/rfc822-headers',
  ])
  expect(report.parts[0]!.body).toMatchInlineSnapshot(
    `
    "Your message could not be delivered, and will not be tried again, to

      <bob@dst.test>
          There is no such mailbox. Look for a mistake in the address, or ask
          the recipient for the right one.
          mx1.dst.test[192.0.2.1]:25 said: 550 5.1.1 no such user

    Your message
          subject   hello
          sent      Thu, 1 Jan 2026 00:00:00 +0000
          number    Q1

    If you need help, write to <postmaster@gw.test> and give this number.

    Below is a report for programs and mail experts, and your message or the
    beginning of it.

    gw.test
    "
  `,
  )
})

const statusTable: { name: string; action: NotificationKind; reported: Partial<Reported>; want: string }[] = [
  {
    name: 'a 5yz without an enhanced code is 5.0.0',
    action: 'failed',
    reported: { reply: { code: 550, status: null, text: '' }, status: null },
    want: '5.0.0',
  },
  {
    name: 'what got too old is 4.4.7',
    action: 'failed',
    reported: { expired: true, reply: { code: 451, status: '4.7.1', text: '' } },
    want: '4.4.7',
  },
  {
    name: 'a delay after 552 to RCPT is class 4',
    action: 'delayed',
    reported: { reply: { code: 552, status: '5.2.2', text: '' } },
    want: '4.2.2',
  },
  {
    name: 'a delay without a reply takes the status of the attempt',
    action: 'delayed',
    reported: { reply: null, status: '4.4.1' },
    want: '4.4.1',
  },
  {
    name: 'delivery is class 2',
    action: 'delivered',
    reported: { reply: { code: 250, status: '2.1.5', text: '' } },
    want: '2.1.5',
  },
  {
    name: 'handing on to a host without DSN is 2.1.9',
    action: 'relayed',
    reported: { reply: { code: 250, status: '2.0.0', text: '' } },
    want: '2.1.9',
  },
  {
    name: 'a failure of our own is the status of the attempt',
    action: 'failed',
    reported: { reply: null, host: null, status: '5.4.6' },
    want: '5.4.6',
  },
]
for (const { name, action, reported: more, want } of statusTable) {
  test(`Status: ${name}`, () => {
    const { report } = write({ action, recipients: [reported(more)] })
    expect(report.recipients[0]!.get('status')).toBe(want)
  })
}

test('a delay says until when it will be tried, and a failure does not', () => {
  const retryUntil = Date.UTC(2026, 0, 6)
  const { report } = write({ action: 'delayed', recipients: [reported({ retryUntil })] })
  expect(report.recipients[0]!.get('will-retry-until')).toBe('Tue, 6 Jan 2026 00:00:00 +0000')
  expect(report.parts[0]!.body).toContain('You do not need to send it again')
  expect(report.parts[0]!.body).toContain('      It will be tried until Tue, 6 Jan 2026 00:00:00 +0000.')
  expect(write({ recipients: [reported({ retryUntil })] }).report.recipients[0]!.has('will-retry-until')).toBe(false)
})

test('what only the gateway said is not put into the mouth of a host', () => {
  const { report } = write({
    recipients: [
      reported({
        host: null,
        reply: { code: 556, status: '5.1.10', text: 'x' },
        status: '5.1.10',
        why: 'dst.test takes no mail (null MX)',
      }),
    ],
  })
  const fields = report.recipients[0]!
  expect(fields.has('remote-mta')).toBe(false)
  expect(fields.get('diagnostic-code')).toBe('x-mailgw; dst.test takes no mail (null MX)')
})

test('what is not said in words is said by the reply that the gateway made', () => {
  const { report } = write({
    recipients: [reported({ host: null, reply: { code: 552, status: '5.3.4', text: 'too large for mx1' } })],
  })
  expect(report.recipients[0]!.get('diagnostic-code')).toBe('x-mailgw; 552 5.3.4 too large for mx1')
  expect(report.parts[0]!.body).toContain('      552 5.3.4 too large for mx1\r\n')
  expect(
    write({
      action: 'delivered',
      recipients: [reported({ host: null, reply: { code: 250, status: '2.1.5', text: 'ok' } })],
    }).report.parts[0]!.body,
  ).not.toContain('250')
})

test('ORCPT comes back decoded, with its type; an alias shows what RCPT said', () => {
  const orcpt = recipient('bob@dst.test', { orcpt: 'rfc822;bob+2Bx@old.test' })
  const alias = recipient('team@dst.test', { original: mailbox('all@dst.test') })
  const { report } = write({ recipients: [reported({ recipient: orcpt }), reported({ recipient: alias })] })
  expect(report.recipients.map((fields) => fields.get('original-recipient'))).toEqual([
    'rfc822; bob+x@old.test',
    'rfc822; all@dst.test',
  ])
})

test('addresses and ENVID come back whole, however long: a fold inside of one would leave a space there', () => {
  const long = `${'l'.repeat(64)}@${'d'.repeat(60)}.${'e'.repeat(60)}.test`
  const spaced = '"two  spaces"@dst.test'
  const envid = 'e'.repeat(96)
  const orcpt = `rfc822;${'o'.repeat(64)}@old.test`
  const { report } = write({
    envid: `${envid}+20+20x`,
    to: mailbox(long),
    recipients: [
      reported({ recipient: recipient(long, { orcpt }) }),
      reported({ recipient: recipient(spaced, { orcpt: 'x400;/S+3Da+20+20b/' }) }),
    ],
  })
  expect(report.header.get('to')).toBe(`<${long}>`)
  expect(report.message.get('original-envelope-id')).toBe(`${envid}  x`)
  expect(report.recipients.map((fields) => fields.get('final-recipient'))).toEqual([
    `rfc822; ${long}`,
    `rfc822; ${spaced}`,
  ])
  expect(report.recipients.map((fields) => fields.get('original-recipient'))).toEqual([
    orcpt.replace(';', '; '),
    'x400; /S=a  b/',
  ])
  expect(report.parts[0]!.body).toContain(`<${long}>`)
})

test('a host without a name is its address in Remote-MTA', () => {
  const { report } = write({ recipients: [reported({ host: '[192.0.2.9]:2525' })] })
  expect(report.recipients[0]!.get('remote-mta')).toBe('dns; [192.0.2.9]')
})

test('beyond ASCII: the internationalized types with SMTPUTF8, utf-8-addr-xtext and ASCII without', () => {
  const recipients = [
    reported({ recipient: recipient('jös+é@dst.test'), reply: { code: 550, status: '5.1.1', text: 'unbekannt: jös' } }),
  ]
  const utf8 = write({ smtputf8: true, to: mailbox('änn@src.test'), recipients })
  expect(utf8.envelope).toMatchObject({ smtputf8: true, body: '8bitmime' })
  expect(utf8.facts.eightBit).toBe(true)
  const decode = (text: string | undefined) => Buffer.from(text ?? '', 'latin1').toString()
  expect(utf8.report.parts.map((part) => part.header.get('content-type')?.split(';')[0])).toEqual([
    'text/plain',
    'message/global-delivery-status',
    'message/global-headers',
  ])
  expect(decode(utf8.report.header.get('to'))).toBe('<änn@src.test>')
  expect(decode(utf8.report.recipients[0]!.get('final-recipient'))).toBe('utf-8; jös+é@dst.test')

  const ascii = write({ recipients })
  expect(ascii.facts.eightBit).toBe(false)
  expect(ascii.report.recipients[0]!.get('final-recipient')).toBe('utf-8; j\\x{F6}s\\x{2B}\\x{E9}@dst.test')
  expect(ascii.report.recipients[0]!.get('diagnostic-code')).toBe('smtp; 550 5.1.1 unbekannt: j?s')
  expect(ascii.report.parts[0]!.header.get('content-transfer-encoding')).toBe('quoted-printable')
})

test('a small message returns whole and as it was stored; a large one, and RET=HDRS, as its header', async () => {
  const content = Buffer.from('Received: x\r\nSubject: y\r\n\r\nline\r\n..dot\r\nend\r\n')
  const body = { sizeBytes: content.length, dots: true, eightBit: false, chunks: [content], async *read() {} }
  const original = await originalOf(body, null, true)
  const { report, facts, chunks } = write({ original })
  expect(report.header.has('content-transfer-encoding')).toBe(false)
  expect(report.parts[2]!.header.get('content-type')).toBe('message/rfc822')
  expect(report.parts[2]!.body).toBe('Received: x\r\nSubject: y\r\n\r\nline\r\n.dot\r\nend\r\n')
  expect(facts.dots).toBe(true)
  expect(Buffer.concat(chunks).includes('\r\n..dot\r\n')).toBe(true)

  const header = { kind: 'header', header: Buffer.from('Received: x\r\nSubject: y\r\n') }
  expect(await originalOf(body, 'hdrs', true)).toEqual(header)
  expect((await originalOf({ ...body, sizeBytes: 65537 }, null, true)).kind).toBe('header')
  expect((await originalOf({ ...body, sizeBytes: 65537 }, 'full', true)).kind).toBe('message')
  expect((await originalOf({ ...body, sizeBytes: 1024 * 1024 + 1 }, 'full', true)).kind).toBe('header')
  // RET is about failure (RFC 3461 §4.3): nobody needs his message back that has arrived, or still may.
  expect(await originalOf(body, null, false)).toEqual(header)
  expect(await originalOf(body, 'full', false)).toEqual(header)
})

test('a header with 8-bit octets or endless lines returns in quoted-printable, octet for octet', () => {
  const header = Buffer.concat([
    Buffer.from('Subject: '),
    Buffer.from([0xe9, 0x20]),
    Buffer.from(`${'x'.repeat(1200)}\r\nX: =\t\r\n`),
  ])
  const { report, facts } = write({ original: { kind: 'header', header } })
  const part = report.parts[2]!
  expect(facts.eightBit).toBe(false)
  expect(part.header.get('content-transfer-encoding')).toBe('quoted-printable')
  for (const line of part.body.split('\r\n')) expect(line.length).toBeLessThanOrEqual(76)
  const decoded = part.body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  expect(decoded).toBe(header.toString('latin1'))
})

test('the header is found in whatever pieces it comes, dots unstuffed, and nothing behind it is read', async () => {
  const content = Buffer.from('Subject: a\r\n..b: c\r\n\r\nbody')
  for (let size = 1; size <= content.length; size++) {
    let read = 0
    const header = await originalHeader({
      chunks: null,
      async *read() {
        for (let at = 0; at < content.length; at += size) {
          read = at
          yield content.subarray(at, at + size)
        }
      },
    })
    expect(header.toString()).toBe('Subject: a\r\n.b: c\r\n')
    expect(read).toBeLessThan(content.indexOf('body'))
  }
  expect((await originalHeader({ chunks: [Buffer.from('\r\nbody\r\n')], async *read() {} })).length).toBe(0)
})

const wireText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\r', '\n', '.', ' ', '\t', ';', ':', '\0', 'é', '\u2028', '-', '='),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
  maxLength: 300,
})

test('no reply, address or reason can add a field, a part, a bare line end or a long line', () => {
  fc.assert(
    fc.property(
      wireText,
      wireText,
      wireText,
      fc.boolean(),
      fc.constantFrom<NotificationKind>('failed', 'delayed', 'delivered', 'relayed', 'expanded'),
      (a, b, c, utf8, action) => {
        const one = reported({
          recipient: recipient('bob@dst.test', { orcpt: `rfc822;${a}`, original: mailbox(`${b}@x.test`) }),
          reply: { code: 550, status: null, text: a },
          why: b,
        })
        const two = reported({ reply: null, host: null, why: c })
        const { report } = write({ smtputf8: utf8, action, envid: c, recipients: [one, two] })
        const known = new Set([
          'original-recipient',
          'final-recipient',
          'action',
          'status',
          'remote-mta',
          'diagnostic-code',
          'last-attempt-date',
        ])
        expect(report.recipients).toHaveLength(2)
        for (const fields of report.recipients) for (const name of fields.keys()) expect(known).toContain(name)
        const names = [...report.header.keys()].filter((name) => name !== 'content-transfer-encoding')
        expect(names.sort()).toEqual(
          ['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'].sort(),
        )
      },
    ),
  )
})

test.skipIf(!peers('python3'))('another reader of mail sees the same report', () => {
  const { text } = write({
    action: 'delayed',
    recipients: [
      reported({
        retryUntil: Date.UTC(2026, 0, 6),
        reply: { code: 451, status: '4.7.1', text: `try later\n${'long '.repeat(60)}` },
      }),
      reported({ recipient: recipient('"a b"@dst.test') }),
    ],
    original: { kind: 'message', chunks: [Buffer.from('Subject: inner\r\n\r\nhi\r\n')], eightBit: false, dots: false },
  })
  const program = `
import sys, json, email, email.policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
r = m.get_payload(1).get_payload()
defects = [str(d) for p in m.walk() for d in p.defects]
print(json.dumps({'type': m.get_content_type(), 'defects': defects, 'kinds': [p.get_content_type() for p in m.iter_parts()],
  'groups': [dict(g.items()) for g in r], 'inner': m.get_payload(2).get_payload(0)['Subject']}))`
  const run = spawnSync('python3', ['-c', program], { input: Buffer.from(text, 'latin1') })
  expect(run.stderr.toString()).toBe('')
  const seen = JSON.parse(run.stdout.toString())
  expect(seen).toMatchObject({
    type: 'multipart/report',
    defects: [],
    kinds: ['text/plain', 'message/delivery-status', 'message/rfc822'],
    inner: 'inner',
  })
  expect(seen.groups).toHaveLength(3)
  expect(seen.groups[1]['Status']).toBe('4.7.1')
  expect(seen.groups[1]['Diagnostic-Code'].replace(/\s+/g, ' ')).toContain('smtp; 451 4.7.1 try later long long')
  expect(seen.groups[2]['Final-Recipient']).toBe('rfc822; "a b"@dst.test')
})
