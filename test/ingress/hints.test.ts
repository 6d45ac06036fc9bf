// MR-13, MR-40: what fields of a header come to for a client that may steer, and for one that may not.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Control } from '../../src/graph/control.ts'
import { hintReader, withWishes } from '../../src/ingress/hints.ts'
import { type HintRights, hintRightsText, parseHintRights } from '../../src/mail/hints.ts'
import { HopCounter } from '../../src/message/hops.ts'
import { encodeXtext } from '../../src/smtp/xtext.ts'
import { mailbox, message } from '../egress/lane.ts'

const now = Date.UTC(2026, 10, 21, 12)
const hour = 3_600_000
const control = {
  mailerqHints: true,
  egress: [
    { name: 'bulk', addresses: [{ address: '192.0.2.1' }, { address: '2001:db8::1' }] },
    { name: 'vip', addresses: [{ address: '192.0.2.9' }] },
  ],
} as unknown as Control
const all: HintRights = {
  egress: ['bulk'],
  class: ['news', 'a=b'],
  schedule: ['brief'],
  notBeforeMs: 72 * hour,
  expireAfter: true,
  maxAttempts: true,
  dsn: true,
  mailerq: true,
}

function read(fields: readonly string[], rights: HintRights | null = all, of = control) {
  const counter = new HopCounter()
  const header = Buffer.from(`${fields.join('\r\n')}\r\n\r\n`)
  counter.read(header, 0, header.length)
  return hintReader(of)(counter.hints()!, rights === null ? null : hintRightsText(rights), now)
}

