import { expect, test } from 'vitest'
import { Census } from '../../src/ingress/census.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { Limits } from '../../src/mail/settings.ts'
import { limits } from './house.ts'

const client = (n: number) => `192.0.2.${n}` as IpAddress

/** 100 in all, 50 in, 75 out: 25 places are kept for sessions, and 50 for connections to next hops. */
const shared: Limits = { ...limits, connections: 100, sessions: 50, connectionsOut: 75 }

/** Sessions that are let in while so many connections go out. */
function letIn(outgoing: number, over: Limits): number {
  const census = new Census(() => outgoing)
  for (let n = 0; n < 200; n++) census.enter(client(n), over)
  return census.total
}

// MR-30
test('sessions have what is left of all connections, and never less than what is kept for them', () => {
  expect([0, 50, 60, 75].map((outgoing) => letIn(outgoing, shared))).toEqual([50, 50, 40, 25])
})

test('without a limit of all connections the two directions do not take from each other', () => {
  expect(letIn(1_000_000, { ...limits, sessions: 50 })).toBe(50)
})

test('connections to next hops have what sessions leave, and never less than what is kept for them', () => {
  for (const [sessions, room] of [
    [50, 50],
    [40, 60],
    [25, 75],
    [0, 75],
  ] as const) {
    let outgoing = 0
    const census = new Census(() => outgoing)
    for (let n = 0; n < sessions; n++) census.enter(client(n), shared)
    while (outgoing < shared.connectionsOut && census.hasRoom(shared)) outgoing++
    expect(outgoing).toBe(room)
  }
})

test('an IPv6 client is its /64, whatever address of it is used', () => {
  const census = new Census()
  const few = { ...limits, sessionsPerClient: 2 }
  const entered = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map((address) =>
    census.enter(address as IpAddress, few),
  )
  expect(entered).toEqual(['in', 'in', 'client full', 'in'])
  census.leave('2001:db8::ffff' as IpAddress)
  expect(census.enter('2001:db8::4' as IpAddress, few)).toBe('in')
})
