import { expect, test } from 'vitest'
import { exactnessOf, noTally } from './exactness.ts'

const seed = Number(process.env['MAILGW_SEED'] ?? 20_260)
const pairs = Number(process.env['MAILGW_PAIRS'] ?? 100)

test('a message behaves differently exactly when it lies in one of the boxes of the plan, which never overlap', () => {
  const tally = noTally()
  for (let i = 0; i < pairs; i++) {
    const wrong = exactnessOf(seed + i, 200, tally)
    expect(wrong, `MAILGW_SEED=${seed + i} MAILGW_PAIRS=1`).toBeNull()
  }
  expect(tally.skipped).toBeLessThan(tally.pairs * 4)
  // Not only pairs between which nothing happens.
  expect(tally.changed).toBeGreaterThan(tally.messages / 50)
  expect(tally.changed).toBeLessThan(tally.messages)
}, 60_000)
