import { existsSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newToken } from '../../src/admin/access.ts'
import type { Activated, Prepared, StatusAnswer, TrialAnswer } from '../../src/admin/protocol.ts'
import { activated, activateOf, call, journalOf, prepareOf, socketOf, upload } from '../support/admin.ts'
import { type Running, startGateway, until } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

const get = async <Body>(gateway: Running, path: string): Promise<Body> =>
  (await call<Body>(socketOf(gateway), 'GET', path)).body
const post = (gateway: Running, path: string, body: unknown) => call(socketOf(gateway), 'POST', path, body)
const graphOf = async (gateway: Running) => (await get<StatusAnswer>(gateway, '/v1/status')).graph

const closed = [{ when: { recipient: 'ann@here.test' }, then: { reject: { code: 550, text: '5.1.2 closed' } } }]

async function started(sections: object = {}) {
  const port = await freePort()
  const before = site({ port, localMx: { '*': 'hold' }, ...sections })
  const gateway = await startGateway(before)
  return {
    port,
    gateway,
    before,
    graph: await graphOf(gateway),
    denied: site({ port, localMx: { '*': 'hold' }, deny: closed }),
  }
}

test('what is not confirmed in time goes back by itself, within two seconds, and touches no socket', async () => {
  const { gateway, port, graph, denied } = await started()
  const client = await openClient(port)
  const { hash, confirmBy } = await activated(gateway, denied, { confirmWithinMs: 1500 })
  expect(await graphOf(gateway)).toBe(hash)
  expect(await client.say('MAIL FROM:<a@src.test>')).toMatch(/^250/)
  expect(await client.say('RCPT TO:<ann@here.test>')).toBe('550 5.1.2 closed')
  expect(await client.say('RSET')).toMatch(/^250/)

  const line = await gateway.logged('trial.rolled-back')
  const lateMs = Date.parse(line.time) - confirmBy!
  expect(lateMs).toBeGreaterThanOrEqual(-50)
  expect(lateMs).toBeLessThan(2000)
  expect(line).toMatchObject({ graph, from: hash, cause: 'deadline' })
  expect(await graphOf(gateway)).toBe(graph)
  // The session of before is still there.
  await sendMessage(client, 'a@src.test', 'ann@here.test')
  const { entries, broken } = await journalOf(gateway)
  expect(broken).toBe(null)
  expect(entries.map(({ action }) => action)).toEqual(['start', 'prepare', 'activate', 'rollback'])
  expect(entries.at(-1)).toMatchObject({
    actor: 'gateway',
    from: hash,
    to: graph,
    reason: 'not confirmed within 1.5 s',
  })
  expect(existsSync(join(gateway.stateDir, 'graphs/trial'))).toBe(false)
})

test('what is confirmed stays, also after the deadline and a restart', async () => {
  const { gateway, denied } = await started()
  const { hash } = await activated(gateway, denied, { confirmWithinMs: 700 })
  expect(await post(gateway, '/v1/confirm', { hash })).toEqual({ status: 200, body: { hash } })
  expect(await get<StatusAnswer>(gateway, '/v1/status')).toMatchObject({ graph: hash, pending: { kind: 'none' } })
  const begun = Date.now()
  await until('the deadline has passed', () => Date.now() > begun + 1000)
  expect(await graphOf(gateway)).toBe(hash)
  // Again, for a coordinator whose answer was lost.
  expect((await post(gateway, '/v1/confirm', { hash })).status).toBe(200)
  gateway.signal('SIGKILL')
  await gateway.ended
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  expect(await graphOf(next)).toBe(hash)
})

