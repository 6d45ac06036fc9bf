import { expect, test } from 'vitest'
import type { Envelope } from '../../src/mail/envelope.ts'
import type { Delivery } from '../../src/queue/lane.ts'
import { contentOf, envelopeTo, mailbox } from '../spool/messages.ts'
import { anything, HOUR, later, MINUTE, ok, type Rig, rig, settled, unknownUser } from './rig.ts'

const withNotify = (envelope: Envelope, ...notify: ('success' | 'failure' | 'delay')[]): Envelope => ({
  ...envelope,
  recipients: envelope.recipients.map((recipient) => ({ ...recipient, notify })),
})

/** The notification on its way to the sender, and its text. */
async function report(r: Rig): Promise<{ delivery: Delivery; text: string }> {
  await settled()
  const delivery = r.carrier.take('src.example')
  return { delivery, text: (await contentOf(delivery.entry.body)).toString() }
}

const reports = (r: Rig): number => r.events.filter(({ event }) => event === 'notification.stored').length

test('a recipient that fails is reported to the sender, from the null reverse-path', async () => {
  const r = await rig()
  const id = await r.store(envelopeTo('nobody@example.com'))
  r.carrier.take('example.com').settle([unknownUser])
  const { delivery, text } = await report(r)
  const { envelope } = delivery.entry
  expect(envelope.from).toBeNull()
  expect(envelope.recipients.map(({ mailbox }) => mailbox.text)).toEqual(['sender@src.example'])
  expect(text).toContain('Final-Recipient: rfc822; nobody@example.com')
  expect(text).toContain('Action: failed')
  expect(text).toContain('Status: 5.1.1')
  expect(text).toContain('Diagnostic-Code: smtp; 550 5.1.1 no such user')
  expect(text).toContain(`X-Mailgw-Queue-ID: ${id}`)
  expect(text).toContain('Subject: hello')
  delivery.settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})

test('recipients that fail together are one notification, and those that do not are not in it', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@example.com', 'b@example.com', 'c@example.com'))
  r.carrier.take('example.com').settle([unknownUser, ok, unknownUser])
  const { text } = await report(r)
  expect(reports(r)).toBe(1)
  expect(text).toContain('rfc822; a@example.com')
  expect(text).toContain('rfc822; c@example.com')
  expect(text).not.toContain('rfc822; b@example.com')
})

test('the null reverse-path gets no notification, and so nothing can go round', async () => {
  const r = await rig()
  await r.store({ ...envelopeTo('nobody@example.com'), from: null })
  r.carrier.take('example.com').settle([unknownUser])
  await settled()
  expect(reports(r)).toBe(0)
  expect(r.queue.counts().messages).toBe(0)
  expect(r.events.find(({ event }) => event === 'message.failed')?.fields).toMatchObject({ notified: false })
})

test('a notification that fails ends there', async () => {
  const r = await rig()
  await r.store(envelopeTo('nobody@example.com'))
  r.carrier.take('example.com').settle([unknownUser])
  const { delivery } = await report(r)
  delivery.settle([unknownUser])
  await settled()
  expect(reports(r)).toBe(1)
  expect(r.queue.counts().messages).toBe(0)
})

for (const { notify, want } of [
  { notify: [] as const, want: 0 },
  { notify: ['success'] as const, want: 0 },
  { notify: ['delay'] as const, want: 0 },
  { notify: ['failure'] as const, want: 1 },
  { notify: ['success', 'failure'] as const, want: 1 },
]) {
  test(`NOTIFY=${notify.join(',') || 'NEVER'}: failure is reported ${want} times`, async () => {
    const r = await rig()
    await r.store(withNotify(envelopeTo('nobody@example.com'), ...notify))
    r.carrier.take('example.com').settle([unknownUser])
    await settled()
    expect(reports(r)).toBe(want)
    expect(r.queue.counts().messages).toBe(want)
  })
}

test('success is reported where it was asked for and the host does not take that over', async () => {
  const r = await rig()
  await r.store(withNotify(envelopeTo('a@example.com', 'b@example.com'), 'success'))
  r.carrier.take('example.com').settle([ok, { ...ok, dsnTaken: true }])
  const { text } = await report(r)
  expect(text).toContain('Action: relayed')
  expect(text).toContain('rfc822; a@example.com')
  expect(text).not.toContain('rfc822; b@example.com')
})

test('delivery into a mailbox is the last one: its success is reported as delivered', async () => {
  const r = await rig()
  const toSource = r.route
  r.route = (to) =>
    to.domain === 'local.example'
      ? { kind: 'next-hop', nextHop: { kind: 'maildir', key: 'maildir:x', dir: '/mail/x' }, at: 'test' }
      : toSource(to, null)
  await r.store(withNotify(envelopeTo('a@local.example'), 'success'))
  r.carrier.take('maildir:x').settle([{ ...ok, command: 'local' }])
  const { delivery, text } = await report(r)
  expect(text).toContain('Action: delivered')
  delivery.settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})

