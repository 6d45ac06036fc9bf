// MR-13, MR-40: fields of a header steer a delivery where the document lets a client, and never leave.
import { expect, test } from 'vitest'
import type { QueuedMessage } from '../../src/admin/queue-operations.ts'
import { behave, oddServer } from '../egress/odd-server.ts'
import { mailgw, startGateway, until, writeDocument } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { site } from './site.ts'

const mail = (...fields: string[]) => [...fields, 'Subject: x', '', 'X-Mailgw-Class: in the body', ''].join('\r\n')

test('mail of who may say so leaves by the pool, at the time and with the mark that it names; of others nothing counts', async () => {
  const busy = new Set(['later@dst.test'])
  const peer = await oddServer((verb, line, session) =>
    verb === 'RCPT' && [...busy].some((one) => line.includes(one))
      ? '451 4.7.1 come again\r\n'
      : behave(verb, line, session),
  )
  const port = await freePort()
  const document = site({
    port,
    egress: { default: '127.0.0.1', bulk: ['127.0.0.3', '127.0.0.4'], vip: '127.0.0.5' },
    retry: { schedule: ['1h'], expireAfter: '2d', schedules: { brief: { schedule: ['1s'], expireAfter: '3h' } } },
    clients: {
      shop: {
        networks: '127.0.0.2',
        internal: true,
        hints: {
          ...{ egress: 'bulk', class: ['news', 'invoice'], schedule: 'brief', notBefore: '2d', expireAfter: true },
          ...{ maxAttempts: true, dsn: true, mailerq: true },
        },
      },
    },
    relays: { out: { hosts: `127.0.0.1:${peer.port}`, tls: 'off' } },
    localMx: { '*': 'relay:out' },
  })
  const gateway = await startGateway(document)
  const [shop, other] = [await openClient(port, '127.0.0.2'), await openClient(port)]
  const show = (id: string) => gateway.ask<QueuedMessage>('queue', 'show', id)

  await sendMessage(
    shop,
    'a@src.test',
    'b@dst.test',
    mail(
      'x-mailgw-egress:',
      ' 127.0.0.4',
      'From: a@src.test',
      'X-Mailgw-Class: news',
      'x-mq-smarthost-password: secret',
    ),
  )
  await until('it is there', () => peer.accepted.length === 1)
  expect(peer.sessions[0]!.from).toBe('127.0.0.4')
  const [news] = peer.accepted
  expect(news).toMatch(/^X-Mailgw-Tag: news\r\nReceived: /)
  expect(news).toMatch(/\r\nFrom: a@src\.test\r\nSubject: x\r\n\r\nX-Mailgw-Class: in the body\r\n$/)
  expect(news).not.toMatch(/egress|secret/i)
  const line = await gateway.logged('message.accepted')
  expect(line['hints']).toBe('class=news egress=bulk source=127.0.0.4')

  // The same from anybody else: it goes as the document says, and the fields do not leave.
  await sendMessage(other, 'a@src.test', 'b@dst.test', mail('X-Mailgw-Egress: vip', 'X-Mailgw-Not-Before: 1d'))
  await until('it is there', () => peer.accepted.length === 2)
  expect(peer.sessions.at(-1)!.from).toBe('127.0.0.1')
  expect(peer.accepted[1]).toMatch(
    /^Received: [^\r]*\r\n(?:[ \t][^\r]*\r\n)*Subject: x\r\n\r\nX-Mailgw-Class: in the body\r\n$/,
  )
  expect(await gateway.logged('hint.ignored')).toMatchObject({ fields: 'X-Mailgw-Egress, X-Mailgw-Not-Before' })

  // Who may, and errs, is told, and the session goes on.
  await shop.replies(3, 'MAIL FROM:<a@src.test>', 'RCPT TO:<b@dst.test>', 'DATA')
  expect(await shop.say(`${mail('X-Mailgw-Egress: vip')}.`)).toBe(
    '550 5.7.1 X-Mailgw-Egress: not one that this client may choose',
  )

  const waits = await sendMessage(shop, 'a@src.test', 'b@dst.test', mail('X-Mailgw-Not-Before: 1d'))
  const tried = await sendMessage(
    shop,
    'a@src.test',
    'later@dst.test',
    mail('X-Mailgw-Schedule: brief', 'X-Mailgw-Max-Attempts: 50', 'X-Mailgw-Notify: NEVER', 'X-Mailgw-Envid: order 7'),
  )
  const held = await show(waits)
  expect(held.recipients[0]!.dueAt! - held.queuedAt).toBeGreaterThan(86_300_000)
  expect(held.recipients[0]!.retry).toMatchObject({ schedule: null, maxAttempts: null })
  expect(held.recipients[0]!.retry!.expireAt - held.queuedAt).toBeGreaterThan(3 * 86_300_000)

  await until('it was tried twice', async () => (await show(tried)).recipients[0]!.history.length >= 2)
  const late = await show(tried)
  expect(late.envelope).toMatchObject({ envid: 'order+207', recipients: [{ notify: [] }] })
  expect(late.recipients[0]!.retry).toMatchObject({ schedule: 'brief', waitsMs: [1000], maxAttempts: 50, warnAt: null })
  expect(late.recipients[0]!.history.slice(0, 2)).toMatchObject([
    {
      number: 1,
      reply: '451 4.7.1 come again',
      nextHop: expect.stringMatching(/^relay:out#/),
      host: expect.stringContaining('127.0.0.1'),
    },
    { number: 2, reply: '451 4.7.1 come again' },
  ])
  const shown = await mailgw(['queue', 'show', waits, '--state-dir', gateway.stateDir])
  expect(shown.out).toMatch(/ {2}steered {3}by its header: notBefore=\d{4}-/)
  expect(shown.out).toMatch(/ {2}schedule {2}the general one: tried again after 1h\n {2}ends {6}given up in [23]d/)

  // An operator sees what a change of rights is for mail before it is made.
  const next = JSON.parse(JSON.stringify(document)) as { clients: { shop: { hints: { egress: string } } } }
  next.clients.shop.hints.egress = 'vip'
  const config = writeDocument(gateway.folder, next)
  const plan = await mailgw(['plan', '--config', config, '--state-dir', gateway.stateDir])
  expect(plan.code, plan.err).toBe(2)
  expect(plan.out).toContain('may be steered by class=invoice,news;dsn;egress=vip')
  const explained = await mailgw([
    'explain',
    '--config',
    config,
    '--client',
    '127.0.0.2',
    '--from',
    'a@b.test',
    '--to',
    'c@d.test',
  ])
  expect(explained.out).toContain('may be steered by fields of its header: class=invoice,news;dsn;egress=vip')
})
