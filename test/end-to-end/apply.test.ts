import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { mailgw, startGateway, until } from '../support/gateway.ts'
import { accepts, freePort, peers } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

const compiler = peers('cc')

test.skipIf(!compiler)('apply routes the next message of an open session anew', async () => {
  const [old, fresh] = [await startSink(), await startSink()]
  const port = await freePort()
  const routed = (to: number) => site({ port, localMx: { '*': `127.0.0.1:${to}` } })
  const gateway = await startGateway(routed(old.port))
  const before = await gateway.status()
  const client = await openClient(port)

  await sendMessage(client, 'a@src.test', 'b@dst.test', 'Message-Id: <one@x>\r\n\r\nx\r\n')
  await until('the old one has it', async () => (await old.counts()).unique === 1)
  const applied = await gateway.apply(routed(fresh.port))
  expect(applied, applied.err).toMatchObject({ code: 0 })
  expect(JSON.parse(applied.out)).toMatchObject({
    kind: 'active',
    previous: before.graph,
    listeners: { kept: ['inside'], opened: [], closed: [] },
  })
  await sendMessage(client, 'a@src.test', 'b@dst.test', 'Message-Id: <two@x>\r\n\r\nx\r\n')
  await until('the new one has it', async () => (await fresh.counts()).unique === 1)

  expect((await old.counts()).unique).toBe(1)
  const after = await gateway.status()
  expect(after.pid).toBe(before.pid)
  expect(after.graph).toBe(JSON.parse(applied.out).hash)
  expect(after.graph).not.toBe(before.graph)
})

test('a transaction ends under the graph that it began with', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: {} }))
  const client = await openClient(port)
  expect(await client.say('MAIL FROM:<a@src.test>')).toMatch(/^250/)
  const deny = [{ when: { recipient: 'ann@here.test' }, then: { reject: { code: 550, text: '5.1.2 closed' } } }]
  const applied = await gateway.apply(site({ port, localMx: {}, deny }))
  expect(applied, applied.err).toMatchObject({ code: 0 })

  expect(await client.say('RCPT TO:<ann@here.test>')).toMatch(/^250/)
  expect(await client.say('DATA')).toMatch(/^354/)
  expect(await client.say('Subject: pinned', '', 'x', '.')).toMatch(/^250/)
  expect(await client.say('MAIL FROM:<a@src.test>')).toMatch(/^250/)
  expect(await client.say('RCPT TO:<ann@here.test>')).toBe('550 5.1.2 closed')
})

test.skipIf(!compiler)('a document that does not compile changes nothing', async () => {
  const sink = await startSink()
  const port = await freePort()
  const good = site({ port, localMx: { '*': `127.0.0.1:${sink.port}` } })
  const gateway = await startGateway(good)
  const { graph } = await gateway.status()
  const refused = await gateway.apply(site({ port, localMx: { '*': 'relay:nowhere' } }))
  expect(refused.code).toBe(1)
  expect(refused.err + refused.out).toMatch(/nowhere/)
  expect((await gateway.status()).graph).toBe(graph)
  await sendMessage(await openClient(port), 'a@src.test', 'b@dst.test')
  await until('it has arrived', async () => (await sink.counts()).unique === 1)
})

test('a graph whose socket is taken is refused by the gateway, and the old one serves', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void taken.close())
  const { port: occupied } = taken.address() as { port: number }
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: {} }))
  const { graph } = await gateway.status()
  const listeners = {
    inside: { kind: 'internal', bind: `127.0.0.1:${port}` },
    second: { kind: 'internal', bind: `127.0.0.1:${occupied}` },
  }
  const refused = await gateway.apply(site({ port, localMx: {}, listeners }))
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.out === '' ? '{}' : refused.out)).toMatchObject({ kind: 'refused', active: graph })
  expect(JSON.parse(refused.out).error).toContain(String(occupied))
  expect((await gateway.status()).graph).toBe(graph)
  await openClient(port)
})

test('apply opens new listeners, closes those that are gone, and leaves the others alone', async () => {
  const [port, other] = [await freePort(), await freePort()]
  const listeners = {
    inside: { kind: 'internal', bind: `127.0.0.1:${port}`, maxSize: '50MiB' },
    second: { kind: 'internal', bind: `127.0.0.1:${other}` },
  }
  const gateway = await startGateway(site({ port, localMx: {} }))
  const client = await openClient(port)
  const opened = await gateway.apply(site({ port, localMx: {}, listeners }))
  expect(JSON.parse(opened.out)).toMatchObject({ listeners: { kept: ['inside'], opened: ['second'], closed: [] } })
  await sendMessage(await openClient(other), 'a@src.test', 'ann@here.test')

  const closed = await gateway.apply(site({ port, localMx: {} }))
  expect(JSON.parse(closed.out)).toMatchObject({ listeners: { kept: ['inside'], opened: [], closed: ['second'] } })
  expect(await accepts(other)).toBe(false)
  await sendMessage(client, 'a@src.test', 'ann@here.test')
  expect(await received(gateway.stateDir, 'ann@here.test', 2)).toHaveLength(2)
})

test('apply with a base that is not active any more changes nothing and ends with 2', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: {} }))
  const { graph } = await gateway.status()
  const base = `${graph.slice(0, -4)}0000`
  const moved = await mailgw([
    'apply',
    '--config',
    `${gateway.folder}/mailgw.config.json`,
    '--state-dir',
    gateway.stateDir,
    '--base',
    base,
    '--json',
  ])
  expect(moved.code).toBe(2)
  expect(JSON.parse(moved.out)).toEqual({ kind: 'base-moved', active: graph, expected: base })
})

test('what was applied is what the next start serves', async () => {
  const [port, second] = [await freePort(), await freePort()]
  const gateway = await startGateway(site({ port, localMx: {} }))
  const applied = await gateway.apply(site({ port: second, localMx: {} }))
  expect(applied, applied.err).toMatchObject({ code: 0 })
  gateway.signal('SIGKILL')
  await gateway.ended
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  expect((await next.status()).graph).toBe(JSON.parse(applied.out).hash)
  await openClient(second)
})
