import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, peers } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient, sendMessage } from './client.ts'
import { site } from './site.ts'

const compiler = peers('cc')

test.skipIf(!compiler)(
  'a next hop that refuses connections holds up nobody else, and gets its mail when it is back',
  async () => {
    const alive = await startSink()
    const [port, dead] = [await freePort(), await freePort()]
    const gateway = await startGateway(
      site({ port, localMx: { 'alive.test': `127.0.0.1:${alive.port}`, 'dead.test': `127.0.0.1:${dead}` } }),
    )
    const client = await openClient(port)
    for (let i = 0; i < 50; i++) {
      for (const domain of ['dead.test', 'alive.test']) {
        await sendMessage(client, 'a@src.test', `b@${domain}`, `Message-Id: <${i}@${domain}>\r\n\r\nx\r\n`)
      }
    }
    await until('the living one has all of its mail', async () => (await alive.counts()).unique === 50)
    const waiting = await gateway.queue()
    expect(waiting).toHaveLength(50)
    expect(waiting.every((row) => row.recipient === 'b@dead.test' && row.state !== 'held')).toBe(true)

    const back = await startSink('--port', dead)
    await until('the one that was dead has all of its mail', async () => (await back.counts()).unique === 50)
    await until('nothing is queued', async () => (await gateway.queue()).length === 0)
    expect((await back.counts()).duplicates + (await alive.counts()).duplicates).toBe(0)
  },
)

test.skipIf(!compiler)('a next hop that connects and then says nothing holds up nobody else', async () => {
  const alive = await startSink()
  let connections = 0
  const silent = createServer(() => connections++)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port: mute } = silent.address() as { port: number }
  const port = await freePort()
  await startGateway(
    site({ port, localMx: { 'alive.test': `127.0.0.1:${alive.port}`, 'mute.test': `127.0.0.1:${mute}` } }),
  )
  const client = await openClient(port)
  for (let i = 0; i < 40; i++) {
    await sendMessage(client, 'a@src.test', 'b@mute.test')
    await sendMessage(client, 'a@src.test', 'b@alive.test', `Message-Id: <${i}@alive>\r\n\r\nx\r\n`)
  }
  await until('the living one has all of its mail', async () => (await alive.counts()).unique === 40)
  expect(connections).toBeGreaterThan(0)
})

test.skipIf(!compiler)('queue retry tries at once what waits for an hour', async () => {
  const [port, target] = [await freePort(), await freePort()]
  const gateway = await startGateway(
    site({ port, localMx: { '*': `127.0.0.1:${target}` }, retry: { schedule: ['1h'], expireAfter: '2d' } }),
  )
  const id = await sendMessage(await openClient(port), 'a@src.test', 'b@dst.test')
  await gateway.logged('next-hop.down')
  const [row] = await gateway.queue()
  expect(row).toMatchObject({ id, state: 'waiting', sender: 'a@src.test', recipient: 'b@dst.test' })
  expect(row!.why).toContain('connection refused')
  expect(row!.dueAt! - Date.now()).toBeGreaterThan(50 * 60_000)

  const sink = await startSink('--port', target)
  expect(await gateway.ask('queue', 'retry', id)).toMatchObject({ messages: 1, recipients: 1 })
  await until('it has arrived', async () => (await sink.counts()).unique === 1)
  await until('nothing is queued', async () => (await gateway.queue()).length === 0)
})

test.skipIf(!compiler)('the second host of a relay gets the mail while the first one is down', async () => {
  const second = await startSink()
  const [port, first] = [await freePort(), await freePort()]
  const relays = { pair: { hosts: [`127.0.0.1:${first}`, `127.0.0.1:${second.port}`], tls: 'off' } }
  const gateway = await startGateway(site({ port, relays, localMx: { '*': 'relay:pair' } }))
  const client = await openClient(port)
  for (let i = 0; i < 10; i++)
    await sendMessage(client, 'a@src.test', 'b@dst.test', `Message-Id: <${i}@x>\r\n\r\nx\r\n`)
  await until('the second has all', async () => (await second.counts()).unique === 10)
  await until('nothing is queued', async () => (await gateway.queue()).length === 0)
})
