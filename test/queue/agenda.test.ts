import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agenda } from '../../src/queue/agenda.ts'
import { Fifo } from '../../src/queue/fifo.ts'
import { HandClock, settled } from './rig.ts'

test('everything becomes due at its time, in the order of time and then of entry', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }), async (delays) => {
      const clock = new HandClock()
      const begun = clock.time
      const seen: { number: number; at: number }[] = []
      const agenda = new Agenda<number>(clock, (number) => seen.push({ number, at: clock.time - begun }))
      for (const [number, delay] of delays.entries()) agenda.add(begun + delay, number)
      await clock.pass(60)
      const want = [...delays.entries()].sort((a, b) => a[1] - b[1] || a[0] - b[0])
      expect(seen).toEqual(want.map(([number, at]) => ({ number, at })))
    }),
    { numRuns: 30 },
  )
})

test('thousands that are due at once do not hold up the event loop', async () => {
  const clock = new HandClock()
  let count = 0
  const agenda = new Agenda<number>(clock, () => count++)
  for (let i = 0; i < 2000; i++) agenda.add(clock.time + 10, i)
  const perTurn: number[] = []
  const passing = clock.pass(10)
  for (let turn = 0; turn < 100 && count < 2000; turn++) {
    await new Promise(setImmediate)
    perTurn.push(count)
  }
  await passing
  expect(count).toBe(2000)
  const most = Math.max(...perTurn.map((total, turn) => total - (perTurn[turn - 1] ?? 0)))
  expect(most).toBeLessThanOrEqual(1000)
})

test('what is added from within is due too', async () => {
  const clock = new HandClock()
  const seen: string[] = []
  const agenda = new Agenda<string>(clock, (name) => {
    seen.push(name)
    if (name === 'first') {
      agenda.add(clock.time, 'now')
      agenda.add(clock.time + 5, 'soon')
    }
  })
  agenda.add(clock.time + 1, 'first')
  await clock.pass(10)
  await settled()
  expect(seen).toEqual(['first', 'now', 'soon'])
})

test('a fifo behaves like an array with push, unshift and shift', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('push', 'unshift', 'shift', 'retain'), { maxLength: 4000 }), (steps) => {
      const fifo = new Fifo<number>()
      let model: number[] = []
      for (const [number, step] of steps.entries()) {
        if (step === 'push') {
          fifo.push(number)
          model.push(number)
        } else if (step === 'unshift') {
          fifo.unshift(number)
          model.unshift(number)
        } else if (step === 'shift') expect(fifo.shift()).toBe(model.shift())
        else if (number % 50 === 0) {
          fifo.retain((item) => item % 3 > 0)
          model = model.filter((item) => item % 3 > 0)
        }
        expect(fifo.length).toBe(model.length)
        expect(fifo.first).toBe(model[0])
      }
      const left: number[] = []
      fifo.each((item) => left.push(item))
      expect(left).toEqual(model)
    }),
    { numRuns: 50 },
  )
})

test('what is swept never comes due, and the rest comes in its order', async () => {
  const times = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 1, max: 5 }), async (delays, by) => {
      const clock = new HandClock()
      const due: number[] = []
      const agenda = new Agenda<number>(clock, (number) => due.push(number))
      for (const [number, delay] of delays.entries()) agenda.add(clock.time + delay, number)
      agenda.sweep((number) => number % by > 0)
      const left = [...delays.entries()].filter(([number]) => number % by > 0)
      expect(agenda.length).toBe(left.length)
      await clock.pass(40)
      expect(due).toEqual(left.sort(([a, x], [b, y]) => x - y || a - b).map(([number]) => number))
    }),
    { numRuns: 30 },
  )
})
