import { expect, test } from 'vitest'
import type { Lane } from '../../src/queue/lane.ts'
import { envelopeTo } from '../spool/messages.ts'
import { anything, HOUR, later, MINUTE, ok, rig, settled } from './rig.ts'

const refused = 'connection refused'

test('a next hop that is down holds up nobody else', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@dead.example'))
  r.carrier.lane('dead.example').down(refused, null)
  for (let i = 0; i < 50; i++) await r.store(envelopeTo('a@dead.example'))
  await r.store(envelopeTo('b@alive.example'))
  r.carrier.take('alive.example').settle([ok])
  expect(r.carrier.lane('dead.example').ready).toBe(0)
  expect(r.carrier.lane('dead.example').take()).toBeNull()
  expect(r.queue.laneStates()).toMatchObject([
    { nextHop: 'dead.example', state: 'back-off', waiting: 51, active: 0, failures: 1, why: refused },
    { nextHop: 'alive.example', state: 'up', waiting: 0, active: 0, until: null },
  ])
  expect(await r.list({ ...anything, limit: 1 })).toMatchObject([
    { state: 'waiting', attempts: 0, why: refused, dueAt: r.clock.time + MINUTE },
  ])
})

test('after the back-off one delivery probes, and the waits grow as the schedule says', async () => {
  const r = await rig()
  for (let i = 0; i < 3; i++) await r.store(envelopeTo('a@dead.example'))
  const lane = r.carrier.lane('dead.example')
  lane.down(refused, null)
  const woken = () => r.carrier.woken.length
  for (const wait of [MINUTE, 5 * MINUTE, HOUR, HOUR]) {
    const before = woken()
    await r.clock.pass(wait - 1)
    expect(woken()).toBe(before)
    await r.clock.pass(1)
    expect(woken()).toBe(before + 1)
    expect(lane.ready).toBe(1)
    lane.down(refused, null)
    expect(lane.ready).toBe(0)
  }
})

test('a probe that is answered brings the lane up, whatever became of the message', async () => {
  const r = await rig()
  for (let i = 0; i < 3; i++) await r.store(envelopeTo('a@slow.example'))
  const lane = r.carrier.lane('slow.example')
  lane.down(refused, null)
  await r.clock.pass(MINUTE)
  const probe = lane.take()
  expect(lane.take()).toBeNull()
  probe?.settle([later])
  await settled()
  expect(lane.ready).toBe(2)
  expect(r.queue.laneStates()).toMatchObject([{ state: 'up', failures: 0 }])
})

test('a probe that was put back may be taken again, alone', async () => {
  const r = await rig()
  for (let i = 0; i < 3; i++) await r.store(envelopeTo('a@slow.example'))
  const lane = r.carrier.lane('slow.example')
  lane.down(refused, null)
  await r.clock.pass(MINUTE)
  lane.take()?.putBack()
  expect(lane.ready).toBe(1)
})

test('a message that comes while a lane without messages waits for its probe is the probe', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@dead.example'))
  const lane = r.carrier.lane('dead.example')
  const delivery = lane.take()
  lane.down(refused, null)
  delivery?.settle([{ ...later, reply: null, host: null, command: 'connect', status: '4.4.1', why: refused }])
  await r.clock.pass(MINUTE)
  expect(lane.ready).toBe(1)
  lane.take()?.settle([ok])
  lane.down(refused, null)
  await r.clock.pass(MINUTE)
  expect(lane.ready).toBe(0)
  await r.store(envelopeTo('b@dead.example'))
  expect(r.carrier.lane('dead.example').ready).toBe(1)
})

test('an operator asks for a probe now', async () => {
  const r = await rig()
  const id = await r.store(envelopeTo('a@dead.example'))
  const lane = r.carrier.lane('dead.example')
  lane.down(refused, null)
  expect(await r.retry({ ids: [id] })).toBe(1)
  await settled()
  expect(lane.ready).toBe(1)
})

test('what waits for a next hop that is down is not kept in memory', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@dead.example'))
  const [held] = [r.carrier.lane('dead.example')] as [Lane]
  held.down(refused, null)
  await r.store(envelopeTo('b@dead.example'))
  await r.clock.pass(MINUTE)
  const first = held.take()
  expect(first?.entry.body.chunks).toBeNull()
  first?.settle([ok])
  expect(held.take()?.entry.body.chunks).toBeNull()
})

test('a thousand idle lanes are forgotten, and none that has something', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@waits.example'))
  r.carrier.onWake = (lane) => {
    if (lane.nextHop.key !== 'waits.example') lane.take()?.settle([ok])
  }
  for (let i = 0; i < 1100; i++) {
    const intake = r.queue.begin(() => {})!
    await new Promise((resolve) =>
      intake.commit(envelopeTo(`a@d${i}.example`), { dots: false, eightBit: false }, resolve),
    )
  }
  await settled()
  expect(r.queue.laneStates().length).toBeLessThanOrEqual(1000)
  expect(r.queue.laneStates()[0]).toMatchObject({ nextHop: 'waits.example', waiting: 1 })
})