test('kill -9 during a trial comes back to the graph before, also by the document of the trial', async () => {
  const { gateway, port, graph, denied } = await started()
  const { hash } = await activated(gateway, denied, { confirmWithinMs: 3_600_000 })
  gateway.signal('SIGKILL')
  await gateway.ended
  // The document in the folder is the one of the trial.
  const next = await startGateway(denied, { folder: gateway.folder })
  expect(await graphOf(next)).toBe(graph)
  expect(await get<StatusAnswer>(next, '/v1/status')).toMatchObject({ pending: { kind: 'none' } })
  await sendMessage(await openClient(port), 'a@src.test', 'ann@here.test')
  const { entries, broken } = await journalOf(next)
  expect(broken).toBe(null)
  expect(entries.slice(-2)).toMatchObject([
    { action: 'start', to: graph },
    { action: 'rollback', actor: 'gateway', from: hash, to: graph, reason: 'the gateway ended during the trial' },
  ])
})

test('SIGTERM during a trial is no confirmation either', async () => {
  const { gateway, graph, denied } = await started()
  await activated(gateway, denied, { confirmWithinMs: 3_600_000 })
  gateway.signal('SIGTERM')
  expect(await gateway.ended).toBe(0)
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  expect(await graphOf(next)).toBe(graph)
  expect((await journalOf(next)).entries.map(({ action }) => action).slice(-3)).toEqual(['stop', 'start', 'rollback'])
})

test('a listener that the trial closed is open again afterwards, and one that it opened is closed', async () => {
  const [one, two, three] = [await freePort(), await freePort(), await freePort()]
  const kind = 'internal'
  const listeners = (second: number) => ({
    inside: { kind, bind: `127.0.0.1:${one}` },
    second: { kind, bind: `127.0.0.1:${second}` },
  })
  const gateway = await startGateway(site({ port: one, localMx: { '*': 'hold' }, listeners: listeners(two) }))
  const graph = await graphOf(gateway)
  await activated(gateway, site({ port: one, localMx: { '*': 'hold' }, listeners: listeners(three) }), {
    confirmWithinMs: 60_000,
  })
  await openClient(three)
  await expect(openClient(two)).rejects.toThrow()
  const back = await post(gateway, '/v1/rollback', { to: null, reason: 'I do not like it' })
  expect(back).toMatchObject({ status: 200, body: { hash: graph } })
  await openClient(two)
  await expect(openClient(three)).rejects.toThrow()
  expect((await get<TrialAnswer>(gateway, '/v1/trial')).last).toMatchObject({
    result: 'rolled back',
    reason: 'I do not like it',
    cause: null,
  })
})

test('a gate that trips under load rolls back at once and says why', async () => {
  const { gateway, port, graph, denied } = await started()
  const gates = { rejectRate: 0.2, deferRate: null, failureRate: null, minMessages: 20 }
  const { hash } = await activated(gateway, denied, { confirmWithinMs: 600_000, gates })
  const client = await openClient(port)
  for (let i = 0; i < 40; i++) {
    await client.say('MAIL FROM:<a@src.test>')
    await client.say(`RCPT TO:<${i % 3 === 0 ? 'ann' : 'bob'}@here.test>`)
    await client.say('RSET')
  }
  const line = await gateway.logged('trial.rolled-back')
  expect(line).toMatchObject({
    graph,
    from: hash,
    cause: 'gate',
    reason: 'reject rate 35 % is over 20 % (7 of 20 decisions)',
  })
  expect(await graphOf(gateway)).toBe(graph)
  const [entry] = (await journalOf(gateway)).entries.slice(-1)
  expect(entry).toMatchObject({ action: 'rollback', reason: line['reason'], gates })
})

test('deliveries that fail trip their gate', async () => {
  const [nowhere] = [await freePort()]
  const { gateway, port, graph } = await started()
  const gates = { rejectRate: null, deferRate: 0.5, failureRate: null, minMessages: 5 }
  const dead = site({ port, localMx: { '*': 'hold', 'there.test': `127.0.0.1:${nowhere}` } })
  await activated(gateway, dead, { confirmWithinMs: 600_000, gates })
  const client = await openClient(port)
  for (let i = 0; i < 8; i++) await sendMessage(client, 'a@src.test', `u${i}@there.test`)
  const line = await gateway.logged('trial.rolled-back')
  expect(line['reason']).toMatch(/^defer rate 100 % is over 50 % \(\d+ of \d+ deliveries\)$/)
  expect(await graphOf(gateway)).toBe(graph)
})

