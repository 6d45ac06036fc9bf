import { expect, test } from 'vitest'
import type { NextHop } from '../../src/mail/next-hop.ts'
import type { RoutePolicy } from '../../src/queue/retrying.ts'
import { contentOf, envelopeTo } from '../spool/messages.ts'
import { HOUR, later, MINUTE, ok, type Rig, rig, settled } from './rig.ts'

const general: RoutePolicy = { scheduleMs: [HOUR], expireAfterMs: 48 * HOUR, warnAfterMs: 4 * HOUR }
const fast: RoutePolicy = { scheduleMs: [MINUTE], expireAfterMs: 2 * HOUR, warnAfterMs: 30 * MINUTE }
const quiet: RoutePolicy = { scheduleMs: [HOUR], expireAfterMs: 6 * HOUR, warnAfterMs: HOUR, dsn: 'never' }
const few: RoutePolicy = { scheduleMs: [MINUTE], expireAfterMs: 48 * HOUR, warnAfterMs: null, maxAttempts: 3 }

/** Policies by the domain of the recipient, which is the key of the next hop here. */
const byRoute = (): { retry: (nextHop: NextHop | null) => RoutePolicy; schedules: () => RoutePolicy[] } => {
  const named = new Map([
    ['fast.example', fast],
    ['quiet.example', quiet],
    ['few.example', few],
  ])
  return {
    retry: (nextHop) => (nextHop === null ? general : (named.get(nextHop.key) ?? general)),
    schedules: () => [...named.values()],
  }
}

/** Towards a host that answers nothing, whenever it is asked. */
function refuseAll(r: Rig, ...dead: readonly string[]): void {
  r.carrier.onWake = (lane) => {
    if (dead.includes(lane.nextHop.key)) lane.down('connection refused', null)
  }
}

const told = (r: Rig) =>
  r.events
    .filter(({ event }) => event === 'notification.stored')
    .map(({ fields }) => `${String(fields['action'])} ${String(fields['recipients'])}`)

/** All notifications that wait for the sender, as text. */
async function texts(r: Rig): Promise<string[]> {
  await settled()
  const found: string[] = []
  for (let delivery = r.carrier.lane('src.example').take(); delivery !== null; ) {
    found.push((await contentOf(delivery.entry.body)).toString())
    delivery.settle([ok])
    await settled()
    delivery = r.carrier.lane('src.example').take()
  }
  return found
}

test('each route expires by its own schedule, also where the next hop is never reached (MQ-68, EX-52)', async () => {
  const r = await rig(byRoute())
  refuseAll(r, 'fast.example', 'slow.example')
  await r.store(envelopeTo('a@fast.example'))
  await r.store(envelopeTo('b@slow.example'))
  await r.store(envelopeTo('c@fast.example', 'd@slow.example'))
  await r.clock.pass(2 * HOUR - 1)
  expect(told(r)).toEqual(['delayed 1', 'delayed 1'])
  await r.clock.pass(1)
  expect(told(r).slice(2)).toEqual(['failed 1', 'failed 1'])
  expect((await r.list({ domain: 'slow.example' })).map(({ state }) => state)).toEqual(['waiting', 'waiting'])
  await r.clock.pass(46 * HOUR)
  expect(told(r).slice(4)).toEqual(['delayed 1', 'delayed 1', 'failed 1', 'failed 1'])
})

test('a sender hears once that his message is late, when it was last tried and until when it will be', async () => {
  const r = await rig(byRoute())
  const at = r.clock.time
  await r.store(envelopeTo('a@slow.example'))
  for (let hour = 0; hour < 6; hour++) {
    r.carrier.take('slow.example').settle([later])
    await r.clock.pass(HOUR)
  }
  const [text, ...more] = await texts(r)
  expect(more).toEqual([])
  expect(text).toContain('Action: delayed')
  expect(text).toContain('Status: 4.7.1')
  expect(text).toContain('Diagnostic-Code: smtp; 451 4.7.1 greylisted')
  const date = (ms: number) => `${new Date(ms).toUTCString().replace('GMT', '+0000').replace(/, 0/, ', ')}`
  expect(text).toContain(`Will-Retry-Until: ${date(at + 48 * HOUR)}`)
  expect(text).toContain('Last-Attempt-Date: ')
  expect(text).toContain('You do not need to send it again')
  // Headers alone: RET is about failures (RFC 3461 §4.3).
  expect(text).toContain('text/rfc822-headers')
})

