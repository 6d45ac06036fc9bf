import { expect, test } from 'vitest'
import { envelopeTo } from '../spool/messages.ts'
import { anything, hopOf, later, MINUTE, ok, rig, settled, toDomain, unknownUser } from './rig.ts'

test('an accepted message is in its lane when its sender has heard of it', async () => {
  const { queue, carrier } = await rig()
  const intake = queue.begin(() => {})!
  intake.write(Buffer.from('Subject: x\r\n\r\n'))
  let readyAtAnswer = -1
  await new Promise<void>((resolve) => {
    carrier.onWake = (lane) => {
      readyAtAnswer = lane.ready
      resolve()
    }
    intake.commit(envelopeTo('a@example.com'), { dots: false, eightBit: false }, () => {})
  })
  expect(readyAtAnswer).toBe(1)
  const delivery = carrier.take('example.com')
  expect(delivery.entry.id).toBe(intake.id)
  expect(delivery.recipients).toEqual([0])
  expect(queue.counts()).toMatchObject({ messages: 1, active: 1, waiting: 0 })
  delivery.settle([ok])
  expect(queue.counts()).toMatchObject({ messages: 0, active: 0, waiting: 0, delivered: 0 })
})

test('recipients of one message with the same next hop are one delivery', async () => {
  const { store, carrier } = await rig()
  await store(envelopeTo('a@one.example', 'b@two.example', 'c@one.example'))
  expect(carrier.take('one.example').recipients).toEqual([0, 2])
  expect(carrier.take('two.example').recipients).toEqual([1])
})

test('no delivery has more than 100 recipients', async () => {
  const { store, carrier } = await rig()
  await store(envelopeTo(...Array.from({ length: 250 }, (_, i) => `user${i}@example.com`)))
  const lane = carrier.lane('example.com')
  expect([lane.take(), lane.take(), lane.take(), lane.take()].map((one) => one?.recipients.length)).toEqual([
    100,
    100,
    50,
    undefined,
  ])
})

test('a lane gives messages in the order of their acceptance', async () => {
  const { store, carrier } = await rig()
  const ids = []
  for (let i = 0; i < 5; i++) ids.push(await store(envelopeTo('a@example.com')))
  const taken = []
  for (let i = 0; i < 5; i++) taken.push(carrier.take('example.com').entry.id)
  expect(taken).toEqual(ids)
})

test('4yz waits as the schedule says, then the recipient is routed afresh', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@example.com'))
  r.carrier.take('example.com').settle([later])
  const [row] = await r.list(anything)
  expect(row).toMatchObject({
    state: 'waiting',
    attempts: 1,
    dueAt: r.clock.time + MINUTE,
    nextHop: 'example.com',
    lastReply: '451 4.7.1 greylisted',
    lastHost: 'mx1.example.com[192.0.2.1]:25',
  })
  r.route = () => ({ kind: 'next-hop', nextHop: hopOf('elsewhere'), at: 'test' })
  await r.clock.pass(MINUTE - 1)
  expect(r.carrier.lane('example.com').take()).toBeNull()
  await r.clock.pass(1)
  r.carrier.take('elsewhere').settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})

test('recipients of one delivery may come to different ends', async () => {
  const r = await rig()
  await r.store({ ...envelopeTo('a@example.com', 'b@example.com', 'c@example.com'), from: null })
  r.carrier.take('example.com').settle([ok, later, unknownUser])
  expect(r.queue.counts()).toMatchObject({ messages: 1, delivered: 1, waiting: 1, failed: 1 })
  await r.clock.pass(MINUTE)
  const again = r.carrier.take('example.com')
  expect(again.recipients).toEqual([1])
  again.settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})

test('what is put back is unattempted and first in its lane', async () => {
  const r = await rig()
  const first = await r.store(envelopeTo('a@example.com'))
  await r.store(envelopeTo('b@example.com'))
  const lane = r.carrier.lane('example.com')
  const woken = r.carrier.woken.length
  lane.take()?.putBack()
  await settled()
  expect(r.carrier.woken.length).toBe(woken + 1)
  expect(lane.ready).toBe(2)
  expect((await r.list(anything))[0]).toMatchObject({ state: 'waiting', attempts: 0 })
  expect(lane.take()?.entry.id).toBe(first)
})

