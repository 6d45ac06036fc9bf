import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compare, deliveries, settled } from '../../bench/support/pairs.js'
import { mailgw, type Running, startGateway, until } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { accepts, freePort, peers, tempFolder } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient, queuedId } from './client.ts'
import { maildir, received, site } from './site.ts'

/** A session that is in the middle of its data. */
async function inData(port: number, to: string) {
  const client = await openClient(port)
  const replies = await client.replies(3, 'MAIL FROM:<a@src.test>', `RCPT TO:<${to}>`, 'DATA')
  expect(replies.at(-1)).toMatch(/^354/)
  client.write('Subject: begun\r\n\r\nhalf')
  return client
}

/** A start after another in the same folder, with the graph that was active. */
const again = (gateway: Running) => startGateway('', { folder: gateway.folder, source: [] })

test('SIGTERM lets a running transaction end, takes no new session, and ends with 0', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: {} }))
  const client = await inData(port, 'ann@here.test')
  gateway.signal('SIGTERM')
  await until('no new session is taken', async () => !(await accepts(port)))
  const last = await client.say(' a message', '.')
  expect(last).toMatch(/^250/)
  await client.closed
  expect(await gateway.ended).toBe(0)
  expect(existsSync(join(gateway.stateDir, 'admin.sock'))).toBe(false)

  // Accepted is accepted: delivered before the end, or after the next start.
  const next = await again(gateway)
  expect((await received(next.stateDir, 'ann@here.test')).join()).toContain('half a message')
  expect(queuedId(last)).not.toBe('')
})

test('a second SIGTERM cuts what runs; nothing of a half message is delivered', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: {} }))
  const client = await inData(port, 'ann@here.test')
  gateway.signal('SIGTERM')
  await until('no new session is taken', async () => !(await accepts(port)))
  gateway.signal('SIGTERM')
  await client.closed
  expect(await gateway.ended).toBe(0)
  const next = await again(gateway)
  expect(await next.queue()).toEqual([])
  expect(maildir(next.stateDir, 'ann@here.test')).toEqual([])
})

test('mailgw stop drains, and returns when the gateway is gone', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: {} }))
  const stopped = await mailgw(['stop', '--state-dir', gateway.stateDir])
  expect(stopped).toMatchObject({ code: 0 })
  expect(await gateway.ended).toBe(0)
  const nobody = await mailgw(['status', '--state-dir', gateway.stateDir])
  expect(nobody.code).toBe(1)
  expect(nobody.err).toMatch(/no gateway is running there/)
})

test('a second gateway on the same state folder refuses to start', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: {} }))
  const second = await mailgw([
    'serve',
    '--config',
    join(gateway.folder, 'mailgw.config.json'),
    '--state-dir',
    gateway.stateDir,
  ])
  expect(second.code).toBe(1)
  expect(second.err).toMatch(/^mailgw: /)
  await openClient(port)
})

test.skipIf(!peers('cc'))(
  'kill -9 under load loses nothing that was acknowledged',
  async () => {
    const pairs = join(tempFolder(), 'pairs')
    const sink = await startSink('--pairs', pairs)
    const port = await freePort()
    let gateway = await startGateway(site({ port, localMx: { '*': `127.0.0.1:${sink.port}` } }))
    const load = startLoad({ port, sessions: 10, name: 'kill' })
    for (let kill = 0; kill < 3; kill++) {
      const before = load.acknowledged.size
      await until('mail flows', () => load.acknowledged.size > before + 100)
      gateway.signal('SIGKILL')
      await gateway.ended
      gateway = await again(gateway)
    }
    await load.stop()
    await settled(sink, load.acknowledged.size, 10_000)
    await until('nothing is queued', async () => (await gateway.queue()).length === 0)
    await sink.stop()
    const outcome = compare(load, deliveries(pairs))
    expect(outcome).toMatchObject({ lost: 0 })
    expect(outcome.acknowledged).toBeGreaterThan(300)
  },
  60_000,
)
