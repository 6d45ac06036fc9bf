import { expect, test } from 'vitest'
import { Sources } from '../../src/egress/source.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { EgressPool } from '../../src/mail/next-hop-settings.ts'
import { HandClock } from '../support/hand-clock.ts'

const four = '192.0.2.9' as IpAddress
const six = '2001:db8::9' as IpAddress

const pools: readonly EgressPool[] = [
  {
    name: 'bulk',
    addresses: [
      { address: '10.0.0.1', weight: 3, hostname: 'one.example' },
      { address: '10.0.0.2' },
      { address: 'fd00::1' },
    ],
    hostname: 'bulk.example',
  },
  { name: 'default', addresses: [{ address: '10.0.0.9' }] },
]

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const sources = (clock = new HandClock()) => new Sources(clock, quiet)

const many = (of: Sources, name: string | undefined, target: IpAddress, times: number) => {
  const counts = new Map<string, number>()
  for (let i = 0; i < times; i++) {
    const chosen = of.choose(pools, name, undefined, target)
    const key = chosen.kind === 'source' ? String(chosen.source.address) : chosen.why
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}

test('without pools, and without one that is meant, the system chooses (MR-11)', () => {
  const chosen = { kind: 'source', source: { address: null, hostname: null } }
  expect(sources().choose(undefined, undefined, undefined, four)).toEqual(chosen)
  expect(sources().choose([pools[0]!], undefined, undefined, four)).toEqual(chosen)
})

test('the pool that is named, else the one called default; addresses by weight, of the family of the other side (MR-11)', () => {
  expect(many(sources(), 'bulk', four, 400)).toEqual({ '10.0.0.1': 300, '10.0.0.2': 100 })
  expect(many(sources(), 'bulk', six, 10)).toEqual({ 'fd00::1': 10 })
  expect(many(sources(), undefined, four, 10)).toEqual({ '10.0.0.9': 10 })
})

test('weights take turns and not runs', () => {
  const of = sources()
  const order = Array.from({ length: 8 }, () => {
    const chosen = of.choose(pools, 'bulk', undefined, four)
    return chosen.kind === 'source' ? chosen.source.address!.slice(-1) : ''
  })
  expect(order.join('')).toBe('11211121')
})

test('the name in EHLO is that of the address, else that of the pool, else the gateway has its own (MR-35)', () => {
  const of = sources()
  const names = new Set(
    Array.from({ length: 4 }, () => {
      const chosen = of.choose(pools, 'bulk', undefined, four)
      return chosen.kind === 'source' ? `${chosen.source.address} ${chosen.source.hostname}` : ''
    }),
  )
  expect([...names].sort()).toEqual(['10.0.0.1 one.example', '10.0.0.2 bulk.example'])
  expect(of.choose(pools, undefined, undefined, four)).toEqual({
    kind: 'source',
    source: { address: '10.0.0.9', hostname: null },
  })
})

test('a pool without an address of that family sends nothing there: no other address is used in its place', () => {
  expect(sources().choose(pools, undefined, undefined, six)).toEqual({
    kind: 'none',
    why: 'the pool default has no IPv6 address',
  })
})

test('an address that cannot be bound is left alone for a minute; with none left, nothing goes, and it is told why', () => {
  const clock = new HandClock()
  const of = sources(clock)
  of.failed('10.0.0.1', 'cannot be bound (EADDRNOTAVAIL)')
  expect(many(of, 'bulk', four, 10)).toEqual({ '10.0.0.2': 10 })
  of.failed('10.0.0.2', 'cannot be bound (EADDRNOTAVAIL)')
  expect(of.choose(pools, 'bulk', undefined, four)).toEqual({
    kind: 'none',
    why: 'the pool bulk: 10.0.0.1 cannot be bound (EADDRNOTAVAIL)',
  })
  expect(of.list().map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2'])
  clock.pass(60_001)
  expect(Object.keys(many(of, 'bulk', four, 10)).length).toBe(2)
  expect(of.list()).toEqual([])
})

test('mail that leaves from where it came in has that address, and that name in EHLO; towards the other family the pool (MR-10)', () => {
  const from = (address: string, target: IpAddress) => sources().choose(pools, 'bulk', address as IpAddress, target)
  expect(from('10.0.0.77', four)).toEqual({
    kind: 'source',
    source: { address: '10.0.0.77', hostname: 'bulk.example' },
  })
  expect(from('10.0.0.1', four)).toEqual({ kind: 'source', source: { address: '10.0.0.1', hostname: 'one.example' } })
  expect(from('10.0.0.77', six)).toEqual({ kind: 'source', source: { address: 'fd00::1', hostname: 'bulk.example' } })
})

test('when the address that it came in to is gone, mail waits; it does not leave from another one', () => {
  const of = sources()
  of.failed('10.0.0.77', 'cannot be bound (EADDRNOTAVAIL)')
  expect(of.choose(pools, 'bulk', '10.0.0.77' as IpAddress, four)).toMatchObject({ kind: 'none' })
})
