import { expect, test } from 'vitest'
import { trippedGate } from '../../src/admin/gates.ts'

const none = { decisions: 0, refused: 0, deferred: 0, attempts: 0, attemptsDeferred: 0, attemptsFailed: 0 }
const gates = { rejectRate: 0.1, deferRate: 0.2, failureRate: 0.05, minMessages: 100 }

const cases = [
  { name: 'nothing happened', counts: {}, want: null },
  { name: 'too few to say', counts: { decisions: 99, refused: 99 }, want: null },
  { name: 'just at the limit', counts: { decisions: 100, refused: 10 }, want: null },
  {
    name: 'over it',
    counts: { decisions: 100, refused: 11 },
    want: 'reject rate 11 % is over 10 % (11 of 100 decisions)',
  },
  {
    name: 'refused for now',
    counts: { decisions: 200, deferred: 41 },
    want: 'defer rate 20.5 % is over 20 % (41 of 200 decisions)',
  },
  {
    name: 'put off',
    counts: { attempts: 100, attemptsDeferred: 50 },
    want: 'defer rate 50 % is over 20 % (50 of 100 deliveries)',
  },
  {
    name: 'failed',
    counts: { attempts: 1000, attemptsFailed: 51 },
    want: 'delivery failure rate 5.1 % is over 5 % (51 of 1000 deliveries)',
  },
  {
    name: 'few deliveries among many decisions',
    counts: { decisions: 1000, attempts: 9, attemptsFailed: 9 },
    want: null,
  },
]
for (const { name, counts, want } of cases) {
  test(`gates: ${name}`, () => expect(trippedGate(gates, { ...none, ...counts })).toBe(want))
}

test('a gate that is not set never trips, and a minimum of none still needs one', () => {
  const open = { rejectRate: null, deferRate: null, failureRate: 0, minMessages: 0 }
  expect(trippedGate(open, { ...none, decisions: 9, refused: 9 })).toBe(null)
  expect(trippedGate(open, none)).toBe(null)
  expect(trippedGate(open, { ...none, attempts: 1, attemptsFailed: 1 })).toMatch(/^delivery failure rate 100 %/)
})