const box = (recipient: string) => ({
  listeners: null,
  clients: null,
  senders: null,
  recipients: [{ pattern: recipient, except: [] }],
  sizes: null,
  hops: null,
  oracles: {},
})

test('a decision that changed inside of the reviewed boxes is counted, one outside rolls back with the message', async () => {
  const { gateway, port, graph, denied } = await started()
  const request = { confirmWithinMs: 600_000, shadow: true }
  const { hash } = await activated(gateway, denied, request, { boxes: [box('bob@here.test'), box('ann@here.test')] })
  const client = await openClient(port)
  const rcpt = async (to: string) => {
    await client.say('MAIL FROM:<a@src.test>')
    const reply = await client.say(`RCPT TO:<${to}>`)
    await client.say('RSET')
    return reply
  }
  expect(await rcpt('ann@here.test')).toBe('550 5.1.2 closed')
  expect(await rcpt('bob@here.test')).toMatch(/^250/)
  expect((await get<TrialAnswer>(gateway, '/v1/trial')).running).toMatchObject({
    hash,
    counts: { decisions: 2, refused: 1, compared: 2, insideBoxes: [0, 1], outsideBoxes: 0 },
  })
  expect((await post(gateway, '/v1/rollback', { to: null, reason: 'once more' })).status).toBe(200)

  await activated(gateway, denied, request, { boxes: [box('bob@here.test')] })
  expect(await rcpt('ann@here.test')).toBe('550 5.1.2 closed')
  await gateway.logged('trial.rolled-back', ({ cause }) => cause === 'defect')
  expect(await graphOf(gateway)).toBe(graph)
  expect(await rcpt('ann@here.test')).toMatch(/^250/)
  expect((await journalOf(gateway)).entries.at(-1)).toMatchObject({
    action: 'rollback',
    detail: {
      message: { client: '127.0.0.1', sender: 'a@src.test', recipient: 'ann@here.test' },
      before: { kind: 'accepted' },
      after: { kind: 'refused', code: 550, text: 'closed' },
    },
  })
})

test('with holdQueue nothing is tried where the route differs, until the trial ends', async () => {
  const { gateway, port } = await started()
  const other = site({ port, localMx: { '*': 'hold', 'here.test': { deliver: { dir: 'other' } } } })
  await activated(gateway, other, { confirmWithinMs: 600_000, holdQueue: true })
  await sendMessage(await openClient(port), 'a@src.test', 'ann@here.test')
  const [row] = await until('it is held', async () => {
    const rows = await gateway.queue()
    return rows.length > 0 ? rows : null
  }).then((rows) => rows!)
  expect(row).toMatchObject({ recipient: 'ann@here.test', state: 'held', attempts: 0 })
  expect((await get<TrialAnswer>(gateway, '/v1/trial')).running?.counts.paused).toBe(1)
  await post(gateway, '/v1/rollback', { to: null, reason: 'no' })
  expect(await received(gateway.stateDir, 'ann@here.test')).toHaveLength(1)
})

test('activation needs the base that was prepared for, and its token only once', async () => {
  const { gateway, port, graph, denied } = await started()
  const hash = await upload(gateway, denied)
  const moved = await post(gateway, '/v1/prepare', prepareOf(hash, { base: hash }))
  expect(moved).toMatchObject({ status: 412, body: { active: graph, expected: hash } })
  const { body } = await call<Prepared>(socketOf(gateway), 'POST', '/v1/prepare', prepareOf(hash))
  expect(await get<StatusAnswer>(gateway, '/v1/status')).toMatchObject({ pending: { kind: 'prepared', hash } })
  // Another way to a new base: what was prepared against the old one is over.
  await gateway.apply(site({ port, localMx: { '*': 'discard' } }))
  const late = await post(gateway, '/v1/activate', activateOf(body.token))
  expect(late.status).toBe(422)
  expect(late.body['error']).toMatch(/token/)

  const again = await call<Prepared>(socketOf(gateway), 'POST', '/v1/prepare', prepareOf(hash))
  const first = await call<Activated>(socketOf(gateway), 'POST', '/v1/activate', activateOf(again.body.token))
  expect(first).toMatchObject({ status: 200, body: { hash, confirmBy: null } })
  expect((await post(gateway, '/v1/activate', activateOf(again.body.token))).status).toBe(422)
})

