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
]
for (const { name, attempts, ageMs, attempt, want } of cases) {
  test(`settle: ${name}`, () => {
    expect(settle({ queuedAt: 0, attempts }, attempt, policy, ageMs)).toEqual(want)
  })
}

test('settle: an empty schedule waits for half an hour and is no loop', () => {
  const empty = { scheduleMs: [], expireAfterMs: 24 * HOUR }
  expect(settle({ queuedAt: 0, attempts: 1 }, said(451), empty, 0)).toEqual({ kind: 'retry', at: HOUR / 2 })
})
