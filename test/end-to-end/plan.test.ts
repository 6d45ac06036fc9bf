import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Plan } from '../../src/cli/plan/plan.ts'
import { mailgw, startGateway, until, writeDocument } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { site } from './site.ts'

const body = (id: string) => `Message-Id: <${id}@x>\r\n\r\nx\r\n`

test('a plan against the running gateway counts what waits and what came, and changes nothing', async () => {
  const port = await freePort()
  // Nobody listens there, so that all of it waits.
  const [dead, other] = [await freePort(), await freePort()]
  const routes = (lab: number) =>
    site({ port, localMx: { 'lab.test': `127.0.0.1:${lab}`, '*': `127.0.0.1:${dead}` }, retry: { schedule: ['1h'] } })
  const gateway = await startGateway(routes(dead))
  const client = await openClient(port)
  await sendMessage(client, 'a@src.test', 'one@lab.test', body('one'))
  await sendMessage(client, 'a@src.test', 'two@lab.test', body('two'))
  await sendMessage(client, 'a@src.test', 'three@dst.test', body('three'))
  await sendMessage(client, 'a@src.test', 'ann@here.test', body('four'))
  await until('three wait', async () => (await gateway.queue()).length === 3)
  const { graph } = await gateway.status()

  const config = writeDocument(gateway.folder, routes(other))
  const ask = (...more: readonly string[]) =>
    mailgw(['plan', '--config', config, '--state-dir', gateway.stateDir, ...more])

  await until('all four were written down', async () => {
    const { out } = await ask('--json', '--replay', '1h')
    return (JSON.parse(out) as Plan).replay?.records === 4
  })
  const { code, out, err } = await ask('--json', '--replay', '1h')
  expect(code, err).toBe(2)
  const plan = JSON.parse(out) as Plan
  expect(plan.base).toMatchObject({ kind: 'running', name: 'running', hash: graph })
  expect(plan.changeSet.changes.map(({ kind }) => kind)).toEqual(['rerouted'])
  expect(plan.queue).toMatchObject({
    recipients: 3,
    complete: true,
    moves: [{ from: `127.0.0.1:${dead}`, to: `127.0.0.1:${other}`, recipients: 2 }],
  })
  expect(plan.replay).toMatchObject({
    source: 'the last 1h',
    records: 4,
    changes: [{ records: 2, clients: 1 }],
    outside: { records: 0 },
  })

  const text = (await ask('--replay', '1h')).out
  expect(text).toContain(`queue      2 of 3 queued recipients would go elsewhere at the next attempt`)
  expect(text).toContain('traffic    2 of the 4 messages of the last 1h are in it (50.0 %), from 1 client')
  expect(text).toContain('from what the gateway runs now')
  expect((await gateway.status()).graph).toBe(graph)
  expect(await gateway.queue()).toHaveLength(3)

  // A restriction of the moment stands beside the graph, before and after.
  const denied = await gateway.ask<{ id: string }>(
    'deny',
    'add',
    '--client',
    '192.0.2.0/24',
    '--for',
    '2h',
    '--reason',
    'a flood',
  )
  expect((await ask()).out).toContain(`${denied.id}: refuses client 192.0.2.0/24 with 554, until `)

  // The same envelopes from a file, one of them cut off by a crash.
  const folder = join(gateway.stateDir, 'envelopes')
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('')
  const file = join(gateway.folder, 'week.ndjson')
  writeFileSync(file, `${lines}{"time":1790000000000,"listener":"in`)
  const again = JSON.parse((await ask('--json', '--replay-file', file)).out) as Plan
  expect(again.replay).toMatchObject({
    source: file,
    records: 5,
    changes: [{ records: 2 }],
    unknown: { unreadable: 1 },
  })
}, 60_000)

test('what --replay cannot read is said in one line', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': 'mx' } }))
  const config = join(gateway.folder, 'mailgw.config.json')
  const ask = (...more: readonly string[]) =>
    mailgw(['plan', '--config', config, '--state-dir', gateway.stateDir, ...more])
  expect((await ask('--replay', 'week')).err).toContain("--replay: expected a time with its unit, such as '30s'")
  expect((await ask('--replay-file', 'nowhere.ndjson')).err).toContain('--replay-file: the envelopes cannot be read')
  const both = await ask('--replay', '7d', '--replay-file', 'x')
  expect([both.code, both.err]).toEqual([1, expect.stringContaining('give --replay or --replay-file, not both')])
  expect((await ask()).code).toBe(0)
})