test('a socket that is bound ahead takes nobody before its graph serves', async () => {
  const [port, other, adminPort] = [await freePort(), await freePort(), await freePort()]
  const kind = 'internal'
  const listeners = {
    inside: { kind, bind: [`127.0.0.1:${port}`, `127.0.0.1:${other}`] },
    second: { kind, bind: `127.0.0.2:${other}` },
  }
  const { token, sha256 } = newToken()
  const admin = { bind: `127.0.0.1:${adminPort}`, tokens: { all: { sha256, scopes: ['read'] } } }
  const gateway = await startGateway(site({ port, localMx: { '*': 'hold' } }))
  const hash = await upload(gateway, site({ port, localMx: { '*': 'hold' }, listeners, admin }))
  const { body } = await call<Prepared>(socketOf(gateway), 'POST', '/v1/prepare', prepareOf(hash))
  expect(body.listeners).toEqual({ kept: ['inside'], opened: ['second'], closed: [] })
  const remote = { host: '127.0.0.1', port: adminPort, headers: { authorization: `Bearer ${token}` } }
  for (const host of ['127.0.0.1', '127.0.0.2']) {
    expect(await greeting(host, other)).toBe('421 4.3.2 not open yet, try again later\r\n')
  }
  await expect(call(remote, 'GET', '/v1/status')).rejects.toThrow()
  expect((await post(gateway, '/v1/activate', activateOf(body.token))).status).toBe(200)
  for (const host of ['127.0.0.1', '127.0.0.2']) expect(await greeting(host, other)).toMatch(/^220 /)
  expect((await call(remote, 'GET', '/v1/status')).status).toBe(200)
})

/** The first line that a server says. */
const greeting = (host: string, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ host, port })
    socket.once('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString('latin1'))
    })
  })

test('while a trial runs, nothing else is prepared', async () => {
  const { gateway, port, denied } = await started()
  await activated(gateway, denied, { confirmWithinMs: 600_000 })
  const hash = await upload(gateway, site({ port, localMx: { '*': 'discard' } }))
  const refused = await post(gateway, '/v1/prepare', prepareOf(hash))
  expect(refused.status).toBe(422)
  expect(refused.body['error']).toMatch(/a trial of g1:\w+ runs/)
})

test('a secret that is not there and a witness with another answer each stop a prepare', async () => {
  const { gateway, port, graph, denied } = await started()
  const relay = { hosts: '127.0.0.1:26', tls: 'verify', auth: { user: 'u', pass: { $secret: 'file:/nowhere/pass' } } }
  const secret = site({ port, localMx: { '*': { relay: 'isp' } }, relays: { isp: relay } })
  const noSecret = await post(gateway, '/v1/prepare', prepareOf(await upload(gateway, secret)))
  expect(noSecret.status).toBe(422)
  expect(noSecret.body['error']).toMatch(/relay isp: .*\/nowhere\/pass/)

  const witness = (text: string) => ({
    message: {
      listener: 'inside',
      client: '127.0.0.1',
      sender: 'a@src.test',
      recipient: 'ann@here.test',
      sizeBytes: null,
      hops: null,
    },
    answers: {},
    behaviour: { kind: 'refused' as const, stage: 'rcpt' as const, code: 550, status: '5.1.2', text },
  })
  const hash = await upload(gateway, denied)
  const wrong = await post(gateway, '/v1/prepare', prepareOf(hash, { witnesses: [witness('closed'), witness('open')] }))
  expect(wrong).toMatchObject({ status: 422, body: { witness: 1, got: { kind: 'refused', text: 'closed' } } })
  expect(wrong.body['error']).toContain(
    'planned was "refused 550 5.1.2 open", this gateway says "refused 550 5.1.2 closed"',
  )
  expect((await post(gateway, '/v1/prepare', prepareOf(hash, { witnesses: [witness('closed')] }))).status).toBe(200)
  expect(await graphOf(gateway)).toBe(graph)
  const results = (await journalOf(gateway)).entries.filter(({ action }) => action === 'prepare')
  expect(results.map(({ result }) => result.slice(0, 9))).toEqual(['relay isp', 'witness 1', 'ok'])
})