test('a delivery is settled once, with one attempt for each recipient', async () => {
  const { store, carrier } = await rig()
  await store(envelopeTo('a@example.com', 'b@example.com'))
  const delivery = carrier.take('example.com')
  expect(() => delivery.settle([ok])).toThrow('1 attempts for 2 recipients')
  delivery.settle([ok, ok])
  expect(() => delivery.settle([ok, ok])).toThrow('settled once')
  expect(() => delivery.putBack()).toThrow('not taken')
})

test('states outlive a restart, and what was with a carrier is due again', async () => {
  const r = await rig()
  const waits = await r.store(envelopeTo('a@one.example', 'b@two.example'))
  r.carrier.take('one.example').settle([later])
  r.carrier.take('two.example')
  await r.restart()
  expect(await r.list(anything)).toMatchObject([
    { id: waits, recipient: 'a@one.example', state: 'waiting', attempts: 1, lastReply: '451 4.7.1 greylisted' },
    { id: waits, recipient: 'b@two.example', state: 'waiting', attempts: 0 },
  ])
  r.carrier.take('two.example').settle([ok])
  await r.clock.pass(MINUTE)
  r.carrier.take('one.example').settle([ok])
  await r.restart()
  expect(r.queue.counts().messages).toBe(0)
})

test('recipients that wait for different times are each tried at theirs after a restart', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@one.example', 'b@two.example'))
  r.carrier.take('one.example').settle([later])
  const two = r.carrier.take('two.example')
  await r.clock.pass(30_000)
  two.settle([later])
  await r.restart()
  await r.clock.pass(30_000)
  r.carrier.take('one.example').settle([ok])
  await r.clock.pass(30_000)
  r.carrier.take('two.example').settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})

test('hold keeps a recipient until an operator asks, and discard ends it without a word', async () => {
  const r = await rig()
  r.route = (to) =>
    to.domain === 'held.example'
      ? { kind: 'hold', reason: 'parked by the document', at: 'row 1' }
      : { kind: 'discard', at: 'row 2' }
  const id = await r.store(envelopeTo('a@held.example', 'b@gone.example'))
  expect(r.queue.counts()).toMatchObject({ messages: 1, held: 1, discarded: 1 })
  expect(await r.list(anything)).toMatchObject([{ id, state: 'held', why: 'parked by the document', dueAt: null }])
  await r.clock.pass(48 * 60 * MINUTE)
  await r.restart()
  expect(r.queue.counts()).toMatchObject({ messages: 1, held: 1 })
  r.route = toDomain
  expect(await r.retry({ ids: [id] })).toBe(1)
  await settled()
  r.carrier.take('held.example').settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})

test('a new graph takes what waits in a lane to another one', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@example.com', 'b@example.com'))
  const onItsWay = await r.store(envelopeTo('c@example.com'))
  const old = r.carrier.lane('example.com')
  const first = old.take()
  r.route = () => ({ kind: 'next-hop', nextHop: hopOf('new'), at: 'test' })
  r.queue.reroute()
  await settled()
  expect(old.ready).toBe(0)
  expect(r.carrier.take('new').entry.id).toBe(onItsWay)
  first?.settle([ok, later])
  await r.clock.pass(MINUTE)
  expect(r.carrier.take('new').recipients).toEqual([1])
})

test('a drain hands out nothing more, waits for what is on the wire, and still accepts', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@example.com'))
  await r.store(envelopeTo('b@example.com'))
  const lane = r.carrier.lane('example.com')
  const delivery = lane.take()
  let drained = false
  const drain = r.queue.drain().then(() => (drained = true))
  await settled()
  expect(lane.take()).toBeNull()
  expect(drained).toBe(false)
  await r.store(envelopeTo('c@example.com'))
  delivery?.settle([ok])
  await drain
  expect(r.carrier.drained).toBe(1)
  await r.restart()
  expect(r.queue.counts()).toMatchObject({ messages: 2, waiting: 2 })
})
