import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Rates } from '../../src/gateway/rates.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import type { RateOracle } from '../../src/graph/graph.ts'
import type { OracleFacts } from '../../src/ingress/inquiry.ts'
import type { IpAddress } from '../../src/mail/ip.ts'

const oracle = (part: Partial<RateOracle> = {}): RateOracle => ({
  kind: 'rate',
  id: 'printers',
  of: 'messages',
  most: 3,
  perMs: 60_000,
  by: 'address',
  ...part,
})
const from = (client: string, part: Partial<OracleFacts> = {}): OracleFacts => ({
  ...bareLine,
  listener: 'lan',
  client: client as IpAddress,
  sender: null,
  recipient: null,
  sizeBytes: null,
  ...part,
})
const start = 1_000_000_000

test('lets in so many within the time, and again when the first of them have left it', () => {
  const rates = new Rates()
  const ask = (at: number) => rates.isOver(oracle(), from('10.0.0.1'), start + at, false)
  expect([ask(0), ask(1), ask(30_000)]).toEqual([false, false, false])
  expect(ask(30_001)).toBe(true)
  expect(ask(59_000)).toBe(true)
  expect([ask(62_000), ask(62_000)]).toEqual([false, false])
  expect(ask(62_001)).toBe(true)
})

test('what is refused is not counted, so that who waits gets in again', () => {
  const rates = new Rates()
  for (let i = 0; i < 3; i++) rates.isOver(oracle(), from('10.0.0.1'), start, false)
  for (let at = 0; at < 60_000; at += 500) rates.isOver(oracle(), from('10.0.0.1'), start + at, false)
  expect(rates.isOver(oracle(), from('10.0.0.1'), start + 62_000, false)).toBe(false)
})

test('the first refusal is news, and the next ones are not until somebody was let in', () => {
  const rates = new Rates()
  const ask = (at: number, peek = false) => {
    const isOver = rates.isOver(oracle({ most: 1 }), from('10.0.0.1'), start + at, peek)
    return isOver && rates.isNews
  }
  expect([ask(0), ask(1, true), ask(2), ask(3), ask(4)]).toEqual([false, false, true, false, false])
  expect([ask(62_000), ask(62_001)]).toEqual([false, true])
})

test('whoever only looks is not counted', () => {
  const rates = new Rates()
  for (let i = 0; i < 10; i++) expect(rates.isOver(oracle(), from('10.0.0.1'), start, true)).toBe(false)
  for (let i = 0; i < 3; i++) rates.isOver(oracle(), from('10.0.0.1'), start, false)
  expect(rates.isOver(oracle(), from('10.0.0.1'), start, true)).toBe(true)
})

test('octets are counted by their number, and what is more than the rate by itself is never let in', () => {
  const rates = new Rates()
  const bytes = oracle({ of: 'bytes', most: 1000 })
  const ask = (sizeBytes: number | null, at = 0) =>
    rates.isOver(bytes, from('10.0.0.1', { sizeBytes }), start + at, false)
  expect([ask(600), ask(400), ask(1)]).toEqual([false, false, true])
  expect(ask(1001, 62_000)).toBe(true)
  expect(ask(null, 62_000)).toBe(false)
})

test('an address, a /64, a login, or the client as a whole has a rate for itself', () => {
  const rates = new Rates()
  const full = (one: RateOracle, facts: OracleFacts) => {
    for (let i = 0; i < 3; i++) expect(rates.isOver(one, facts, start, false)).toBe(false)
  }
  full(oracle(), from('2001:db8::1'))
  expect(rates.isOver(oracle(), from('2001:db8::ffff'), start, false)).toBe(true)
  expect(rates.isOver(oracle(), from('2001:db8:0:1::1'), start, false)).toBe(false)
  const byLogin = oracle({ by: 'login', id: 'staff' })
  full(byLogin, from('10.0.0.1', { login: 'ann@example.com' }))
  expect(rates.isOver(byLogin, from('10.9.9.9', { login: 'ann@example.com' }), start, false)).toBe(true)
  expect(rates.isOver(byLogin, from('10.0.0.1', { login: 'bob@example.com' }), start, false)).toBe(false)
  full(byLogin, from('10.0.0.1', { certificate: 'sha256:aa' }))
  expect(rates.isOver(byLogin, from('10.0.0.2', { certificate: 'sha256:aa' }), start, false)).toBe(true)
  const entry = oracle({ by: 'entry', id: 'all' })
  full(entry, from('10.0.0.1'))
  expect(rates.isOver(entry, from('10.0.0.2'), start, false)).toBe(true)
})

test('another limit after an apply is held against what was counted before it', () => {
  const rates = new Rates()
  for (let i = 0; i < 3; i++) rates.isOver(oracle({ most: 5 }), from('10.0.0.1'), start, false)
  expect(rates.isOver(oracle({ most: 3 }), from('10.0.0.1'), start, false)).toBe(true)
  expect(rates.isOver(oracle({ most: 4 }), from('10.0.0.1'), start, false)).toBe(false)
})

test('a clock that was set back shuts nobody out', () => {
  const rates = new Rates()
  for (let i = 0; i < 3; i++) rates.isOver(oracle(), from('10.0.0.1'), start + 10_000_000, false)
  expect(rates.isOver(oracle(), from('10.0.0.1'), start, false)).toBe(false)
})

test('a million addresses take no more memory than the keys that are kept, and the latest are kept', () => {
  const rates = new Rates(1000)
  const one = oracle({ most: 1 })
  for (let i = 0; i < 20_000; i++) rates.isOver(one, from(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), start, false)
  expect(rates.size).toBe(1000)
  expect(rates.isOver(one, from(`10.0.${19_999 >> 8}.${19_999 & 255}`), start, false)).toBe(true)
  expect(rates.isOver(one, from('10.0.0.0'), start, false)).toBe(false)
})

test('never more than the rate within any time of that length, and nobody waits much longer than it', () => {
  const steps = fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 150 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 1000 }), (list, most) => {
      const rates = new Rates()
      const bytes = oracle({ of: 'bytes', most })
      const let_in: { at: number; size: number }[] = []
      let at = start
      for (const [wait, size] of list) {
        at += wait
        const within = (ms: number) => let_in.filter((one) => one.at > at - ms).reduce((sum, one) => sum + one.size, 0)
        const over = rates.isOver(bytes, from('10.0.0.1', { sizeBytes: size }), at, false)
        if (!over) {
          expect(within(60_000) + size).toBeLessThanOrEqual(most)
          let_in.push({ at, size })
        } else expect(within(60_000 + 2 * 1000) + size).toBeGreaterThan(most)
      }
    }),
  )
})
