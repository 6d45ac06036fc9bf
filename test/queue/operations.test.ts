import { expect, test } from 'vitest'
import type { Route } from '../../src/mail/next-hop.ts'
import type { QueueAction } from '../../src/queue/operations.ts'
import { contentOf, envelopeTo } from '../spool/messages.ts'
import { HOUR, hopOf, later, MINUTE, nothing, ok, type Rig, rig, settled, toDomain } from './rig.ts'

// EX-39: what operators do to mail that waits.

const by = 'ann (local:0)'
const hold: QueueAction = { kind: 'hold', by, reason: 'the auditors want to see it' }
const drop: QueueAction = { kind: 'drop', by, reason: 'a loop of our own' }
const fail: QueueAction = { kind: 'fail', by, reason: 'the customer has moved', notify: true }
const release: QueueAction = { kind: 'release' }
const retry: QueueAction = { kind: 'retry' }
const reroute: QueueAction = { kind: 'reroute', via: null }

const states = async (r: Rig): Promise<Record<string, string>> =>
  Object.fromEntries((await r.list()).map(({ recipient, state }) => [recipient, state]))

const events = (r: Rig, wanted: string) => r.events.filter(({ event }) => event === wanted).map(({ fields }) => fields)

/** Three messages towards a next hop that is down, the second of them to three recipients. */
async function waiting(): Promise<{ r: Rig; ids: readonly string[] }> {
  const r = await rig()
  const ids = [
    await r.store(envelopeTo('a@dead.example')),
    await r.store(envelopeTo('b@dead.example', 'c@dead.example', 'd@other.example')),
    await r.store({ ...envelopeTo('e@dead.example'), from: null }),
  ]
  r.carrier.lane('dead.example').down('connect: timed out', null)
  return { r, ids }
}

test('what an operator holds stays over a restart, with who held it and why, until it is released', async () => {
  const { r, ids } = await waiting()
  expect(await r.operate(hold, { ids: [ids[0]!] })).toMatchObject({ done: true, messages: 1, recipients: 1 })
  for (const restarted of [false, true]) {
    if (restarted) await r.restart()
    const [row] = await r.list({ state: 'held' })
    expect(row).toMatchObject({ id: ids[0], heldBy: by, why: 'the auditors want to see it', dueAt: null })
    expect(r.queue.counts()).toMatchObject({ held: 1, waiting: 4 })
  }
  // Neither a new graph nor a retry of everything moves it, and it does not expire.
  r.queue.reroute()
  await r.retry({ all: true })
  r.policy = { ...r.policy, expireAfterMs: HOUR }
  await r.clock.pass(30 * MINUTE)
  expect((await states(r))['a@dead.example']).toBe('held')
  r.policy = { ...r.policy, expireAfterMs: 24 * HOUR }

  expect(await r.operate(release, { ids: [ids[0]!] })).toMatchObject({ recipients: 1 })
  expect((await r.list({ recipient: 'a@dead.example' }))[0]).toMatchObject({
    state: 'waiting',
    heldBy: null,
    why: null,
  })
  await r.restart()
  expect((await r.list({ recipient: 'a@dead.example' }))[0]).toMatchObject({ state: 'waiting', heldBy: null })
})

test('a hold takes one recipient out of a delivery; the others of it go on', async () => {
  const { r } = await waiting()
  await r.operate(hold, { recipient: 'b@dead.example' })
  const waits = { 'c@dead.example': 'waiting', 'd@other.example': 'waiting' }
  expect(await states(r)).toMatchObject({ 'b@dead.example': 'held', ...waits })
  expect(r.queue.laneStates().find(({ nextHop }) => nextHop === 'dead.example')).toMatchObject({ waiting: 3 })
  await r.clock.pass(MINUTE)
  const to: string[] = []
  const lane = r.carrier.lane('dead.example')
  for (let delivery = lane.take(); delivery !== null; delivery = lane.take()) {
    to.push(...delivery.recipients.map((index) => delivery!.entry.envelope.recipients[index]!.mailbox.text))
    delivery.settle(delivery.recipients.map(() => ok))
  }
  expect(to.sort()).toEqual(['a@dead.example', 'c@dead.example', 'e@dead.example'])
})

test('what is dropped is gone, from the disk too; nobody is told, and the log names each', async () => {
  const { r, ids } = await waiting()
  expect(await r.operate(drop, { domain: 'dead.example' })).toMatchObject({
    messages: 3,
    recipients: 4,
    isDurable: true,
  })
  expect(await states(r)).toEqual({ 'd@other.example': 'waiting' })
  expect(events(r, 'message.dropped')).toContainEqual({
    id: ids[0],
    to: 'a@dead.example',
    reason: 'a loop of our own',
    by,
  })
  expect(events(r, 'notification.stored')).toEqual([])
  await r.restart()
  expect(await states(r)).toEqual({ 'd@other.example': 'waiting' })
  r.carrier.take('other.example').settle([ok])
  await settled()
  expect(r.queue.counts()).toEqual({
    messages: 0,
    waiting: 0,
    active: 0,
    held: 0,
    delivered: 0,
    failed: 0,
    discarded: 0,
  })
})