describe('a client that may steer', () => {
  test.each([
    ['X-Mailgw-Egress: bulk', { egress: 'bulk' }],
    ['X-Mailgw-Egress: 192.0.2.1', { egress: 'bulk', source: '192.0.2.1' }],
    ['X-Mailgw-Class: a=b', { class: 'a=b' }],
    ['X-Mailgw-Schedule: brief', { schedule: 'brief' }],
    ['X-Mailgw-Not-Before: 2h', { notBefore: now + 2 * hour }],
    ['X-Mailgw-Not-Before: 2026-11-21T16:00:00+02:00', { notBefore: now + 2 * hour }],
    ['X-Mailgw-Not-Before: Sat, 21 Nov 2026 15:00 +0100', { notBefore: now + 2 * hour }],
    // It is past: the message is sent now.
    ['X-Mailgw-Not-Before: 21 Nov 2026 11:00:00 +0000', {}],
    ['X-Mailgw-Expire-After: 30m', { expireAt: now + hour / 2 }],
    ['X-Mailgw-Max-Attempts: 3', { maxAttempts: 3 }],
    ['x-mq-pool: bulk', { mailerq: true, egress: 'bulk' }],
    ['x-mq-ip: 2001:db8::1', { mailerq: true, egress: 'bulk', source: '2001:db8::1' }],
    ['x-mq-delayed: 2026-11-21 14:00:00', { mailerq: true, notBefore: now + 2 * hour }],
    ['x-mq-maxdelivertime: 2026-11-22 12:00:00', { mailerq: true, expireAt: now + 24 * hour }],
    ['x-mq-maxattempts: 5', { mailerq: true, maxAttempts: 5 }],
    // What means nothing here is taken off, a password above all.
    ['x-mq-smarthost-password: secret', { mailerq: true }],
  ])('says by %s what it wants', (field, hints) => {
    expect(read([field])).toMatchObject({ kind: 'read', hints, ignored: [] })
  })

  test('has the time of its life counted from when it may be sent, whatever stands first', () => {
    const wanted = { notBefore: now + 2 * hour, expireAt: now + 3 * hour }
    expect(read(['X-Mailgw-Expire-After: 1h', 'X-Mailgw-Not-Before: 2h'])).toMatchObject({ hints: wanted })
    expect(read(['X-Mailgw-Not-Before: 2h', 'X-Mailgw-Expire-After: 1h'])).toMatchObject({ hints: wanted })
  })

  test.each([
    [['X-Mailgw-Egress: vip'], '5.7.1', 'X-Mailgw-Egress: not one that this client may choose'],
    [['X-Mailgw-Egress: 192.0.2.9'], '5.7.1', 'X-Mailgw-Egress: not one that this client may choose'],
    [['X-Mailgw-Egress: 203.0.113.5'], '5.7.1', 'X-Mailgw-Egress: not one that this client may choose'],
    [['X-Mailgw-Class: constructor'], '5.7.1', 'X-Mailgw-Class: not one that this client may choose'],
    [['X-Mailgw-Not-Before: 4d'], '5.7.1', 'X-Mailgw-Not-Before: further ahead than this client may put it off'],
    [['X-Mailgw-Not-Before: tomorrow'], '5.6.0', 'X-Mailgw-Not-Before: expected a time with its zone'],
    [['X-Mailgw-Not-Before: 2026-02-30T00:00:00Z'], '5.6.0', 'X-Mailgw-Not-Before: expected a time'],
    [['X-Mailgw-Not-Before: 2026-11-21T14:00:00'], '5.6.0', 'X-Mailgw-Not-Before: expected a time with its zone'],
    [['X-Mailgw-Expire-After: 3600'], '5.6.0', 'X-Mailgw-Expire-After: expected a time with its unit'],
    [['X-Mailgw-Max-Attempts: 0'], '5.6.0', 'X-Mailgw-Max-Attempts: expected a number from 1 to 9999'],
    [['X-Mailgw-Notify: SUCCESS, NEVER'], '5.6.0', 'X-Mailgw-Notify: expected NEVER, or some of'],
    [['X-Mailgw-Ret: half'], '5.6.0', 'X-Mailgw-Ret: expected FULL or HDRS'],
    [[`X-Mailgw-Envid: ${'='.repeat(40)}`], '5.6.0', 'X-Mailgw-Envid: expected up to 100 printable characters'],
    [['X-Mailgw-Egres: bulk'], '5.6.0', 'X-Mailgw-Egres is no field of this gateway'],
    [['X-Mailgw-Egress: bulk', 'x-mq-pool: bulk'], '5.6.0', 'x-mq-pool: said twice'],
    [[`X-Mailgw-Ret: ${'x'.repeat(1200)}`], '5.6.0', 'X-Mailgw-Ret: longer than any value is'],
    [Array.from({ length: 40 }, () => 'x-mq-own: 1'), '5.6.0', 'too many fields'],
    [['x-mq-maxdelivertime: 2026-11-20 12:00:00'], '5.6.0', 'the message would expire before it may be sent'],
    [
      ['x-mq-maxdelivertime: 2026-11-21 13:00:00', 'x-mq-delayed: 2026-11-21 14:00:00'],
      '5.6.0',
      'the message would expire before it may be sent',
    ],
  ])('is told what is wrong with %j', (fields, status, text) => {
    const { kind, reply } = read(fields) as Extract<ReturnType<typeof read>, { kind: 'refused' }>
    expect(kind).toBe('refused')
    expect(reply).toMatchObject({ code: 550, status })
    expect(reply.text).toContain(text)
  })

  test('is told in one line of ASCII, whatever it wrote', () => {
    const octets = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((one) => one !== ':')
    const name = fc.array(fc.constantFrom(...octets), { maxLength: 70 }).map((all) => all.join(''))
    fc.assert(
      fc.property(name, fc.string({ unit: 'binary', maxLength: 60 }), (name, value) => {
        const line = value.replace(/[\r\n]/g, ' ')
        const said = read([`X-Mailgw-${name}: ${line}`, 'X-Mailgw-Ret: FULL'])
        if (said.kind === 'refused') expect(said.reply.text).toMatch(/^[ -~]{1,200}$/)
      }),
    )
  })
})

