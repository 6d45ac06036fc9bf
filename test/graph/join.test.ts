import { expect, test } from 'vitest'
import type { Verdict } from '../../src/graph/admission.ts'
import { noNotes } from '../../src/graph/evaluator.ts'
import { joinVerdicts } from '../../src/graph/join.ts'

const winner = { at: 'deny[0]', file: null, line: 0, column: 0 }
const ok: Verdict = { kind: 'accept', winner, notes: noNotes }
const no = (code: number): Verdict => ({
  kind: 'refuse',
  reply: { code, status: `${Math.floor(code / 100)}.0.0`, text: 'no' },
  winner,
  notes: noNotes,
})

const cases: readonly [name: string, verdicts: readonly Verdict[], want: string][] = [
  ['all accepted', [ok, ok], 'accepted, failed none'],
  ['one recipient refused', [no(552)], '552'],
  ['all refused for good: the first reply', [no(552), no(550)], '552'],
  ['all refused, one only for now: that one', [no(552), no(451), no(450)], '451'],
  ['some refused for good: accepted, they fail', [ok, no(550), ok, no(552)], 'accepted, failed 1,3'],
  ['some refused only for now: nothing is accepted', [ok, no(550), no(451)], '451'],
]
for (const [name, verdicts, want] of cases) {
  test(`one reply for all recipients: ${name}`, () => {
    const joined = joinVerdicts(verdicts)
    const got =
      joined.kind === 'refuse'
        ? String(joined.reply.code)
        : `accepted, failed ${joined.failed.map(({ index }) => index).join(',') || 'none'}`
    expect(got).toBe(want)
  })
}

test('data without recipients is a bug', () => expect(() => joinVerdicts([])).toThrow())