test('a dropped message does not come back when the next hop does', async () => {
  const { r } = await waiting()
  await r.operate(drop, { domain: 'dead.example' })
  await r.clock.pass(MINUTE)
  expect(r.carrier.lane('dead.example').take()).toBeNull()
})

test('what is given up is reported to its sender, in words that are not the reply of a host', async () => {
  const { r } = await waiting()
  r.carrier.lane('other.example').take()!.settle([later])
  expect(await r.operate(fail)).toMatchObject({ messages: 3, recipients: 5, isDurable: true })
  expect(await states(r)).toEqual({ 'sender@src.example': 'waiting' })
  const texts: string[] = []
  const lane = r.carrier.lane('src.example')
  for (let delivery = lane.take(); delivery !== null; delivery = lane.take()) {
    texts.push((await contentOf(delivery.entry.body)).toString())
  }
  // One for each message; none for the one without a sender.
  expect(texts).toHaveLength(2)
  expect(texts[1]).toContain('Final-Recipient: rfc822; d@other.example')
  for (const text of texts) {
    expect(text).toContain('Action: failed')
    expect(text).toContain('Status: 5.0.0')
    expect(text).not.toContain('greylisted')
    // What the operator wrote is for the journal.
    expect(text).not.toContain('customer')
  }
})

test('senders are not told when that was said', async () => {
  const { r } = await waiting()
  await r.operate({ ...fail, notify: false } as QueueAction)
  expect(r.queue.counts().messages).toBe(0)
  expect(events(r, 'message.failed').map(({ notified }) => notified)).toEqual([false, false, false, false, false])
})

test('the notifications of an action are not what it is done to', async () => {
  const { r } = await waiting()
  await r.operate(fail)
  expect(events(r, 'notification.stored')).toHaveLength(2)
  expect(r.queue.counts()).toMatchObject({ messages: 2, waiting: 2 })
})

for (const action of [hold, drop, fail, reroute]) {
  test(`what is on the wire is left alone by ${action.kind}, and counted`, async () => {
    const r = await rig()
    await r.store(envelopeTo('a@slow.example'))
    const delivery = r.carrier.take('slow.example')
    expect(await r.operate(action)).toMatchObject({ recipients: 0, messages: 0, onTheWire: 1 })
    expect(await states(r)).toEqual({ 'a@slow.example': 'active' })
    delivery.settle([later])
    expect(await r.operate(action)).toMatchObject({ recipients: 1, messages: 1, onTheWire: 0 })
  })
}

for (const action of [hold, release, drop, fail]) {
  test(`${action.kind} may be said twice: the second time there is nothing left to do`, async () => {
    const { r } = await waiting()
    if (action.kind === 'release') await r.operate(hold)
    const selector = { sender: 'sender@src.example' }
    expect((await r.operate(action, selector)).recipients).toBe(4)
    const before = await r.list()
    expect(await r.operate(action, selector)).toMatchObject({ recipients: 0, messages: 0 })
    expect(await r.list()).toEqual(before)
  })
}

for (const action of [retry, hold, drop, fail, reroute]) {
  test(`a dry run of ${action.kind} counts what would be done, shows some of it, and does nothing`, async () => {
    const { r } = await waiting()
    const before = await r.list()
    const dry = await r.operate(action, { domain: 'dead.example' }, { dryRun: true })
    expect(dry).toMatchObject({ done: false, messages: 3, recipients: 4 })
    expect(dry.sample.map(({ recipient }) => recipient)).toEqual(
      before
        .slice(0, 3)
        .concat(before[4]!)
        .map((row) => row.recipient),
    )
    expect(await r.list()).toEqual(before)
    const { messages, recipients } = await r.operate(action, { domain: 'dead.example' })
    expect({ messages, recipients }).toEqual({ messages: 3, recipients: 4 })
  })
}

test('more messages than were foreseen are counted, and nothing is done', async () => {
  const { r } = await waiting()
  expect(await r.operate(drop, { all: true }, { atMost: 2 })).toMatchObject({ done: false, messages: 3 })
  expect(r.queue.counts().messages).toBe(3)
  expect(await r.operate(drop, { all: true }, { atMost: 3 })).toMatchObject({ done: true, messages: 3 })
})

