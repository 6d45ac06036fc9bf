import { expect, test } from 'vitest'
import type { Reply } from '../../src/mail/reply.ts'
import type { Attempt } from '../../src/queue/lane.ts'
import { settle } from '../../src/queue/settle.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const policy = { scheduleMs: [MINUTE, 5 * MINUTE, HOUR], expireAfterMs: 24 * HOUR }

const said = (code: number, command: Attempt['command'] = 'rcpt', status: string | null = null) => ({
  reply: { code, status, text: 'said so' } as Reply,
  command,
  status,
})
const silent = (status: string | null) => ({ reply: null, command: 'body', status }) as const

const cases = [
  { name: '250 delivers', attempts: 1, ageMs: 0, attempt: said(250, 'body'), want: { kind: 'delivered' } },
  { name: '250 delivers however old', attempts: 9, ageMs: 90 * HOUR, attempt: said(250), want: { kind: 'delivered' } },
  { name: '550 fails at once', attempts: 1, ageMs: 0, attempt: said(550), want: { kind: 'failed', why: 'refused' } },
  { name: '556 at RCPT fails', attempts: 1, ageMs: 0, attempt: said(556), want: { kind: 'failed', why: 'refused' } },
  { name: '552 to RCPT waits as 452', attempts: 1, ageMs: 0, attempt: said(552), want: { kind: 'retry', at: MINUTE } },
  {
    name: '552 to the content fails',
    attempts: 1,
    ageMs: 0,
    attempt: said(552, 'body'),
    want: { kind: 'failed', why: 'refused' },
  },
  {
    name: '451 waits as the schedule says',
    attempts: 1,
    ageMs: 0,
    attempt: said(451),
    want: { kind: 'retry', at: MINUTE },
  },
  {
    name: 'the second wait is the second of the schedule',
    attempts: 2,
    ageMs: MINUTE,
    attempt: said(451),
    want: { kind: 'retry', at: 6 * MINUTE },
  },
  {
    name: 'the last wait of the schedule repeats',
    attempts: 30,
    ageMs: 10 * HOUR,
    attempt: said(451),
    want: { kind: 'retry', at: 11 * HOUR },
  },
  {
    name: 'a wait beyond the lifetime is expiry',
    attempts: 30,
    ageMs: 23 * HOUR,
    attempt: said(451),
    want: { kind: 'failed', why: 'expired' },
  },
  {
    name: 'a lost connection waits',
    attempts: 1,
    ageMs: 0,
    attempt: silent('4.4.2'),
    want: { kind: 'retry', at: MINUTE },
  },
  { name: 'a time-out waits', attempts: 1, ageMs: 0, attempt: silent(null), want: { kind: 'retry', at: MINUTE } },
  {
    name: 'a loop that we found ourselves fails',
    attempts: 1,
    ageMs: 0,
    attempt: silent('5.4.6'),
    want: { kind: 'failed', why: 'refused' },
  },
  {
    name: 'a code nobody has defined waits',
    attempts: 1,
    ageMs: 0,
    attempt: said(354),
    want: { kind: 'retry', at: MINUTE },
  },
  ...(['connect', 'ehlo', 'starttls', 'auth'] as const).map((command) => ({
    name: `554 to ${command} is about us, and waits (EX-60)`,
    attempts: 1,
    ageMs: 0,
    attempt: said(554, command),
    want: { kind: 'retry', at: MINUTE } as const,
  })),
  {
    name: '535 to AUTH is about our password, and waits (RFC 4954 §6)',
    attempts: 1,
    ageMs: 0,
    attempt: said(535, 'auth', '5.7.8'),
    want: { kind: 'retry', at: MINUTE },
  },
  ...(['connect', 'ehlo'] as const).map((command) => ({
    name: `521 to ${command} fails: the host takes no mail at all (RFC 7504)`,
    attempts: 1,
    ageMs: 0,
    attempt: said(521, command),
    want: { kind: 'failed', why: 'refused' } as const,
  })),
  ...(['mail', 'rcpt', 'data', 'body'] as const).map((command) => ({
    name: `554 to ${command} is about the mail, and fails (EX-60)`,
    attempts: 1,
    ageMs: 0,
    attempt: said(554, command),
    want: { kind: 'failed', why: 'refused' } as const,
  })),
  ...(['connect', 'ehlo', 'auth', 'mail', 'rcpt', 'data', 'body'] as const).map((command) => ({
    name: `421 to ${command} waits`,
    attempts: 1,
    ageMs: 0,
    attempt: said(421, command),
    want: { kind: 'retry', at: MINUTE } as const,
  })),
  {
    name: '452 to RCPT waits',
    attempts: 1,
    ageMs: 0,
    attempt: said(452, 'rcpt', '4.2.2'),
    want: { kind: 'retry', at: MINUTE },
  },
  {
    name: 'the reply decides, not the class of the status: 450 5.7.1 waits (RFC 5321 §4.2.1)',
    attempts: 1,
    ageMs: 0,
    attempt: said(450, 'rcpt', '5.7.1'),
    want: { kind: 'retry', at: MINUTE },
  },
  {
    name: '550 4.7.1 fails',
    attempts: 1,
    ageMs: 0,
    attempt: said(550, 'rcpt', '4.7.1'),
    want: { kind: 'failed', why: 'refused' },
  },
  {
    name: '550 5.7.1 fails and 451 4.7.1 waits (the first)',
    attempts: 1,
    ageMs: 0,
    attempt: said(550, 'rcpt', '5.7.1'),
    want: { kind: 'failed', why: 'refused' },
  },
  {
    name: '550 5.7.1 fails and 451 4.7.1 waits (the second)',
    attempts: 1,
    ageMs: 0,
    attempt: said(451, 'rcpt', '4.7.1'),
    want: { kind: 'retry', at: MINUTE },
  },
  {
    name: 'the gateway knows of a null MX and says 556 itself: that fails (RFC 7505)',
    attempts: 1,
    ageMs: 0,
    attempt: said(556, 'route', '5.1.10'),
    want: { kind: 'failed', why: 'refused' },
  },
  {
    name: 'a connection that is lost after the final dot waits: twice is better than never (RFC 5321 §4.5.4.1)',
    attempts: 1,
    ageMs: 0,
    attempt: { reply: null, command: 'body', status: '4.4.2' } as const,
    want: { kind: 'retry', at: MINUTE },
  },
  {
    name: 'a connection that is lost before anything was sent waits',
    attempts: 1,
    ageMs: 0,
    attempt: { reply: null, command: 'mail', status: '4.4.2' } as const,
    want: { kind: 'retry', at: MINUTE },
  },
]
for (const { name, attempts, ageMs, attempt, want } of cases) {
  // D1.12, D1.13
  test(`settle: ${name}`, () => {
    expect(settle({ queuedAt: 0, attempts }, attempt, policy, ageMs)).toEqual(want)
  })
}

test('settle: after as many attempts as the policy allows, it fails with the last answer (EX-40)', () => {
  const few = { ...policy, maxAttempts: 3 }
  for (const attempt of [said(451), silent('4.4.2'), said(552)]) {
    expect(settle({ queuedAt: 0, attempts: 2 }, attempt, few, 0)).toMatchObject({ kind: 'retry' })
    expect(settle({ queuedAt: 0, attempts: 3 }, attempt, few, 0)).toEqual({ kind: 'failed', why: 'attempts' })
  }
  expect(settle({ queuedAt: 0, attempts: 3 }, said(250, 'body'), few, 0)).toEqual({ kind: 'delivered' })
  expect(settle({ queuedAt: 0, attempts: 1 }, said(550), few, 0)).toEqual({ kind: 'failed', why: 'refused' })
})

test('settle: an empty schedule waits for half an hour and is no loop', () => {
  const empty = { scheduleMs: [], expireAfterMs: 24 * HOUR }
  expect(settle({ queuedAt: 0, attempts: 1 }, said(451), empty, 0)).toEqual({ kind: 'retry', at: HOUR / 2 })
})
