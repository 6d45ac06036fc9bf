import { mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import type { ExplainedId } from '../../src/cli/explain/message.ts'
import type { Compared } from '../../src/cli/explain/parting.ts'
import { mailgw, startGateway, until, writeDocument } from '../support/gateway.ts'
import { freePort, tempFolder } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

test('a queued message says why it is here, what was tried, and where it goes by both graphs', async () => {
  const [port, dead] = [await freePort(), await freePort()]
  const gateway = await startGateway(
    site({ port, localMx: { '*': `127.0.0.1:${dead}` }, retry: { schedule: ['10m'], expireAfter: '1h' } }),
  )
  const { graph } = await gateway.status()
  const id = await sendMessage(await openClient(port), 'a@src.test', ['x@dst.test', 'ann@here.test'])
  await received(gateway.stateDir, 'ann@here.test')
  await until('it was tried', async () => (await gateway.queue()).some(({ why }) => why !== null))

  const proposed = tempFolder()
  const config = writeDocument(
    proposed,
    site({ port, localMx: { 'dst.test': { hold: 'merger' }, '*': `127.0.0.1:${dead}` } }),
  )
  const known = await gateway.ask<ExplainedId>('explain', id, '--config', config)
  expect(known.decisions).toMatchObject([
    { to: 'x@dst.test', graph, verdict: 'accepted', client: '127.0.0.1' },
    { to: 'ann@here.test' },
  ])
  expect(known.queued?.recipients).toMatchObject([
    { recipient: 'x@dst.test', state: 'waiting' },
    { recipient: 'ann@here.test', state: 'delivered' },
  ])
  expect(known.next).toMatchObject([
    {
      recipient: 'x@dst.test',
      ways: [
        { by: 'running', graph, says: `127.0.0.1:${dead}`, at: 'localMx["*"]', file: 'mailgw.config.json' },
        { by: 'mailgw.config.json', says: 'held: merger', at: 'localMx["dst.test"]' },
      ],
    },
  ])
  const { out } = await mailgw(['explain', id, '--config', config, '--state-dir', gateway.stateDir])
  expect(out).toContain(`graph ${graph}`)
  expect(out).toMatch(/ {2}x@dst\.test: waiting, \d attempts/)
  expect(out).toMatch(/ECONNREFUSED|refused/)
  expect(out).toMatch(/x@dst\.test, running: 127\.0\.0\.1:\d+, by localMx\["\*"\] mailgw\.config\.json:\d+:\d+/)

  await gateway.ask('hold', 'add', '--domain', 'dst.test', '--for', '1h', '--reason', 'drill', '--owner', 'ann')
  const held = await mailgw(['explain', id, '--state-dir', gateway.stateDir])
  expect(held.out).toMatch(/held by hold-\w{6}: drill \(ann\)/)
  expect(held.out).toMatch(/running, with 1 overlays: held: hold-\w{6}: drill, by overlay hold-/)
  const unknown = await mailgw(['explain', '0000000000000', '--state-dir', gateway.stateDir])
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('nothing is known of a message') })
})

test('a delivered message is explained by what was logged of it', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': 'hold' } }))
  const id = await sendMessage(await openClient(port), 'a@src.test', 'ann@here.test')
  await received(gateway.stateDir, 'ann@here.test')
  await until('nothing waits', async () => (await gateway.queue()).length === 0)
  const { out, code } = await mailgw(['explain', id, '--state-dir', gateway.stateDir])
  expect(code).toBe(0)
  expect(out).toContain('ann@here.test from a@src.test: client 127.0.0.1 at inside')
  expect(out).toContain('it is not in the queue any more')
})

test('the running graph is explained with its overlays, and beside a proposed one it says where they part', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': 'hold' } }))
  const config = writeDocument(
    tempFolder(),
    site({ port, localMx: { '*': { reject: { code: 550, text: '5.1.2 no' } } } }),
  )
  const message = ['--from', 'a@src.test', '--to', 'x@dst.test']
  const compared = await gateway.ask<Compared>('explain', '--config', config, '--base', 'running', ...message)
  expect(compared.parting).toMatchObject({
    under: [],
    base: { stage: 'route', recipient: 'x@dst.test', says: expect.stringContaining('held'), at: 'localMx["*"]' },
    next: { stage: 'route', says: 'refused 550 5.1.2 no' },
  })
  const same = await mailgw(['explain', '--running', '--base', 'running', ...message, '--state-dir', gateway.stateDir])
  expect(same.out).toContain('the same happens to it')

  await gateway.ask('deny', 'add', '--sender', 'src.test', '--for', '1h', '--reason', 'drill')
  const { out } = await mailgw(['explain', '--running', ...message, '--state-dir', gateway.stateDir])
  expect(out).toMatch(/=> refused at mail: 550 5\.7\.1 refused for now .*\(deny-\w{6}\)/)
  expect(out).toMatch(/by overlay deny-\w{6}/)
})

test('--follow goes through the gateways that are known, ends at the first foreign host, and names a loop', async () => {
  const folder = tempFolder()
  const document = (name: string, at: string, localMx: object, more: object = {}): string => {
    mkdirSync(join(folder, name))
    return writeDocument(join(folder, name), {
      ...site({ port: 2525, localMx }),
      hostname: `${name}.test`,
      listeners: { inside: { kind: 'internal', bind: at } },
      ...more,
    })
  }
  const hub = document(
    'hub',
    '127.0.0.1:2501',
    { 'loop.test': '127.0.0.2:2502', '*': 'relay:edge' },
    { relays: { edge: { hosts: ['edge.test:2502'], tls: 'off' } } },
  )
  const edge = document('edge', '127.0.0.2:2502', { 'loop.test': 'hub.test:2501', '*': 'mail.isp.example' })
  const follow = (...args: readonly string[]) =>
    mailgw(['explain', '--config', hub, '--follow', '--with', edge, '--from', 'a@src.test', ...args])

  const away = await follow('--to', 'x@far.example')
  expect(away.out).toBe(
    [
      'mailgw.config.json, listener inside: from 127.0.0.1, to x@far.example',
      '  x@far.example relay edge',
      `  ${relative('.', edge)}, listener inside: from 127.0.0.1, to x@far.example`,
      '    x@far.example to mail.isp.example:25',
      '    => mail.isp.example:25 is no gateway that is known here',
      '',
    ].join('\n'),
  )
  const loop = await follow('--to', 'x@loop.test')
  expect(loop.out).toMatch(
    /=> hub\.test:2501 is mailgw\.config\.json again: a loop, mailgw\.config\.json -> .* -> mailgw\.config\.json/,
  )
  const stranger = await follow('--to', 'x@far.example', '--from-address', '192.0.2.1')
  expect(stranger.out).toMatch(/from 192\.0\.2\.1, to x@far\.example\n {4}=> refused at rcpt: 5/)
  const nobody = await mailgw(['explain', '--config', hub, '--follow', '--with', edge])
  expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('--to') })
})
