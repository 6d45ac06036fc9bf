import { expect, test } from 'vitest'
import type { Envelope } from '../../src/mail/envelope.ts'
import type { NotificationSettings } from '../../src/mail/notification-settings.ts'
import { NotificationLimit } from '../../src/queue/notification-limit.ts'
import { makeReports } from '../../src/queue/notifier.ts'
import type { QueueOptions } from '../../src/queue/queue.ts'
import { contentOf, envelopeTo, mailbox, recipient } from '../spool/messages.ts'
import { HOUR, MINUTE, ok, type Rig, rig, settled, unknownUser } from './rig.ts'

const postmaster = mailbox('postmaster@gw.example')

/** A rig of which a document says this of notifications, and whose mail all comes from strangers. */
const told = (settings: NotificationSettings, isStranger = true): Partial<QueueOptions> => ({
  doubleBounce: () => (settings.doubleBounce === 'postmaster' ? postmaster : null),
  notify: makeReports(() => ({
    hostname: 'mx.gw.example',
    postmaster,
    graphHash: 'sha256:00',
    settings,
    isStranger: () => isStranger,
  })),
})

const kinds = (r: Rig) =>
  r.events.flatMap(({ event, fields }) =>
    event === 'notification.stored' ? [`${String(fields['action'])} to ${String(fields['to'])}`] : [],
  )

async function fail(r: Rig, envelope: Envelope): Promise<void> {
  await r.store(envelope)
  r.carrier.take(envelope.recipients[0]!.mailbox.domain).settle(envelope.recipients.map(() => unknownUser))
  await settled()
}

async function nextText(r: Rig, domain: string): Promise<string> {
  const delivery = r.carrier.take(domain)
  const text = (await contentOf(delivery.entry.body)).toString()
  delivery.settle(delivery.recipients.map(() => ok))
  await settled()
  return text
}

test('a failed message without a sender is told to the postmaster where the document wants so, and once', async () => {
  const r = await rig(told({ doubleBounce: 'postmaster' }))
  await fail(r, { ...envelopeTo('nobody@example.com'), from: null })
  expect(kinds(r)).toEqual(['failed to postmaster@gw.example'])
  const delivery = r.carrier.take('gw.example')
  const text = (await contentOf(delivery.entry.body)).toString()
  expect(delivery.entry.envelope.from).toBeNull()
  expect(text).toContain('Subject: Undelivered mail without a sender')
  expect(text).toContain('To: <postmaster@gw.example>')
  // What does not reach the postmaster ends there.
  delivery.settle([unknownUser])
  await settled()
  expect(kinds(r)).toHaveLength(1)
  expect(r.queue.counts().messages).toBe(0)
})

test('and to nobody where it says nothing, or where the sender of that message said NEVER', async () => {
  const silent = await rig(told({}))
  await fail(silent, { ...envelopeTo('nobody@example.com'), from: null })
  expect(kinds(silent)).toEqual([])
  const r = await rig(told({ doubleBounce: 'postmaster' }))
  const never = [{ ...recipient('nobody@example.com'), notify: [] }]
  await fail(r, { ...envelopeTo(), recipients: never, from: null })
  expect(kinds(r)).toEqual([])
})

test('a notification that is about a notification cannot begin a circle, whoever the postmaster is', async () => {
  const r = await rig(told({ doubleBounce: 'postmaster' }))
  await fail(r, envelopeTo('nobody@example.com'))
  // The sender's notification fails, the postmaster hears of that, and his fails too.
  for (const domain of ['src.example', 'gw.example']) {
    r.carrier.take(domain).settle([unknownUser])
    await settled()
  }
  expect(kinds(r)).toEqual(['failed to sender@src.example', 'failed to postmaster@gw.example'])
  expect(r.queue.counts().messages).toBe(0)
})

test('strangers whose address is forged get so many notifications and no more, and it is counted', async () => {
  const r = await rig(told({ limit: { most: 2, perMs: HOUR } }))
  for (let i = 0; i < 5; i++) await fail(r, envelopeTo(`nobody${i}@example.com`))
  await fail(r, { ...envelopeTo('nobody@example.com'), from: mailbox('other@src.example') })
  expect(kinds(r)).toEqual([
    'failed to sender@src.example',
    'failed to sender@src.example',
    'failed to other@src.example',
  ])
  expect(r.events.filter(({ event }) => event === 'notification.suppressed')).toHaveLength(3)
  expect(r.queue.notifications()).toMatchObject({ failed: 3, suppressed: 3 })
  // Nothing of the failed ones waits for ever: what is in the queue are the three notifications.
  expect(r.queue.counts()).toMatchObject({ messages: 3, failed: 0 })
  await r.clock.pass(HOUR)
  await fail(r, envelopeTo('late@example.com'))
  expect(kinds(r)).toHaveLength(4)
})

test('our own people are always told, and strangers too where the limit is off', async () => {
  for (const r of [await rig(told({ limit: { most: 1, perMs: HOUR } }, false)), await rig(told({ limit: null }))]) {
    for (let i = 0; i < 3; i++) await fail(r, envelopeTo(`nobody${i}@example.com`))
    expect(kinds(r)).toHaveLength(3)
  }
})