const nowhere = { ...box('a'), clients: [{ pattern: 'x', except: [] }] }

test('bodies that are not what a call wants get 400 with the place, and too much gets 413', async () => {
  const { gateway } = await started()
  const hash = `g1:${'a'.repeat(52)}`
  const cases: [string, string, unknown, number, RegExp][] = [
    ['POST', '/v1/confirm', { hash: 'x' }, 400, /confirm\.hash: expected a graph hash, got "x"/],
    ['POST', '/v1/confirm', '{', 400, /the body: expected JSON/],
    ['POST', '/v1/confirm', undefined, 400, /the body: expected/],
    ['POST', '/v1/activate', { token: 'x' }, 400, /activate\.confirmWithinMs: expected a value/],
    ['POST', '/v1/activate', activateOf('x', { shadow: true }), 400, /need a trial/],
    ['POST', '/v1/prepare', { ...prepareOf(hash), more: 1 }, 400, /expected only hash, /],
    ['POST', '/v1/prepare', JSON.stringify(prepareOf(hash)).replace('{', '{"__proto__":{},'), 400, /expected only/],
    ['POST', '/v1/prepare', prepareOf(hash), 422, /is not here/],
    ['POST', '/v1/prepare', prepareOf(hash, { boxes: [nowhere] }), 400, /pattern: expected an address block, got "x"/],
    ['POST', '/v1/confirm', `"${'x'.repeat(70_000)}"`, 413, /at most 65536 octets/],
    ['PUT', '/v1/graphs/constructor', '{}', 400, /a graph hash/],
    ['PUT', `/v1/graphs/${hash}`, '{}', 422, /not a bundle/],
    ['GET', `/v1/graphs/${hash}`, undefined, 404, /not here/],
    ['GET', '/v1/graphs/..%2Factive', undefined, 404, /not here/],
    ['GET', '/v1/journal?after=x', undefined, 400, /after: expected/],
    ['POST', '/v1/rollback', { to: hash, reason: 'x' }, 422, /not here/],
    ['POST', '/v1/rollback', { to: null, reason: 'x' }, 422, /no graph before/],
    ['GET', '/v1/nothing', undefined, 404, /no such call/],
  ]
  for (const [method, path, body, status, error] of cases) {
    const answer = await call(socketOf(gateway), method, path, body)
    expect(answer, `${method} ${path}`).toMatchObject({ status, body: { error: expect.stringMatching(error) } })
  }
})

test('a journal that somebody changed is told of aloud, and the gateway serves', async () => {
  const { gateway, port, denied } = await started()
  await activated(gateway, denied)
  gateway.signal('SIGTERM')
  await gateway.ended
  const file = join(gateway.stateDir, 'journal.ndjson')
  const { readFileSync } = await import('node:fs')
  writeFileSync(file, readFileSync(file, 'utf8').replace('to see what happens', 'to see what matters'))
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  expect(await next.logged('journal.broken')).toMatchObject({ level: 'error', line: 2 })
  await openClient(port)
  const { entries, broken } = await journalOf(next)
  expect(broken).toMatchObject({ line: 2, why: 'entry 2 is not what was written: its hash does not fit' })
  expect(entries.filter(({ result }) => result === 'journal broken')).toHaveLength(1)
})
