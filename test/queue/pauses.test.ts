import { expect, test } from 'vitest'
import type { Mailbox } from '../../src/mail/path.ts'
import type { Pause } from '../../src/queue/pauses.ts'
import { envelopeTo } from '../spool/messages.ts'
import { anything, HOUR, later, ok, rig, settled, toDomain } from './rig.ts'

const pause = (by = 'hold-1'): Pause => ({ kind: 'pause', by, why: `${by}: moving house`, until: 42 })
const pausing = (domain: string, by?: string) => (to: Mailbox) => (to.domain === domain ? pause(by) : toDomain(to))

test('nothing is tried towards a recipient that is paused, and the others of its message are', async () => {
  const r = await rig()
  r.route = pausing('slow.example')
  await r.store(envelopeTo('a@slow.example', 'b@quick.example'))
  r.carrier.take('quick.example').settle([ok])
  expect(await r.list(anything)).toMatchObject([
    { recipient: 'a@slow.example', state: 'held', dueAt: 42, nextHop: null, why: 'hold-1: moving house', attempts: 0 },
  ])
  expect(await r.list({ ...anything, state: 'held' })).toHaveLength(1)
  expect(await r.list({ ...anything, state: 'waiting' })).toHaveLength(0)
  expect(r.queue.counts()).toMatchObject({ messages: 1, held: 1, waiting: 0 })
  expect(r.queue.paused('hold-1')).toBe(1)
})

test('what waits in a lane is paused by the next reroute, and tried after the release', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@slow.example'))
  r.route = pausing('slow.example')
  r.queue.reroute()
  await settled()
  expect(r.carrier.lane('slow.example').ready).toBe(0)
  expect(r.queue.paused('hold-1')).toBe(1)
  r.route = toDomain
  expect(r.queue.release('hold-1')).toBe(1)
  await settled()
  r.carrier.take('slow.example').settle([ok])
  expect(r.queue.counts()).toMatchObject({ messages: 0, held: 0, waiting: 0 })
})

test('a release ends one pause and not another', async () => {
  const r = await rig()
  r.route = (to) => (to.domain === 'one.example' ? pause('hold-1') : pause('hold-2'))
  await r.store(envelopeTo('a@one.example', 'b@two.example'))
  r.route = (to) => (to.domain === 'one.example' ? toDomain(to) : pause('hold-2'))
  expect(r.queue.release('hold-1')).toBe(1)
  await settled()
  expect(r.carrier.take('one.example').recipients).toEqual([0])
  expect(r.queue.paused('hold-2')).toBe(1)
  expect(r.queue.release('hold-1')).toBe(0)
})

test('an attempt that failed before keeps its count, and its time is over when the release comes later', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@slow.example'))
  r.carrier.take('slow.example').settle([later])
  r.route = pausing('slow.example')
  await r.clock.pass(HOUR)
  expect(await r.list(anything)).toMatchObject([{ state: 'held', attempts: 1 }])
  r.route = toDomain
  r.queue.release('hold-1')
  await settled()
  r.carrier.take('slow.example').settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})

test('an operator who asks for a retry does not get around a pause', async () => {
  const r = await rig()
  r.route = pausing('slow.example')
  await r.store(envelopeTo('a@slow.example'))
  expect(await r.retry({ all: true })).toBe(1)
  await settled()
  expect(r.queue.paused('hold-1')).toBe(1)
  expect(r.queue.counts()).toMatchObject({ held: 1, waiting: 0 })
})

test('what is paused does not expire; after the release it gets its attempt first', async () => {
  const r = await rig()
  r.route = pausing('slow.example')
  await r.store(envelopeTo('a@slow.example'))
  await r.clock.pass(48 * HOUR)
  expect(r.queue.paused('hold-1')).toBe(1)
  r.route = toDomain
  r.queue.release('hold-1')
  await settled()
  r.carrier.take('slow.example').settle([later])
  await settled()
  expect(r.events.map(({ event }) => event)).toContain('message.expired')
})

test('nothing of a pause is on the disk: a start asks anew', async () => {
  const r = await rig()
  r.route = pausing('slow.example')
  await r.store(envelopeTo('a@slow.example'))
  r.route = toDomain
  await r.restart()
  await settled()
  r.carrier.take('slow.example').settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})
