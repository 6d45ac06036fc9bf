import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ceiling } from '../../src/egress/ceiling.ts'
import { Pace } from '../../src/egress/pace.ts'
import { Shape } from '../../src/egress/shape.ts'
import { HandClock } from '../support/hand-clock.ts'

const MINUTE = 60_000

test('within any time there are never more messages than the rate says, and as many when they are asked for (MR-42)', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2500 }),
      fc.integer({ min: 1000, max: 10_000 }),
      fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 }),
      (most, perMs, waits) => {
        const pace = new Pace({ most, perMs })
        const sent: number[] = []
        let now = 0
        for (const wait of waits) {
          now += wait
          for (let left = pace.allowance(now); left > 0; left--) {
            pace.take(now)
            sent.push(now)
          }
          expect(pace.allowance(now)).toBe(0)
          expect(pace.nextAt(now)).toBeGreaterThan(now)
        }
        expect(pace.allowance(pace.nextAt(now))).toBeGreaterThan(0)
        expect(sent.length).toBeGreaterThanOrEqual(most)
        // Looked for and then said once: there are thousands of them.
        const tooSoon = sent.findIndex((at, i) => i >= most && at - sent[i - most]! < perMs)
        expect(tooSoon).toBe(-1)
      },
    ),
    { numRuns: 200 },
  )
})

test('what was taken and never offered does not count', () => {
  const pace = new Pace({ most: 2, perMs: MINUTE })
  pace.take(0)
  pace.take(0)
  pace.giveBack()
  expect(pace.allowance(0)).toBe(1)
  pace.giveBack()
  expect(pace.isBlank(0)).toBe(true)
})

test('a large rate is remembered in little: a thousand marks at most', () => {
  const pace = new Pace({ most: 1_000_000, perMs: 3_600_000 })
  for (let now = 0; now < 100_000; now++) pace.take(now)
  expect((pace as unknown as { marks: unknown[] }).marks.length).toBeLessThanOrEqual(1000)
  expect(pace.allowance(100_000)).toBe(900_000)
})

test('trouble halves the connections once, however many say it; quiet minutes raise them to what the document says', () => {
  const ceiling = new Ceiling()
  expect(ceiling.limit(20, 0)).toBe(20)
  for (let i = 0; i < 20; i++) ceiling.cut(20, i * 100, '421')
  expect(ceiling.limit(20, 2000)).toBe(10)
  expect(ceiling.why).toBe('421')
  ceiling.cut(10, 10_000, '421')
  expect(ceiling.limit(20, 10_000)).toBe(5)
  const seen: number[] = []
  for (let now = 10_000; seen.at(-1) !== 20; now += MINUTE) seen.push(ceiling.limit(20, now))
  expect(seen).toEqual([5, 6, 7, 8, 10, 12, 15, 18, 20])
  expect(ceiling.why).toBeNull()
})

test('there is always one connection, and what the host has shown to take is not halved', () => {
  const ceiling = new Ceiling()
  for (let now = 0; now < 100_000; now += 10_000) ceiling.cut(1, now, 'slow')
  expect(ceiling.limit(20, 100_000)).toBe(1)
  const held = new Ceiling()
  held.hold(7, 0, 'refused')
  expect(held.limit(20, 1)).toBe(7)
})

test('a slower rate ends with its time, and both rates hold while it lasts', () => {
  const clock = new HandClock(0)
  const shape = new Shape({ rate: { most: 10, perMs: MINUTE } }, clock)
  shape.slowDown({ most: 2, perMs: MINUTE }, 10 * MINUTE, 'it said so')
  expect(shape.allowance(0)).toBe(2)
  shape.begin(0)
  shape.begin(0)
  expect(shape.allowance(0)).toBe(0)
  expect(shape.nextAt(0)).toBe(MINUTE)
  clock.time = 10 * MINUTE
  expect(shape.allowance(10 * MINUTE)).toBe(10)
  expect(shape.isBlank(10 * MINUTE)).toBe(true)
})

test('another graph with the same rate has counted what was sent under the one before', () => {
  const shape = new Shape({ rate: { most: 2, perMs: MINUTE } }, new HandClock(0))
  shape.begin(0)
  shape.renew({ rate: { most: 2, perMs: MINUTE } })
  expect(shape.allowance(0)).toBe(1)
  shape.renew({ rate: { most: 5, perMs: MINUTE } })
  expect(shape.allowance(0)).toBe(5)
  shape.renew({})
  expect(shape.isPaced).toBe(false)
})
