import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Windows } from '../../src/credentials/windows.ts'

test('events are counted as long as they are inside of the window', () => {
  const windows = new Windows(10)
  expect([0, 10, 20].map((now) => windows.add('a', now, 100, 5))).toEqual([1, 2, 3])
  expect(windows.add('a', 101, 100, 5)).toBe(3)
  expect(windows.add('b', 101, 100, 5)).toBe(1)
  expect(windows.add('a', 1000, 100, 5)).toBe(1)
})

test('nothing is counted further than it matters', () => {
  const windows = new Windows(10)
  for (let i = 0; i < 1000; i++) expect(windows.add('a', i, 10_000, 3)).toBe(Math.min(i + 1, 3))
})

test('a clock that was set back does not keep events for ever', () => {
  const windows = new Windows(10)
  windows.add('a', 1_000_000, 100, 5)
  expect(windows.add('a', 10, 100, 5)).toBe(1)
})

test('any events are counted as a list of all of them would be', () => {
  const events = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(50)), { maxLength: 60 })
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 10 }), (all, windowMs, most) => {
      const windows = new Windows(10)
      const seen: [string, number][] = []
      let now = 0
      for (const [key, pause] of all) {
        now += pause
        seen.push([key, now])
        const inside = seen.filter(([name, at]) => name === key && at > now - windowMs).length
        expect(windows.add(key, now, windowMs, most)).toBe(Math.min(inside, most))
      }
    }),
  )
})

test('whoever has many addresses is counted worse, and fills no memory', () => {
  const windows = new Windows(100)
  for (let i = 0; i < 10_000; i++) windows.add(`key ${i}`, i, 1_000_000, 10)
  expect(windows.size).toBe(100)
  // The one that was active last is still known, the first one is not.
  expect(windows.add('key 9999', 10_000, 1_000_000, 10)).toBe(2)
  expect(windows.add('key 0', 10_000, 1_000_000, 10)).toBe(1)
})
