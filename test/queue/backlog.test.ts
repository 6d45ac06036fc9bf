import { expect, test } from 'vitest'
import { envelopeTo } from '../spool/messages.ts'
import { hopOf, later, MINUTE, rig, settled } from './rig.ts'

test('two thousand messages that are dropped out of a lane leave nothing in it, and the others their order', async () => {
  const r = await rig()
  for (let i = 0; i < 2000; i++) {
    const to = i % 10 === 0 ? `keep${i}@dead.example` : `drop${i}@dead.example`
    const intake = r.queue.begin(() => {})!
    intake.write(Buffer.from('x\r\n'))
    intake.commit(envelopeTo(to), { dots: false, eightBit: false }, () => {})
    if (i % 100 === 0) await settled()
  }
  await settled()
  r.carrier.lane('dead.example').down('connect: timed out', null)
  const outcome = await r.operate({ kind: 'drop', by: 'x', reason: 'y' }, { recipient: 'drop*' })
  expect(outcome.recipients).toBe(1800)
  expect(r.queue.laneStates()).toMatchObject([{ waiting: 200, active: 0 }])
  await r.clock.pass(MINUTE)
  const to: string[] = []
  const lane = r.carrier.lane('dead.example')
  for (let delivery = lane.take(); delivery !== null; delivery = lane.take()) {
    to.push(delivery.entry.envelope.recipients[0]!.mailbox.text)
    delivery.settle([later])
  }
  expect(to).toEqual(Array.from({ length: 200 }, (_, i) => `keep${i * 10}@dead.example`))
})

test('everything that waits for one next hop goes to another after an apply, in its order, some in each turn', async () => {
  const r = await rig()
  for (let i = 0; i < 500; i++) await r.store(envelopeTo(`m${i}@old.example`))
  r.carrier.lane('old.example').down('connect: timed out', null)
  r.route = () => ({ kind: 'next-hop', nextHop: hopOf('new.example'), at: 'test' })
  r.queue.reroute()
  // Nothing of it is to be had by the old way from now on, though not all of it was routed yet.
  const waiting = () => new Map(r.queue.laneStates().map((lane) => [lane.nextHop, lane.waiting]))
  expect(waiting().get('old.example')).toBe(0)
  expect(waiting().get('new.example')).toBe(200)
  const rows = await r.list({ limit: 1000 })
  expect(rows).toHaveLength(500)
  await settled()
  expect(waiting().get('new.example')).toBe(500)
  const lane = r.carrier.lane('new.example')
  const first = [lane.take(), lane.take()].map((delivery) => delivery!.entry.envelope.recipients[0]!.mailbox.text)
  expect(first).toEqual(['m0@old.example', 'm1@old.example'])
})

test('who is dropped or expires while he is between two lanes is not routed to the second', async () => {
  const r = await rig()
  for (let i = 0; i < 300; i++) await r.store(envelopeTo(`m${i}@old.example`))
  r.carrier.lane('old.example').down('connect: timed out', null)
  r.route = () => ({ kind: 'next-hop', nextHop: hopOf('new.example'), at: 'test' })
  r.queue.reroute()
  const outcome = await r.operate({ kind: 'drop', by: 'x', reason: 'y' }, { all: true })
  expect(outcome.recipients).toBe(300)
  await settled()
  expect(r.queue.laneStates().reduce((sum, { waiting }) => sum + waiting, 0)).toBe(0)
  expect(r.queue.counts().messages).toBe(0)
})