describe('a client that may not', () => {
  const fields = ['X-Mailgw-Egress: vip', 'X-Mailgw-Not-Before: nonsense', 'x-mq-ip: 192.0.2.9']

  test('is not refused, and its fields count for nothing and are taken off', () => {
    const ignored = ['X-Mailgw-Egress', 'X-Mailgw-Not-Before', 'x-mq-ip']
    expect(read(fields, null)).toEqual({ kind: 'read', hints: { mailerq: true }, wishes: {}, ignored })
    // It may say how often, and nothing else.
    const some = read([...fields, 'X-Mailgw-Max-Attempts: 2'], { maxAttempts: true })
    expect(some).toMatchObject({ hints: { maxAttempts: 2, mailerq: true }, ignored })
  })

  test('keeps fields that are none of ours: those of MailerQ where nobody uses them, and what only looks alike', () => {
    const read = (of: string) => {
      const counter = new HopCounter()
      const header = Buffer.from(`${of}\r\n\r\n`)
      counter.read(header, 0, header.length)
      return hintReader({})(counter.hints()!, null, now)
    }
    expect(read('x-mq-ip: 192.0.2.9')).toEqual({ kind: 'read', hints: null, wishes: {}, ignored: [] })
    expect(read('X-Mailgw-Anything: else')).toMatchObject({ hints: null, ignored: [] })
  })
})

describe('what a header asks of notifications', () => {
  const to = (text: string, original = text, notify: readonly 'success'[] | null = null) => ({
    ...{ mailbox: mailbox(text), original: mailbox(original), notify, orcpt: null },
  })

  test('holds where the session asked nothing', () => {
    const fields = ['X-Mailgw-Notify: success,Failure', 'X-Mailgw-Ret: HDRS', 'X-Mailgw-Envid: order 7']
    const said = read(fields) as Extract<ReturnType<typeof read>, { kind: 'read' }>
    expect(said.wishes).toEqual({ notify: ['success', 'failure'], ret: 'hdrs', envid: encodeXtext('order 7') })
    const came = {
      ...message({}).envelope,
      recipients: [to('a@dst.test'), to('b@dst.test', 'b@dst.test', ['success'])],
    }
    const wished = withWishes({ ...came, ret: 'full' }, said.wishes)
    expect(wished).toMatchObject({ ret: 'full', envid: 'order+207' })
    expect(wished.recipients.map(({ notify }) => notify)).toEqual([['success', 'failure'], ['success']])
  })

  test('of an alias for several is success once: that it was expanded (RFC 3461 §5.2.7.3)', () => {
    const original = mailbox('list@dst.test')
    const recipients = ['a@dst.test', 'b@dst.test'].map((text) => ({ ...to(text), original }))
    const wished = withWishes({ ...message({}).envelope, recipients }, { notify: ['success', 'delay'] })
    expect(wished.recipients.map(({ notify, expanded }) => [notify, expanded])).toEqual([
      [['delay'], true],
      [['delay'], undefined],
    ])
  })
})

test('rights are one text in a graph, read as they were written', () => {
  const name = fc
    .array(fc.constantFrom('a', 'Z', '7', '.', '=', '-', '_'), { maxLength: 9 })
    .map((all) => `a${all.join('')}`)
  const names = fc.option(fc.uniqueArray(name, { minLength: 1, maxLength: 4 }), { nil: undefined })
  const flag = fc.constantFrom(true as const, undefined)
  const rights = fc.record(
    { egress: names, class: names, schedule: names, expireAfter: flag, maxAttempts: flag, dsn: flag, mailerq: flag },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(rights, fc.option(fc.integer({ min: 1, max: 2_000_000 }), { nil: undefined }), (some, seconds) => {
      const given = { ...some, ...(seconds === undefined ? {} : { notBeforeMs: seconds * 1000 }) } as HintRights
      const text = hintRightsText(given)
      if (text === '') return
      const parsed = parseHintRights(text)
      expect(parsed.ok && hintRightsText(parsed.value)).toBe(text)
    }),
  )
  for (const bad of ['', 'egress=', 'bulk', 'dsn;class=a', 'notBefore=1', 'class=a;class=a', 'constructor=x'])
    expect(parseHintRights(bad).ok, bad).toBe(false)
})
