import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { TrialAnswer } from '../../src/admin/protocol.ts'
import { activated, call, socketOf } from '../support/admin.ts'
import { startGateway, until } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { freePort, path, peers } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient } from './client.ts'
import { site } from './site.ts'

const compiler = peers('cc')
const source = peers('smtp-source')

test.skipIf(!compiler)(
  'a gate that trips under load goes back at once, and nothing that was accepted is lost',
  async () => {
    const sink = await startSink()
    const [port, nowhere] = [await freePort(), await freePort()]
    const routed = (to: number) => site({ port, localMx: { '*': `127.0.0.1:${to}` } })
    const gateway = await startGateway(routed(sink.port))
    const { graph } = await gateway.status()
    const load = startLoad({ port, sessions: 8, perSecond: 400, name: 'gate' })
    await until('mail flows', async () => (await sink.counts()).unique > 100)
    const gates = { rejectRate: null, deferRate: 0.05, failureRate: null, minMessages: 50 }
    await activated(gateway, routed(nowhere), { confirmWithinMs: 600_000, gates })
    const line = await gateway.logged('trial.rolled-back')
    expect(line).toMatchObject({ graph, cause: 'gate' })
    expect(line['reason']).toMatch(/^defer rate .* deliveries\)$/)
    await until('mail flows again', async () => load.acknowledged.size > 800)
    await load.stop()
    await until('all has arrived', async () => (await sink.counts()).unique >= load.acknowledged.size)
    expect(load.totals).toMatchObject({ dropped: 0, refused: 0 })
    expect((await sink.counts()).duplicates).toBe(0)
  },
)

test.skipIf(!source)(
  'a shadow under the load of smtp-source agrees a thousand times, and then finds the one difference',
  async () => {
    const port = await freePort()
    const document = (more: object = {}) => site({ port, localMx: { '*': 'discard' }, ...more })
    const gateway = await startGateway(document())
    const { graph } = await gateway.status()
    const deny = [{ when: { sender: 'odd@src.test' }, then: { reject: { code: 550, text: '5.7.1 no' } } }]
    await activated(gateway, document({ deny }), { confirmWithinMs: 600_000, shadow: true }, { boxes: [] })
    const send = async (from: string, count: number) => {
      const args = ['-m', String(count), '-s', '5', '-f', from, '-t', 'b@dst.test', '-l', '1000', `127.0.0.1:${port}`]
      const child = spawn('smtp-source', args, { env: { PATH: path }, stdio: 'ignore' })
      return await new Promise((resolve) => child.once('exit', resolve))
    }
    await send('even@src.test', 500)
    const { running } = (await call<TrialAnswer>(socketOf(gateway), 'GET', '/v1/trial')).body
    expect(running?.counts).toMatchObject({ decisions: 500, refused: 0, compared: 500, outsideBoxes: 0 })
    await send('odd@src.test', 1)
    const line = await gateway.logged('trial.rolled-back')
    expect(line).toMatchObject({ graph, cause: 'defect', compared: 501 })
    expect(line['reason']).toContain('from odd@src.test to anybody')
  },
)

test('a port that somebody took during the trial holds up nothing else, and is bound when it is free', async () => {
  const [one, two] = [await freePort(), await freePort()]
  const kind = 'internal'
  const both = { inside: { kind, bind: `127.0.0.1:${one}` }, second: { kind, bind: `127.0.0.1:${two}` } }
  const gateway = await startGateway(site({ port: one, localMx: { '*': 'hold' }, listeners: both }))
  const { graph } = await gateway.status()
  await activated(gateway, site({ port: one, localMx: { '*': 'hold' } }), { confirmWithinMs: 600_000 })
  const taker = createServer()
  await new Promise<void>((resolve) => taker.listen(two, '127.0.0.1', resolve))
  onTestFinished(() => void taker.close())
  await call(socketOf(gateway), 'POST', '/v1/rollback', { to: null, reason: 'x' })
  expect((await gateway.status()).graph).toBe(graph)
  await openClient(one)
  expect(await gateway.logged('rollback.socket-closed')).toMatchObject({ level: 'error', socket: 'second' })
  await new Promise((resolve) => taker.close(resolve))
  await gateway.logged('rollback.sockets-open')
  await openClient(two)
})
