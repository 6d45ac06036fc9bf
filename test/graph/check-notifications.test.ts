import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { checkControl } from '../../src/graph/check-control.ts'
import type { Control } from '../../src/graph/control.ts'
import { aDocument } from '../compile/a-document.ts'

const plain = compile(aDocument()).graph.control
const fast = { name: 'fast', scheduleMs: [60_000], expireAfterMs: 3_600_000, warnAfterMs: null, maxAttempts: 5 }
const text = 'Sorry:\n{each}\n{recipient}\n{end}'
const relay = {
  name: 'isp',
  hosts: [{ host: 'isp.example', port: 25 }],
  tls: 'may',
  auth: null,
  connections: 5,
} as const

/** Everything at once. */
const whole: Control = {
  ...plain,
  relays: [{ ...relay, retry: 'fast', dsn: 'never' }],
  retry: { ...plain.retry, warnAfterMs: 1000, maxAttempts: 9 },
  schedules: [fast],
  notifications: {
    from: 'post@example.com',
    copy: { to: 'ops@example.com', of: ['failed', 'delayed'] },
    doubleBounce: 'postmaster',
    limit: { most: 5, perMs: 3_600_000 },
    language: 'de-AT',
    texts: { failed: { subject: 'Lost {subject}', text }, expanded: { text } },
    reasons: [{ status: '5.1.*', text: 'Not there.' }],
  },
}

test('a graph with everything that is said of schedules and notifications is taken', () => {
  expect(() => checkControl(whole, 'control')).not.toThrow()
  expect(() => checkControl({ ...whole, notifications: { limit: null } }, 'control')).not.toThrow()
})

const told = (notifications: object) => ({ ...whole, notifications })
for (const { name, control, why } of [
  { name: 'a schedule that there is not', control: { ...whole, schedules: [] }, why: 'a schedule fast' },
  { name: 'schedules twice', control: { ...whole, schedules: [fast, fast] }, why: 'sorted' },
  { name: 'no attempts', control: { ...whole, schedules: [{ ...fast, maxAttempts: 0 }] }, why: 'maxAttempts' },
  { name: 'a text that cannot be read', control: told({ texts: { failed: { text: '{boom}' } } }), why: 'placeholders' },
  { name: 'a subject of two lines', control: told({ texts: { failed: { subject: 'a\nb' } } }), why: 'a subject' },
  { name: 'a kind that there is not', control: told({ texts: { lost: { text } } }), why: 'only failed' },
  { name: 'an address that is none', control: told({ from: 'a@b\r\nBcc: x@y' }), why: 'a mailbox' },
  { name: 'an address beyond ASCII', control: told({ from: 'jös@example.com' }), why: 'in ASCII' },
  { name: 'a copy to nobody', control: told({ copy: { to: '', of: ['failed'] } }), why: 'a mailbox' },
  { name: 'a reason of two lines', control: told({ reasons: [{ status: '5.*', text: 'a\r\nb' }] }), why: 'a line' },
  { name: 'a reason for success', control: told({ reasons: [{ status: '2.*', text: 'a' }] }), why: 'a status' },
  { name: 'a language that is a header', control: told({ language: 'de\r\nX: y' }), why: 'a language' },
  { name: 'a limit of nothing', control: told({ limit: { most: 0, perMs: 1000 } }), why: 'from 1' },
  { name: 'another way for double bounces', control: told({ doubleBounce: 'sender' }), why: 'postmaster' },
  { name: 'an unknown key', control: told({ html: 'x' }), why: 'only from' },
  { name: 'dsn: always', control: { ...whole, relays: [{ ...relay, dsn: 'always' }] }, why: 'never' },
]) {
  test(`a graph is refused that has ${name}`, () => {
    expect(() => checkControl(control, 'control')).toThrow(why)
  })
}