test('a selector that names nothing does nothing', async () => {
  const { r } = await waiting()
  expect(await r.operate(drop, nothing)).toMatchObject({ messages: 0, recipients: 0 })
  expect(await r.operate(drop, { ids: ['0000000000000'] })).toMatchObject({ messages: 0 })
  expect(r.queue.counts().messages).toBe(3)
})

test('an id and a condition select what fits both', async () => {
  const { r, ids } = await waiting()
  expect(await r.operate(drop, { ids: [ids[1]!, ids[1]!], domain: 'other.example' })).toMatchObject({ recipients: 1 })
  expect(Object.keys(await states(r))).not.toContain('d@other.example')
  expect(r.queue.counts()).toMatchObject({ messages: 3, discarded: 1 })
})

test('what waits for a next hop that is down is asked of the active graph when it is rerouted', async () => {
  const { r } = await waiting()
  r.route = (to) => ({ kind: 'next-hop', nextHop: hopOf(`new.${to.domain}`), at: 'test' })
  expect(await r.operate(reroute, { domain: 'dead.example' })).toMatchObject({ recipients: 4 })
  const lanes = new Map(r.queue.laneStates().map(({ nextHop, waiting }) => [nextHop, waiting]))
  expect(lanes.get('dead.example')).toBe(0)
  expect(lanes.get('new.dead.example')).toBe(3)
})

/** As the gateway does it: the relay takes the place of a next hop. */
const withVia = (r: Rig): void => {
  r.route = (to, via): Route =>
    via === null ? toDomain(to) : { kind: 'next-hop', nextHop: hopOf(`relay:${via}`), at: 'via' }
}

test('a relay that an operator chose holds for these messages, over restarts, until it is taken back', async () => {
  const r = await rig({ whyNotVia: (to) => (to.domain === 'secret.example' ? 'its route demands TLS verify' : null) })
  withVia(r)
  await r.store(envelopeTo('a@dead.example', 'b@secret.example'))
  r.carrier.lane('dead.example').down('connect: timed out', null)
  const outcome = await r.operate({ kind: 'reroute', via: 'bart' })
  expect(outcome).toMatchObject({ recipients: 1, kept: { recipients: 1, why: 'its route demands TLS verify' } })
  expect(await r.list()).toMatchObject([
    { recipient: 'a@dead.example', nextHop: 'relay:bart', via: 'bart' },
    { recipient: 'b@secret.example', nextHop: 'secret.example', via: null },
  ])
  await r.restart()
  withVia(r)
  r.carrier.take('relay:bart').settle([later])
  expect((await r.list())[0]).toMatchObject({ nextHop: 'relay:bart', via: 'bart', attempts: 1 })
  // Mail that comes later goes where the graph says.
  await r.store(envelopeTo('c@dead.example'))
  expect((await r.list({ recipient: 'c@dead.example' }))[0]).toMatchObject({ nextHop: 'dead.example', via: null })

  await r.operate(reroute, { nextHop: 'relay:bart' })
  expect((await r.list())[0]).toMatchObject({ nextHop: 'dead.example', via: null })
})

test('what a destination is held for is not ended by a release of messages', async () => {
  const r = await rig()
  r.route = () => ({ kind: 'pause', by: 'hold-1', why: 'moving house', until: null })
  await r.store(envelopeTo('a@slow.example'))
  expect(await r.operate(release)).toMatchObject({ recipients: 0 })
  expect(r.queue.paused('hold-1')).toBe(1)
  // An operator's own hold takes its place, and does not give it back.
  await r.operate(hold)
  expect(r.queue.paused('hold-1')).toBe(0)
  expect(r.queue.counts()).toMatchObject({ held: 1, waiting: 0 })
  r.route = toDomain
  await r.operate(release)
  expect(r.queue.counts()).toMatchObject({ held: 0, waiting: 1 })
})

test('two actions at once are done one after the other', async () => {
  const { r } = await waiting()
  const [held, dropped, released] = await Promise.all([r.operate(hold), r.operate(drop), r.operate(release)])
  expect([held.recipients, dropped.recipients, released.recipients]).toEqual([5, 5, 0])
  expect(r.queue.counts().messages).toBe(0)
})

test('deliveries go on between the slices of an action: whoever was delivered meanwhile is not counted', async () => {
  const r = await rig()
  for (let i = 0; i < 60; i++) await r.store(envelopeTo(`m${i}@busy.example`))
  const taken = Array.from({ length: 30 }, () => r.carrier.take('busy.example'))
  const dropping = r.operate(drop)
  for (const delivery of taken) delivery.settle([ok])
  const { recipients, onTheWire } = await dropping
  expect(recipients + onTheWire).toBeLessThanOrEqual(60)
  expect(recipients).toBe(60 - 30)
  expect(r.queue.counts().messages).toBe(0)
})
