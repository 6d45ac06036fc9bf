import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OverlayView } from '../../src/admin/operations.ts'
import type { Overlay } from '../../src/graph/overlay.ts'
import { type Ended, mailgw, type Running, startGateway, until } from '../support/gateway.ts'
import { freePort, peers } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

/** Every domain has a route, and nothing leaves. */
const nowhere = { '*': { reject: { code: 550, text: '5.1.2 no way there' } } }

const compiler = peers('cc')
const lasting = ['--for', '2h', '--reason', 'attack']

/** A command with conditions, and its overlay. */
const add = (gateway: Running, ...args: readonly string[]): Promise<Overlay> =>
  gateway.ask<Overlay>(...args, ...lasting)
const fails = (gateway: Running, ...args: readonly string[]): Promise<Ended> =>
  mailgw([...args, '--state-dir', gateway.stateDir])

// EX-34
test('a deny refuses at once, names itself in reply, log and status, and holds over an apply and a kill', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: nowhere }))
  const before = await openClient(port)
  const deny = await add(gateway, 'deny', 'add', '--client', '127.0.0.2', '--text', 'go away')
  expect(deny).toMatchObject({ kind: 'deny', client: '127.0.0.2/32', code: 554, reason: 'attack' })

  await expect(openClient(port, '127.0.0.2')).rejects.toThrow(`554 5.7.1 go away (${deny.id})`)
  await gateway.logged('session.refused', ({ at, client }) => at === `overlay ${deny.id}` && client === '127.0.0.2')
  await sendMessage(before, 'a@src.test', 'ann@here.test')
  expect((await gateway.status()).overlays).toMatchObject([{ id: deny.id, owner: deny.owner, until: deny.until }])
  const shown = await mailgw(['status', '--state-dir', gateway.stateDir])
  expect(shown.out).toContain(`${deny.id}  refuses client 127.0.0.2/32 with 554`)

  const applied = await gateway.apply(site({ port, localMx: { ...nowhere, 'other.test': 'hold' } }))
  expect(applied, applied.err).toMatchObject({ code: 0 })
  await expect(openClient(port, '127.0.0.2')).rejects.toThrow(deny.id)
  gateway.signal('SIGKILL')
  await gateway.ended
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  await expect(openClient(port, '127.0.0.2')).rejects.toThrow(deny.id)

  expect(await next.ask('deny', 'remove', deny.id)).toMatchObject([{ id: deny.id }])
  await openClient(port, '127.0.0.2')
  expect(await next.ask('deny', 'list')).toEqual([])
})

test('a session that is open is refused at its next MAIL or RCPT, and a deny ends by itself', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: nowhere }))
  const client = await openClient(port)
  const sender = await gateway.ask<Overlay>('deny', 'add', '--sender', '*.spam.test', '--code', '451', ...lasting)
  expect(await client.say('MAIL FROM:<a@x.spam.test>')).toBe(
    `451 4.7.1 refused for now by the operators of this gateway (${sender.id})`,
  )
  expect(await client.say('MAIL FROM:<a@src.test>')).toMatch(/^250/)
  const brief = ['--for', '2s', '--reason', 'drill', '--listener', 'inside']
  const recipient = await gateway.ask<Overlay>('deny', 'add', '--recipient', 'ann@here.test', ...brief)
  expect(await client.say('RCPT TO:<Ann@here.test>')).toMatch(new RegExp(`^550 5.7.1 .*${recipient.id}`))
  expect(await client.say('RCPT TO:<bob@here.test>')).toMatch(/^250/)
  await gateway.logged('overlay.expired', ({ id }) => id === recipient.id)
  expect(await client.say('RCPT TO:<ann@here.test>')).toMatch(/^250/)
})

test('a ban is of one address, and is ended by its address too', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: nowhere }))
  const ban = await add(gateway, 'ban', 'add', '127.0.0.9')
  await expect(openClient(port, '127.0.0.9')).rejects.toThrow(`(${ban.id})`)
  await openClient(port, '127.0.0.8')
  await gateway.ask('ban', 'remove', '127.0.0.9')
  await openClient(port, '127.0.0.9')
})

