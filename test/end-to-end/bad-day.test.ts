import { expect, test } from 'vitest'
import { badDay } from '../../bench/support/day/bad-day.js'
import { percentile } from '../../bench/support/evil.js'
import { peers, tempFolder } from '../support/peer.ts'

/** Of `node bench/bad-day.js`, which measures: a few domains of each kind, and a day of an hour in twenty seconds. */
const small = { domains: 40, messages: 300, speed: 180, hours: 1, perSecond: 100 }

test.skipIf(!peers('openssl'))(
  'on a day of a bad internet every message is delivered or its sender told, and healthy hosts wait for no sick one',
  async () => {
    const day = await badDay({ ...small, folder: tempFolder() })
    const { refused, wrong, strange, bugs, reportsTwice, inClear } = day
    expect({ refused, wrong, strange, bugs, reportsTwice, inClear }).toEqual({
      refused: [],
      wrong: [],
      strange: [],
      bugs: [],
      reportsTwice: 0,
      inClear: 0,
    })
    expect(day.rows.map(({ kind }) => kind)).toContain('downgrade')
    expect(day.tokens.failed).toBeGreaterThan(0)
    const healthy = day.rows.find(({ kind }) => kind === 'healthy')
    // The bar is a second; a machine that runs other tests beside this one may be slower.
    expect(percentile(healthy?.waitsMs ?? [], 0.99)).toBeLessThan(3000)
  },
  120_000,
)
