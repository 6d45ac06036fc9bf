// MR-40: when a message is tried and given up by what its header says, beside its route's own times.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Envelope } from '../../src/mail/envelope.ts'
import type { Hints } from '../../src/mail/hints.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import type { RoutePolicy } from '../../src/queue/retrying.ts'
import {
  envelopeText,
  hintsOfText,
  parseEnvelopeText,
  parseRecipients,
  splitText,
} from '../../src/queue/stored-envelope.ts'
import { envelopeTo } from '../spool/messages.ts'
import { HOUR, later, MINUTE, ok, type Rig, rig, settled } from './rig.ts'

const general: RoutePolicy = { scheduleMs: [HOUR], expireAfterMs: 48 * HOUR, warnAfterMs: 4 * HOUR }
const brief: RoutePolicy = { scheduleMs: [10 * MINUTE], expireAfterMs: 2 * HOUR, warnAfterMs: null }
const retrying = () => ({
  retry: (_: NextHop | null, schedule?: string) => (schedule === 'brief' ? brief : general),
  schedules: () => [brief],
})

const hinted = (hints: Hints, ...to: readonly string[]): Envelope => ({ ...envelopeTo(...to), hints })
const told = (r: Rig) =>
  r.events.filter(({ event }) => event === 'notification.stored').map(({ fields }) => String(fields['action']))
const dead = (r: Rig) => {
  r.carrier.onWake = (lane) => {
    if (lane.nextHop.key === 'dead.example') lane.down('connection refused', null)
  }
}

test('a message waits for its time, also over a restart, and is as old as if it had come then', async () => {
  const r = await rig(retrying())
  dead(r)
  const notBefore = r.clock.time + 24 * HOUR
  await r.store(hinted({ notBefore }, 'a@dst.example'))
  await r.store(hinted({ notBefore }, 'b@dead.example'))
  await r.store(envelopeTo('c@dst.example'))
  r.carrier.take('dst.example').settle([ok])
  await r.clock.pass(23 * HOUR)
  expect(r.carrier.lane('dst.example').ready).toBe(0)
  expect((await r.list()).map(({ state, attempts, dueAt }) => [state, attempts, dueAt])).toEqual([
    ['waiting', 0, notBefore],
    ['waiting', 0, notBefore],
  ])
  await r.restart()
  dead(r)
  await r.clock.pass(HOUR - 1)
  expect(r.carrier.woken).toHaveLength(0)
  await r.clock.pass(1)
  r.carrier.take('dst.example').settle([ok])
  // Nobody hears that it is late before it is, and its life is as long as that of others.
  await r.clock.pass(4 * HOUR - MINUTE)
  expect(told(r)).toEqual([])
  await r.clock.pass(2 * MINUTE)
  expect(told(r)).toEqual(['delayed'])
  await r.clock.pass(44 * HOUR - 2 * MINUTE)
  expect(told(r)).toEqual(['delayed'])
  await r.clock.pass(2 * MINUTE)
  expect(told(r)).toEqual(['delayed', 'failed'])
})

test('an operator may send a message before its time', async () => {
  const r = await rig(retrying())
  await r.store(hinted({ notBefore: r.clock.time + 24 * HOUR }, 'a@dst.example'))
  await r.operate({ kind: 'retry' })
  r.carrier.take('dst.example').settle([ok])
  await settled()
  expect(await r.list()).toEqual([])
})

test('a message is given up at the time that it names, tried or not, and never later than its route says', async () => {
  const r = await rig(retrying())
  dead(r)
  await r.store(hinted({ expireAt: r.clock.time + 90 * MINUTE }, 'a@dead.example'))
  await r.store(hinted({ expireAt: r.clock.time + 90 * MINUTE }, 'a@dst.example'))
  await r.store(hinted({ expireAt: r.clock.time + 500 * HOUR }, 'b@dead.example'))
  r.carrier.take('dst.example').settle([later])
  await r.clock.pass(61 * MINUTE)
  // The next attempt would be too late.
  r.carrier.take('dst.example').settle([later])
  await r.clock.pass(1)
  expect(told(r)).toEqual(['failed'])
  await r.clock.pass(29 * MINUTE)
  expect(told(r)).toEqual(['failed', 'failed'])
  await r.clock.pass(47 * HOUR)
  expect(told(r)).toEqual(['failed', 'failed', 'delayed', 'failed'])
})

test('a message has the schedule that it names, and no more attempts than it wants', async () => {
  const r = await rig(retrying())
  await r.store(hinted({ schedule: 'brief', maxAttempts: 3 }, 'a@dst.example'))
  for (let attempt = 1; attempt <= 3; attempt++) {
    if (attempt > 1) await r.clock.pass(10 * MINUTE)
    r.carrier.take('dst.example').settle([later])
    await settled()
  }
  await r.clock.pass(1)
  expect(told(r)).toEqual(['failed'])
})

test('a schedule that the graph no longer has is the one of the route', async () => {
  const r = await rig(retrying())
  await r.store(hinted({ schedule: 'gone' }, 'a@dst.example'))
  r.carrier.take('dst.example').settle([later])
  await settled()
  expect((await r.list())[0]!.dueAt).toBe(r.clock.time + HOUR)
})

const nasty = fc.oneof(fc.string(), fc.constantFrom(',"hints":{"maxAttempts":1}', ',"origin":[', '"}', '\\'))

test('what steers a message is read from the text of its envelope, whole or split, whatever a client has said', () => {
  const hints = fc.option(fc.record({ class: nasty, maxAttempts: fc.nat() }, { requiredKeys: [] }), { nil: undefined })
  fc.assert(
    fc.property(hints, nasty, nasty, (hints, envid, helo) => {
      const plain = envelopeTo('a@dst.example', 'b@dst.example')
      const said = { ...plain, envid, origin: { ...plain.origin, helo } }
      const text = envelopeText(said)
      const one = hints === undefined ? said : { ...said, hints }
      const steered = envelopeText(one)
      expect(parseEnvelopeText(steered)).toEqual(one)
      expect(hintsOfText(steered)).toEqual(hints)
      const { own, shared } = splitText(steered)
      expect(hintsOfText(own)).toEqual(hints)
      expect(parseRecipients(own, shared)).toEqual(one.recipients)
      // What is not said has no octet in the spool.
      if (hints === undefined) expect(steered).toBe(text)
    }),
  )
})