test.skipIf(!compiler)('a hold keeps a destination in the queue, visibly, until it is removed', async () => {
  const sink = await startSink()
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': `127.0.0.1:${sink.port}` } }))
  const hold = await add(gateway, 'hold', 'add', '--domain', '*.dst.test')
  const client = await openClient(port)
  await sendMessage(client, 'a@src.test', ['x@one.dst.test', 'y@other.test'])
  await until('the other one has arrived', async () => (await sink.counts()).recipients === 1)
  expect(await gateway.queue()).toMatchObject([
    { recipient: 'x@one.dst.test', state: 'held', attempts: 0, why: `${hold.id}: attack (${hold.owner})` },
  ])
  const list = await mailgw(['hold', 'list', '--state-dir', gateway.stateDir])
  expect(list.out).toContain('holds mail for *.dst.test (1 recipients wait)')
  expect((await gateway.status()).queue).toMatchObject({ held: 1, waiting: 0 })
  await gateway.ask('queue', 'retry', '--all')
  expect(await gateway.queue()).toMatchObject([{ state: 'held' }])

  gateway.signal('SIGKILL')
  await gateway.ended
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  expect(await next.queue()).toMatchObject([{ recipient: 'x@one.dst.test', state: 'held' }])
  await next.ask('hold', 'remove', hold.id)
  await until('it has arrived', async () => (await sink.counts()).recipients === 2)
})

test.skipIf(!compiler)(
  'a hold of a next hop takes what waits there, also when it is named with its digest',
  async () => {
    const sink = await startSink()
    const port = await freePort()
    const document = site({
      port,
      localMx: { '*': 'relay:isp' },
      relays: { isp: { hosts: [`127.0.0.1:${sink.port}`], tls: 'off' } },
    })
    const gateway = await startGateway(document)
    const hold = await add(gateway, 'hold', 'add', '--next-hop', 'relay:isp#12345678')
    expect(hold).toMatchObject({ nextHop: 'relay:isp' })
    await sendMessage(await openClient(port), 'a@src.test', 'x@one.test')
    await sendMessage(await openClient(port), 'a@src.test', 'ann@here.test')
    await received(gateway.stateDir, 'ann@here.test')
    expect(await gateway.ask<OverlayView[]>('hold', 'list')).toMatchObject([{ id: hold.id, held: 1 }])
    expect((await sink.counts()).recipients).toBe(0)
    await gateway.ask('hold', 'remove', hold.id)
    await until('it has arrived', async () => (await sink.counts()).recipients === 1)
  },
)

test('what somebody did is in the journal, and what nobody would understand is refused in words', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: nowhere }))
  const deny = await gateway.ask<Overlay>('deny', 'add', '--client', '192.0.2.0/24', ...lasting, '--owner', 'ann')
  await gateway.ask('deny', 'remove', deny.id)
  const written = readFileSync(join(gateway.stateDir, 'journal.ndjson'), 'utf8').trim().split('\n')
  const overlays = written.map((line) => JSON.parse(line)).filter(({ action }) => action === 'overlay')
  expect(overlays).toMatchObject([
    {
      actor: expect.stringMatching(/^local:/),
      onBehalfOf: 'ann',
      reason: 'attack',
      result: 'added',
      detail: { id: deny.id },
    },
    { result: 'removed', detail: { id: deny.id } },
  ])

  const wrongs: readonly [args: readonly string[], says: RegExp][] = [
    [['deny', 'add', '--client', '192.0.2.0/24', '--for', '2h'], /--reason is missing/],
    [['deny', 'add', '--client', '192.0.2.0/24', '--reason', 'x'], /--for or --until is missing/],
    [['deny', 'add', ...lasting], /say what to refuse/],
    [['deny', 'add', '--client', '192.0.2.1/24', ...lasting], /did you mean "192.0.2.0\/24"/],
    [['deny', 'add', '--client', '192.0.2.0/24', '--code', '250', ...lasting], /code/],
    [['deny', 'add', '--client', '192.0.2.0/24', '--reason', 'x', '--until', 'tomorrow'], /--until: expected/],
    [['deny', 'add', '--client', '192.0.2.0/24', '--reason', 'x', '--until', '2020-01-01'], /a time to come/],
    [['ban', 'add', '192.0.2.0/24', ...lasting], /expected one address/],
    [['hold', 'add', ...lasting], /give --domain or --next-hop/],
    [['deny', 'remove', 'deny-000000'], /there is no deny deny-000000/],
  ]
  for (const [args, says] of wrongs) {
    const ended = await fails(gateway, ...args)
    expect(ended.code, args.join(' ')).toBe(1)
    expect(ended.err).toMatch(says)
  }
  expect(await gateway.ask('deny', 'list')).toEqual([])
})

test('a gateway does not start without its overlays: what they deny would be let in', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: nowhere }))
  await add(gateway, 'ban', 'add', '127.0.0.9')
  gateway.signal('SIGKILL')
  await gateway.ended
  const file = join(gateway.stateDir, 'overlays.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"ban"', '"allow"'))
  const start = await mailgw(['serve', '--state-dir', gateway.stateDir])
  expect(start.code).toBe(1)
  expect(start.err).toContain('overlays.json cannot be read')
})