test('the limit remembers a bounded number of addresses, the latest', () => {
  const limit = new NotificationLimit()
  const one = { most: 1, perMs: MINUTE }
  expect(limit.admit('a', one, 0)).toBe(true)
  expect(limit.admit('a', one, MINUTE - 1)).toBe(false)
  expect(limit.admit('a', one, MINUTE)).toBe(true)
  for (let i = 0; i < 20_000; i++) limit.admit(`b${i}`, one, MINUTE)
  expect(limit.admit('b19999', one, MINUTE)).toBe(false)
  expect(limit.admit('a', one, MINUTE)).toBe(true)
})

test('copies go to whom the document names, of the kinds that it names, unseen by the sender', async () => {
  const r = await rig(told({ copy: { to: 'watch@ops.example', of: ['failed'] }, from: 'service@gw.example' }))
  await fail(r, envelopeTo('nobody@example.com'))
  const text = await nextText(r, 'src.example')
  expect(text).toContain('From: Mail Delivery System <service@gw.example>')
  expect(text).toContain('write to <postmaster@gw.example>')
  expect(text).not.toContain('watch@ops.example')
  expect(await nextText(r, 'ops.example')).toBe(text)
  expect(r.queue.counts().messages).toBe(0)
})

test('an alias for several mailboxes is told of once, and members that fail are told of each', async () => {
  const r = await rig(told({}))
  const team = mailbox('team@gw.example')
  const member = (text: string) => ({ ...recipient(text), original: team, notify: ['failure' as const] })
  const orcpt = 'rfc822;Team+40gw.example'
  await r.store({
    ...envelopeTo(),
    recipients: [{ ...member('a@example.com'), expanded: true, orcpt }, member('b@example.com')],
  })
  expect(kinds(r)).toEqual(['expanded to sender@src.example'])
  const text = await nextText(r, 'src.example')
  expect(text).toContain('Action: expanded')
  expect(text).toContain('Final-Recipient: rfc822; team@gw.example')
  expect(text).toContain('Original-Recipient: rfc822; Team@gw.example')
  expect(text).toMatch(/^Status: 2\./m)
  expect(text).not.toContain('a@example.com')
  await r.restart()
  expect(kinds(r)).toHaveLength(1)
  r.carrier.take('example.com').settle([ok, unknownUser])
  await settled()
  expect(kinds(r)).toEqual(['expanded to sender@src.example', 'failed to sender@src.example'])
  expect(await nextText(r, 'src.example')).toContain('Final-Recipient: rfc822; b@example.com')
  expect(r.queue.counts().messages).toBe(0)
})

test('that an alias was expanded is told after a crash that came before', async () => {
  const r = await rig(told({}))
  const intake = r.queue.begin(() => {})!
  intake.write(Buffer.from('Subject: hello\r\n\r\nworld\r\n'))
  const member = (text: string) => ({ ...recipient(text), original: mailbox('team@gw.example'), notify: [] })
  const recipients = [{ ...member('a@example.com'), expanded: true as const }, member('b@example.com')]
  await new Promise<void>((resolve) =>
    intake.commit({ ...envelopeTo(), recipients }, { dots: false, eightBit: false }, () => resolve()),
  )
  // Stopped right after the 250, before anything else was written.
  const killed = await rig(told({}), r)
  await settled()
  expect(kinds(killed)).toEqual(['expanded to sender@src.example'])
})

test('texts of the document take the place of ours, in its language and with its reasons', async () => {
  const r = await rig(
    told({
      language: 'de',
      texts: {
        failed: {
          subject: 'Nicht zugestellt: {subject}',
          text: 'Guten Tag,\n{each}\n  {recipient}: {reason}\n  ({host} meldet: {answer})\n  {until}\n{end}\nNummer {id} {{so}}',
        },
      },
      reasons: [{ status: '5.1.*', text: 'Diese Adresse gibt es dort nicht. Prüfen Sie sie.' }],
    }),
  )
  await fail(r, envelopeTo('nobody@example.com'))
  const text = await nextText(r, 'src.example')
  expect(text).toContain('Subject: Nicht zugestellt: hello')
  expect(text).toContain('Content-Language: de')
  expect(text).toContain('Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable')
  expect(text).toContain('  nobody@example.com: Diese Adresse gibt es dort nicht. Pr=C3=BCfen Sie sie.\r\n')
  expect(text).toContain('  (mx1.example.com[192.0.2.1]:25 meldet: 550 5.1.1 no such user)\r\nNummer ')
  expect(text).toContain(' {so}\r\n')
})

test('a message for twelve hundred that fails as a whole is told in portions that a host takes', async () => {
  const r = await rig(told({}))
  const envelope = envelopeTo(...Array.from({ length: 1200 }, (_, i) => `u${i}@example.com`))
  r.policy = { scheduleMs: [HOUR], expireAfterMs: 2 * HOUR, warnAfterMs: HOUR }
  r.carrier.onWake = (lane) => {
    if (lane.nextHop.key === 'example.com') lane.down('connection refused', null)
  }
  await r.store(envelope)
  await r.clock.pass(2 * HOUR + MINUTE)
  const portions = (action: string) =>
    r.events.flatMap(({ event, fields }) =>
      event === 'notification.stored' && fields['action'] === action ? [fields['recipients']] : [],
    )
  expect(portions('delayed')).toEqual([500, 500, 200])
  expect(portions('failed')).toEqual([500, 500, 200])
  expect(r.queue.counts()).toMatchObject({ messages: 6, failed: 0 })
})