test('that he heard it is known after a start, and what was late while the gateway stood still is told', async () => {
  const r = await rig(byRoute())
  refuseAll(r, 'slow.example')
  await r.store(envelopeTo('a@slow.example'))
  await r.clock.pass(5 * HOUR)
  expect(told(r)).toEqual(['delayed 1'])
  await r.store(envelopeTo('b@slow.example'))
  r.clock.time += 6 * HOUR
  await r.restart()
  refuseAll(r, 'slow.example')
  await r.clock.pass(2 * HOUR)
  expect(told(r)).toEqual(['delayed 1', 'delayed 1'])
  await r.restart()
  refuseAll(r, 'slow.example')
  await r.clock.pass(10 * HOUR)
  expect(told(r)).toEqual(['delayed 1', 'delayed 1'])
})

for (const { notify, want } of [
  { notify: null, want: 1 },
  { notify: [] as const, want: 0 },
  { notify: ['failure'] as const, want: 0 },
  { notify: ['success', 'failure'] as const, want: 0 },
  { notify: ['delay'] as const, want: 1 },
  { notify: ['failure', 'delay'] as const, want: 1 },
]) {
  test(`NOTIFY=${notify === null ? '(none)' : notify.join(',') || 'NEVER'}: delay is told ${want} times (RFC 3461 §4.1)`, async () => {
    const r = await rig(byRoute())
    refuseAll(r, 'slow.example')
    const envelope = envelopeTo('a@slow.example')
    await r.store({ ...envelope, recipients: envelope.recipients.map((one) => ({ ...one, notify })) })
    await r.clock.pass(5 * HOUR)
    expect(told(r)).toHaveLength(want)
  })
}

test('a message without a sender is late unheard', async () => {
  const r = await rig(byRoute())
  refuseAll(r, 'slow.example')
  await r.store({ ...envelopeTo('a@slow.example'), from: null })
  await r.clock.pass(49 * HOUR)
  expect(told(r)).toEqual([])
  expect(r.queue.counts().messages).toBe(0)
})

test('a warning that is stored too late is not sent: the message has arrived', async () => {
  const r = await rig(byRoute())
  refuseAll(r, 'slow.example')
  await r.store(envelopeTo('a@slow.example'))
  await r.clock.pass(4 * HOUR - MINUTE)
  r.disk.fault = ({ kind }) => (kind === 'write' ? 'full' : 'none')
  await r.clock.pass(MINUTE)
  expect(r.events.some(({ event }) => event === 'notification.not-stored')).toBe(true)
  r.carrier.onWake = null
  await r.retry({ all: true })
  r.carrier.take('slow.example').settle([ok])
  r.disk.fault = () => 'none'
  await r.clock.pass(HOUR)
  expect(told(r)).toEqual([])
  expect(r.queue.counts().messages).toBe(0)
})

test('after so many attempts it fails with the last answer, however young (EX-40)', async () => {
  const r = await rig(byRoute())
  await r.store(envelopeTo('a@few.example'))
  for (let attempt = 1; attempt <= 3; attempt++) {
    expect(told(r)).toEqual([])
    r.carrier.take('few.example').settle([later])
    await r.clock.pass(MINUTE)
  }
  const [text] = await texts(r)
  expect(text).toContain('Action: failed')
  expect(text).toContain('Status: 4.7.1')
  expect(text).toContain('451 4.7.1 greylisted')
  expect(text).toContain('It was tried as often as this gateway tries')
  expect(r.events.find(({ event }) => event === 'message.failed')?.fields).toMatchObject({ attempts: 3 })
})

test("of a route with dsn: 'never' nobody is told anything, and the log says so (MQ-68)", async () => {
  const r = await rig(byRoute())
  refuseAll(r, 'quiet.example')
  await r.store(envelopeTo('a@quiet.example'))
  await r.clock.pass(6 * HOUR)
  expect(told(r)).toEqual([])
  expect(r.queue.counts().messages).toBe(0)
  expect(r.events.find(({ event }) => event === 'message.expired')?.fields).toMatchObject({ notified: false })
})

test('after an apply that makes a route shorter, what is too old for it fails now', async () => {
  const policies = byRoute()
  let slow = general
  const r = await rig({
    ...policies,
    retry: (nextHop) => (nextHop?.key === 'slow.example' ? slow : policies.retry(nextHop)),
    schedules: () => [...policies.schedules(), slow],
  })
  refuseAll(r, 'slow.example')
  await r.store(envelopeTo('a@slow.example'))
  await r.clock.pass(10 * HOUR)
  expect(told(r)).toEqual(['delayed 1'])
  slow = { ...general, expireAfterMs: 8 * HOUR }
  r.queue.reroute()
  await r.clock.pass(0)
  expect(told(r)).toEqual(['delayed 1', 'failed 1'])
})

