import { expect, test } from 'vitest'
import { envelopeTo } from '../spool/messages.ts'
import { HOUR, later, MINUTE, ok, rig, unknownUser } from './rig.ts'

test('totals count each end of a recipient once, and each time that one is put off', async () => {
  const r = await rig()
  expect(r.queue.totals()).toEqual({ delivered: 0, deferred: 0, failed: 0 })
  await r.store({ ...envelopeTo('a@example.com', 'b@example.com', 'c@example.com'), from: null })
  r.carrier.take('example.com').settle([ok, later, unknownUser])
  expect(r.queue.totals()).toEqual({ delivered: 1, deferred: 1, failed: 1 })
  await r.clock.pass(MINUTE)
  r.carrier.take('example.com').settle([ok])
  expect(r.queue.totals()).toEqual({ delivered: 2, deferred: 1, failed: 1 })
})

test('who was never tried, because the next hop is down, is put off with it and fails with the time', async () => {
  const r = await rig()
  await r.store({ ...envelopeTo('a@dead.example'), from: null })
  r.carrier.lane('dead.example').down('4.4.1 connection refused', null)
  expect(r.queue.totals()).toEqual({ delivered: 0, deferred: 1, failed: 0 })
  await r.clock.pass(24 * HOUR)
  expect(r.queue.totals()).toMatchObject({ delivered: 0, failed: 1 })
})

test('a route that refuses fails its recipients', async () => {
  const r = await rig()
  r.route = () => ({ kind: 'refuse', reply: { code: 550, status: '5.4.4', text: 'no way there' }, at: 'test' })
  await r.store({ ...envelopeTo('a@example.com', 'b@example.com'), from: null })
  expect(r.queue.totals()).toEqual({ delivered: 0, deferred: 0, failed: 2 })
})