test('success that nobody asked for is not reported', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@example.com'))
  r.carrier.take('example.com').settle([ok])
  await settled()
  expect(reports(r)).toBe(0)
})

test('a recipient that the graph refuses now is reported with that reply', async () => {
  const r = await rig()
  const byDomain = r.route
  r.route = (to) =>
    to.domain === 'gone.example'
      ? { kind: 'refuse', reply: { code: 550, status: '5.1.2', text: 'no such domain here' }, at: 'row 3' }
      : byDomain(to, null)
  await r.store(envelopeTo('a@gone.example', 'b@example.com'))
  const { text } = await report(r)
  expect(text).toContain('Status: 5.1.2')
  expect(text).toContain('no such domain here')
  expect(text).not.toContain('Remote-MTA')
  r.carrier.take('example.com').settle([ok])
  expect(r.queue.counts().messages).toBe(1)
})

test('what is too old after its last attempt fails with 4.4.7 and the last reply', async () => {
  const r = await rig()
  r.policy = { scheduleMs: [HOUR], expireAfterMs: 150 * MINUTE }
  await r.store(envelopeTo('a@example.com'))
  for (let attempt = 1; attempt <= 2; attempt++) {
    r.carrier.take('example.com').settle([later])
    expect(await r.list(anything)).toMatchObject([{ state: 'waiting', attempts: attempt }])
    await r.clock.pass(HOUR)
  }
  r.carrier.take('example.com').settle([later])
  const { text } = await report(r)
  expect(text).toContain('Status: 4.4.7')
  expect(text).toContain('451 4.7.1 greylisted')
})

test('what waits for a next hop that is never reached expires on time, with what kept us from it', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@dead.example'))
  const lane = r.carrier.lane('dead.example')
  lane.down('4.4.1 connection refused', null)
  r.carrier.onWake = (one) => {
    if (one.nextHop.key === 'dead.example') one.down('4.4.1 connection refused', null)
  }
  await r.clock.pass(24 * HOUR - 1)
  expect(reports(r)).toBe(0)
  await r.clock.pass(1)
  const { text } = await report(r)
  expect(text).toContain('Status: 4.4.7')
  expect(text).toContain('connection refused')
  expect(r.queue.laneStates()).toMatchObject([{ nextHop: 'dead.example', waiting: 0 }, {}])
})

test('a message that became too old while the gateway stood still is tried once more', async () => {
  const r = await rig()
  await r.store(envelopeTo('a@example.com'))
  r.clock.time += 48 * HOUR
  await r.restart()
  expect(reports(r)).toBe(0)
  r.carrier.take('example.com').settle([ok])
  expect(r.queue.counts().messages).toBe(0)
})

test('a failure is marked only when its notification is stored: a crash between repeats the attempt', async () => {
  const r = await rig()
  const id = await r.store(envelopeTo('nobody@example.com'))
  const delivery = r.carrier.take('example.com')
  r.disk.fault = ({ kind }) => (kind === 'write' ? 'stop' : 'none')
  delivery.settle([unknownUser])
  await settled()
  const killed = await rig({}, r)
  await settled()
  expect(await killed.list(anything)).toMatchObject([{ id, state: 'waiting', attempts: 0 }])
  killed.carrier.take('example.com').settle([unknownUser])
  await report(killed)
  expect(reports(killed)).toBe(1)
})

test('a notification that cannot be stored is tried again, and the failed recipient waits for it', async () => {
  const r = await rig()
  const id = await r.store(envelopeTo('nobody@example.com'))
  const delivery = r.carrier.take('example.com')
  r.disk.fault = ({ kind }) => (kind === 'write' ? 'full' : 'none')
  delivery.settle([unknownUser])
  await settled()
  expect(r.queue.counts()).toMatchObject({ messages: 1, failed: 1 })
  expect(await r.retry({ ids: [id] })).toBe(0)
  r.disk.fault = () => 'none'
  await r.clock.pass(20_000)
  await report(r)
  expect(r.queue.counts()).toMatchObject({ messages: 1, failed: 0, active: 1 })
})

test('a maker that answers with a sender of its own is refused: it could go round for ever', async () => {
  const r = await rig({
    notify: async () => ({
      envelope: { ...envelopeTo('a@b.example'), from: mailbox('loop@b.example') },
      chunks: [],
      facts: { dots: false, eightBit: false },
    }),
  })
  await r.store(envelopeTo('nobody@example.com'))
  r.carrier.take('example.com').settle([unknownUser])
  await settled()
  expect(r.events.find(({ event }) => event === 'notification.not-stored')?.fields).toMatchObject({
    error: 'a notification must have the null reverse-path',
  })
})