test('what was held beyond its time gets an attempt when it is released, before it fails', async () => {
  const r = await rig(byRoute())
  refuseAll(r, 'fast.example')
  const id = await r.store(envelopeTo('a@fast.example'))
  await r.operate({ kind: 'hold', by: 'ops', reason: 'look' }, { ids: [id] })
  await r.clock.pass(5 * HOUR)
  expect(told(r)).toEqual([])
  await r.operate({ kind: 'release' }, { ids: [id] })
  expect(told(r)).toEqual([])
  await r.clock.pass(HOUR)
  expect(told(r)).toEqual(['failed 1'])
})

test('ten thousand late messages are told of without a turn of the event loop that is long', async () => {
  const r = await rig(byRoute())
  refuseAll(r, 'slow.example')
  const envelope = envelopeTo('a@slow.example')
  const silent = {
    ...envelope,
    recipients: envelope.recipients.map((one) => ({ ...one, notify: ['failure' as const] })),
  }
  for (let i = 0; i < 10_000; i++) {
    const intake = r.queue.begin(() => {})
    if (intake === null) {
      await settled()
      i--
      continue
    }
    intake.commit(silent, { dots: false, eightBit: false }, () => {})
    if (i % 500 === 0) await settled()
  }
  await settled()
  expect(r.queue.counts().waiting).toBe(10_000)
  let longest = 0
  let last = performance.now()
  let isOver = false
  const look = (): void => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
    if (!isOver) setImmediate(look)
  }
  setImmediate(look)
  await r.clock.pass(4 * HOUR + MINUTE)
  isOver = true
  expect(told(r)).toEqual([])
  expect(longest).toBeLessThan(250)
})

test('after an apply with shorter times, also what comes to an empty queue is told of in time', async () => {
  let now = general
  const r = await rig({ retry: () => now, schedules: () => [] })
  await r.store(envelopeTo('a@slow.example'))
  r.carrier.take('slow.example').settle([ok])
  now = { ...general, warnAfterMs: 10 * MINUTE }
  r.queue.reroute()
  await r.clock.pass(0)
  refuseAll(r, 'slow.example')
  await r.store(envelopeTo('b@slow.example'))
  await r.clock.pass(10 * MINUTE)
  expect(told(r)).toEqual(['delayed 1'])
})

test('what waits for its next attempt while its destination is paused neither expires nor is late; afterwards it is', async () => {
  const r = await rig(byRoute())
  await r.store(envelopeTo('a@few.example', 'b@slow.example'))
  // An hour until the next attempt, and the pause is not seen before.
  r.carrier.take('slow.example').settle([later])
  r.carrier.take('few.example').settle([ok])
  const byDomain = r.route
  await r.clock.pass(3 * HOUR + 30 * MINUTE)
  r.carrier.take('slow.example').settle([later])
  r.route = () => ({ kind: 'pause', by: 'suspend-1', why: 'suspended', until: null })
  await r.clock.pass(50 * HOUR)
  expect(told(r)).toEqual([])
  expect(r.queue.counts()).toMatchObject({ held: 1, waiting: 0 })
  r.route = byDomain
  refuseAll(r, 'slow.example')
  r.queue.release('suspend-1')
  await r.clock.pass(2 * HOUR)
  expect(told(r)).toEqual(['failed 1'])
})

test('a pause that begins and ends between two attempts leaves nothing behind that never expires', async () => {
  const long = { ...general, scheduleMs: [100 * HOUR], expireAfterMs: 120 * HOUR, warnAfterMs: 4 * HOUR }
  const r = await rig({ retry: () => long, schedules: () => [] })
  await r.store(envelopeTo('a@slow.example'))
  r.carrier.take('slow.example').settle([later])
  const byDomain = r.route
  r.route = () => ({ kind: 'pause', by: 'suspend-1', why: 'suspended', until: null })
  await r.clock.pass(5 * HOUR)
  expect(told(r)).toEqual([])
  r.route = byDomain
  r.queue.release('suspend-1')
  await r.clock.pass(2 * HOUR)
  expect(told(r)).toEqual(['delayed 1'])
})
