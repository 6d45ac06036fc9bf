import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Tempo } from '../../src/egress/tempo.ts'
import { HandClock } from '../support/hand-clock.ts'

const at = (since: number | null, spare = false) => ({
  spare,
  current: since === null ? null : {},
  since: since ?? 0,
})

const clock = new HandClock(0)

/** Of an event loop that was at work for a `busy` part of the time. */
function after(messagesMs: readonly number[], busy = 0.2, turnMs = 1): Tempo {
  const tempo = new Tempo(clock, () => () => ({ busy, turnMs }))
  tempo.lookAgain(new Map(), () => {})
  clock.pass(100)
  for (const ms of messagesMs) tempo.took(ms, 2048)
  return tempo
}
const times = (count: number, ms: number) => Array.from({ length: count }, () => ms)

const cases = [
  { name: 'nobody knows yet how long a message takes: one', messages: [], waiting: 100, open: 1, work: 1 },
  { name: 'nor after the very first ones', messages: [90, 80, 70], waiting: 100, open: 1, work: 1 },
  { name: 'a message takes 1 ms: one is enough for 500', messages: times(20, 1), waiting: 500, open: 1, work: 5 },
  { name: 'and two for 501', messages: times(20, 1), waiting: 501, open: 2, work: 6 },
  { name: 'a message takes 100 ms: one for each at work', messages: times(20, 100), waiting: 10, open: 2, work: 10 },
  { name: 'a message takes 2 s: more than messages', messages: times(20, 2000), waiting: 10, open: 40, work: 200 },
  {
    name: 'our own slow turns do not count',
    messages: [80, 60, 90, 50, 3, 70, 50, 60],
    waiting: 100,
    open: 1,
    work: 3,
  },
  { name: 'what was quick once does not count', messages: [1, ...times(16, 50)], waiting: 100, open: 10, work: 50 },
]
for (const { name, messages, waiting, open, work } of cases) {
  test(`connections for ${waiting} messages: ${name}`, () => {
    const tempo = after(messages)
    expect(tempo.toOpen(waiting, 0)).toBe(open)
    expect(tempo.helpers([], 1000, waiting)).toBe(work)
  })
}

test('while the event loop is busy no more are opened to a quick host; to a slow one, and of those that are open, as many as ever', () => {
  const quick = after(times(20, 19), 0.8)
  expect(quick.toOpen(1000, 0)).toBe(1)
  expect(quick.helpers([], 20, 50)).toBe(10)
  const slow = after(times(20, 20), 0.8)
  expect(slow.toOpen(1000, 0)).toBe(40)
  // 39 ms are less than four turns, and may well be our own.
  expect(after(times(20, 39), 0.8, 10).toOpen(1000, 0)).toBe(1)
  expect(after(times(20, 40), 0.8, 10).toOpen(1000, 0)).toBe(80)
  const unbusy = after(times(20, 19), 0.2)
  expect(unbusy.toOpen(1000, 0)).toBe(38)
  // Nobody has looked yet: as busy as at a start.
  const fresh = new Tempo(clock, () => () => ({ busy: 0, turnMs: 0 }))
  for (const ms of times(20, 19)) fresh.took(ms, 2048)
  expect(fresh.toOpen(1000, 0)).toBe(1)
  // And yet what waits gets its part: one more for each two seconds.
  fresh.waits(clock.now())
  expect([1999, 2000, 3999, 4000, 7000].map((ms) => fresh.toOpen(1000, clock.now() + ms))).toEqual([1, 2, 2, 3, 4])
  expect(fresh.toOpen(50, clock.now() + 60_000)).toBe(2)
})

test('those at work count, those that wait for another host and those without work do not', () => {
  const tempo = after(times(8, 10))
  const connections = [at(0), at(0), at(null), at(null), at(0, true)]
  expect(tempo.helpers(connections, 2, 30)).toBe(1)
  expect(tempo.helpers(connections, 2, 20)).toBe(0)
  expect(tempo.helpers(connections, 2, 1000)).toBe(2)
  expect(tempo.helpers(connections, 0, 1000)).toBe(0)
})

test('what has been waiting for two seconds is worth connections by the mean, until nothing waits', () => {
  const tempo = after([...times(10, 100), 4])
  const now = clock.now()
  tempo.waits(now)
  tempo.waits(now + 500)
  expect(tempo.toOpen(50, now + 1999)).toBe(1)
  expect(tempo.toOpen(50, now + 2000)).toBeGreaterThan(5)
  tempo.caughtUp()
  tempo.waits(now + 2500)
  expect(tempo.toOpen(50, now + 4000)).toBe(1)
})

test('while all at work are silent a message takes at least so long, and what waits is looked at without anybody waking', () => {
  const clock = new HandClock(0)
  const tempo = new Tempo(clock, () => () => ({ busy: 0, turnMs: 0 }))
  for (const ms of times(8, 1)) tempo.took(ms, 2048)
  const connections = new Map([
    [at(0), null],
    [at(150), null],
    [at(null), null],
  ])
  let looks = 0
  const again = () => {
    looks++
    tempo.lookAgain(connections, again)
  }
  tempo.lookAgain(connections, again)
  tempo.lookAgain(connections, again)
  clock.pass(199)
  expect(looks).toBe(1)
  // 50 ms are what the younger one has waited, which is as good as an answer that takes so long.
  clock.pass(1)
  expect(looks).toBe(2)
  expect(tempo.toOpen(100, clock.now())).toBe(10)
  tempo.took(1, 2048)
  expect(tempo.toOpen(100, clock.now())).toBe(1)
  tempo.close()
  clock.pass(1000)
  expect(looks).toBe(2)
  expect(tempo.looks).toBe(false)
})

test('there is always a connection for what waits, and never fewer for more of it or for a slower host', () => {
  const ms = fc.integer({ min: 0, max: 5000 })
  const share = fc.constantFrom(0.2, 0.9)
  fc.assert(
    fc.property(
      fc.array(ms, { maxLength: 40 }),
      fc.nat(10_000),
      fc.nat(10_000),
      ms,
      share,
      (messages, waiting, more, add, busy) => {
        const tempo = after(messages, busy)
        const open = tempo.toOpen(waiting, 0)
        expect(open).toBeGreaterThanOrEqual(1)
        expect(tempo.toOpen(waiting + more, 0)).toBeGreaterThanOrEqual(open)
        expect(tempo.helpers([], 10, waiting)).toBeGreaterThanOrEqual(1)
        const slower = after(
          messages.map((one) => one + add),
          busy,
        )
        expect(slower.toOpen(waiting, 0)).toBeGreaterThanOrEqual(open)
      },
    ),
  )
})

test('much that waits is worth more connections, also to a quick host while the event loop is busy', () => {
  const busy = (bytes: number): Tempo => {
    const tempo = after([], 0.8)
    for (const ms of times(20, 10)) tempo.took(ms, bytes)
    return tempo
  }
  expect([1, 163, 164, 328].map((waiting) => busy(102_400).toOpen(waiting, 0))).toEqual([1, 1, 2, 3])
  // Never for a few large ones: each connection has its memory.
  expect([99, 200].map((waiting) => busy(10 * 2 ** 20).toOpen(waiting, 0))).toEqual([1, 3])
})
