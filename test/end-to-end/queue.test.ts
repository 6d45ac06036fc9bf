import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newToken } from '../../src/admin/access.ts'
import type { QueuedMessage } from '../../src/admin/queue-operations.ts'
import type { QueueOutcome } from '../../src/queue/operations.ts'
import { anyRecipient } from '../../src/queue/selector.ts'
import { call, type Door, journalOf, socketOf } from '../support/admin.ts'
import { type Ended, mailgw, type Running, readText, startGateway, until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { maildir, received, site } from './site.ts'

const run = (gateway: Running, ...args: readonly string[]): Promise<Ended> =>
  mailgw(['queue', ...args, '--state-dir', gateway.stateDir])
const act = (gateway: Running, ...args: readonly string[]): Promise<QueueOutcome> => gateway.ask('queue', ...args)

/** What the journal has of the queue, without the chain. */
const written = async (gateway: Running) =>
  (await journalOf(gateway)).entries
    .filter(({ action }) => action === 'queue')
    .map(({ reason, result, detail }) => ({ reason, result, ...(detail as object) }))

async function started(more: object = {}) {
  const [port, dead] = [await freePort(), await freePort()]
  const document = site({
    port,
    localMx: { 'dead.test': 'relay:dead', 'other.test': 'relay:dead' },
    relays: { dead: { hosts: [`127.0.0.1:${dead}`], tls: 'off' }, spare: { hosts: [`127.0.0.1:${dead}`], tls: 'off' } },
    retry: { schedule: ['1h'], expireAfter: '5d' },
    ...more,
  })
  return { port, document, gateway: await startGateway(document) }
}

// EX-38
test('what waits is listed with all that is known of it, shown whole, and copied into files', async () => {
  const { port, gateway } = await started()
  const client = await openClient(port)
  const content = 'Subject: =?utf-8?q?a_letter?=\r\nX-One: 1\r\n\r\n..one dot\r\n.. two\r\n'
  const id = await sendMessage(client, 'ann@here.test', ['b@dead.test', 'c@other.test'], content)
  await gateway.logged('lane.down')
  const [row] =
    (await until('the next hop is down', async () => {
      const rows = await gateway.queue()
      return rows[0]?.why === null ? null : rows
    })) ?? []
  expect(row).toMatchObject({
    id,
    sender: 'ann@here.test',
    recipient: 'b@dead.test',
    state: 'waiting',
    attempts: 0,
    lastAttemptAt: null,
    heldBy: null,
    via: null,
    rule: { at: 'localMx["dead.test"]' },
  })
  expect(row!.nextHop).toMatch(/^relay:dead#/)
  expect(row!.why).toContain('connection refused')
  const { line } = row!.rule!
  const config = readText(join(gateway.folder, 'mailgw.config.json')).split('\n')
  expect(config[line - 1]).toContain('"dead.test"')

  const list = await run(gateway, 'list')
  expect(list.out.split('\n')[0]).toMatch(
    /^id +sender +recipient +state +age +size +attempts +last +next +next hop +rule +last reply$/,
  )
  expect(list.out).toContain(`mailgw.config.json:${line}`)
  expect((await run(gateway, 'list', '--domain', 'nowhere.test')).out).toBe('nothing waits\n')
  const page = await run(gateway, 'list', '--limit', '1')
  expect(page.err).toBe(`there may be more: mailgw queue list --after ${id}, or --all\n`)
  expect((await run(gateway, 'list', '--after', id)).out).toBe('nothing waits\n')
  const wrong = await run(gateway, 'list', '--state', 'lost')
  expect(wrong).toMatchObject({ code: 1, out: '' })
  expect(wrong.err).toContain('query.state: expected one of waiting, active, held')

  const shown = await run(gateway, 'show', id)
  for (const text of [
    `message ${id}`,
    'X-One: 1',
    'Received: from',
    'goes to   relay:dead#',
    'connection refused',
    'ESMTP',
  ]) {
    expect(shown.out).toContain(text)
  }
  expect(shown.out).toMatch(/next hop {2}back-off, 0 on the wire, 1 waiting, probed in/)
  const message = await gateway.ask<QueuedMessage>('queue', 'show', id)
  expect(message.recipients.map(({ way, lane }) => [way, lane?.state])).toEqual([
    [row!.nextHop, 'back-off'],
    [row!.nextHop, 'back-off'],
  ])
  expect(await run(gateway, 'show', '0000000000000')).toMatchObject({
    code: 1,
    err: 'mailgw: 0000000000000 is not in the queue\n',
  })

  const folder = join(tempFolder(), 'out')
  expect(await gateway.ask('queue', 'export', '--sender', 'ann@*', '--to', folder)).toMatchObject({
    exported: 1,
    ids: [id],
  })
  expect(readdirSync(folder).sort()).toEqual([`${id}.eml`, `${id}.json`])
  // As it would be sent: the dots of SMTP are gone, the trace field is there.
  const mail = readText(join(folder, `${id}.eml`))
  expect(mail).toMatch(/^Received: from/)
  expect(mail.endsWith('X-One: 1\r\n\r\n.one dot\r\n. two\r\n')).toBe(true)
  const facts = JSON.parse(readText(join(folder, `${id}.json`))) as QueuedMessage
  expect(facts.recipients.map(({ recipient }) => recipient)).toEqual(['b@dead.test', 'c@other.test'])
  expect(facts.envelope.from?.text).toBe('ann@here.test')
  const again = await run(gateway, 'export', id, '--to', folder)
  expect(again).toMatchObject({ code: 1, err: `mailgw: ${join(folder, `${id}.eml`)} is there already\n` })
})

// EX-39
test('holds outlive a kill, dropped mail is gone, given up mail is told of, and the journal has who, what and why', async () => {
  const { port, gateway } = await started()
  const client = await openClient(port)
  const ids: string[] = []
  for (const to of ['a@dead.test', 'b@dead.test', 'c@other.test']) {
    ids.push(await sendMessage(client, 'ann@here.test', to))
  }
  await gateway.logged('lane.down')
  for (const command of ['retry', 'hold', 'release', 'fail', 'drop', 'reroute', 'export']) {
    const { code, err } = await run(gateway, command, ...(command === 'export' ? ['--to', '/nowhere'] : []))
    expect(code, command).toBe(1)
    expect(err).toContain(`queue ${command}: name ids, or say which by`)
  }
  expect((await run(gateway, 'hold', ids[0]!)).err).toContain('queue hold: say why by --reason')
  expect(await act(gateway, 'hold', ids[0]!, '--reason', 'the auditors', '--dry-run')).toMatchObject({
    done: false,
    messages: 1,
  })
  expect((await gateway.status()).queue).toMatchObject({ held: 0 })
  const held = await run(gateway, 'hold', ids[0]!, ids[1]!, '--reason', 'the auditors')
  expect(held.out).toBe('2 recipients of 2 messages: held, also over restarts, until `mailgw queue release`\n')

  gateway.signal('SIGKILL')
  await gateway.ended
  const next = await startGateway('', { folder: gateway.folder, source: [] })
  // Nobody is asked before the gateway knows its own sockets.
  expect((await next.logged('lane.down'))['why']).toContain('connection refused')
  expect((await next.queue()).map(({ state }) => state)).toEqual(['held', 'held', 'waiting'])
  const shown = await run(next, 'show', ids[0]!)
  expect(shown.out).toContain('because   the auditors')
  expect(shown.out).toMatch(/next {6}nothing: held by \S+ \(local:\d+\) for \d+s; `mailgw queue release` lets it go on/)
  expect(await act(next, 'retry', '--all')).toMatchObject({ recipients: 1 })
  expect(await act(next, 'release', ids[1]!)).toMatchObject({ recipients: 1 })
  expect(await act(next, 'drop', '--state', 'held', '--reason', 'not ours')).toMatchObject({
    done: true,
    recipients: 1,
  })
  await next.logged('message.dropped', (line) => line['id'] === ids[0] && line['reason'] === 'not ours')
  expect(await act(next, 'fail', '--domain', 'dead.test', '--reason', 'moved away')).toMatchObject({ recipients: 1 })
  const [text] = await received(next.stateDir, 'ann@here.test')
  expect(text).toContain('Final-Recipient: rfc822; b@dead.test')
  expect(text).toContain('Action: failed')
  await act(next, 'fail', '--all', '--reason', 'moved away', '--no-notify')
  await until('nothing waits', async () => (await next.queue()).length === 0)
  expect(maildir(next.stateDir, 'ann@here.test')).toHaveLength(1)

  expect(await written(next)).toEqual([
    {
      reason: 'the auditors',
      result: 'ok',
      action: 'hold',
      ids: ids.slice(0, 2),
      messages: 2,
      recipients: 2,
      onTheWire: 0,
    },
    { reason: null, result: 'ok', action: 'release', ids: [ids[1]], messages: 1, recipients: 1, onTheWire: 0 },
    { reason: 'not ours', result: 'begun', action: 'drop', state: 'held', messages: 1, recipients: 1, onTheWire: 0 },
    { reason: 'not ours', result: 'ok', action: 'drop', state: 'held', messages: 1, recipients: 1, onTheWire: 0 },
    ...['begun', 'ok'].map((result) => ({
      reason: 'moved away',
      result,
      action: 'fail',
      domain: 'dead.test',
      notify: true,
      messages: 1,
      recipients: 1,
      onTheWire: 0,
    })),
    ...['begun', 'ok'].map((result) => ({
      reason: 'moved away',
      result,
      action: 'fail',
      all: true,
      notify: false,
      messages: 1,
      recipients: 1,
      // `retry` may have it tried at this moment.
      onTheWire: expect.any(Number),
    })),
  ])
  expect((await journalOf(next)).broken).toBeNull()
})

// EX-39
test.skipIf(!peers('cc'))(
  'mail for a dead host goes by another relay of the document when an operator says so',
  async () => {
    const { startSink } = await import('../support/sink.ts')
    const sink = await startSink()
    const { port, gateway } = await started({
      localMx: { 'dead.test': 'relay:dead', 'strict.test': 'relay:strict' },
      relays: {
        dead: { hosts: [`127.0.0.1:${await freePort()}`], tls: 'off' },
        strict: { hosts: [`127.0.0.1:${await freePort()}`], tls: 'verify' },
        spare: { hosts: [`127.0.0.1:${sink.port}`], tls: 'off' },
      },
    })
    const client = await openClient(port)
    await sendMessage(client, 'ann@here.test', ['a@dead.test', 'b@strict.test'])
    await until('both next hops are down', async () =>
      (await gateway.status()).nextHops.every((hop) => (hop as { state: string }).state === 'back-off'),
    )
    const unknown = await run(gateway, 'reroute', '--all', '--via', 'spar')
    expect(unknown).toMatchObject({ code: 1 })
    expect(unknown.err).toContain('expected a relay that the document declares (dead, spare, strict), got "spar"')
    const rerouted = await run(gateway, 'reroute', '--all', '--via', 'spare')
    expect(rerouted.out).toContain('1 recipient of 1 message: routed afresh')
    expect(rerouted.out).toContain(
      '1 recipient kept to the old way: its route demands TLS verify, and the relay spare has off',
    )
    await until('it arrived', async () => (await sink.counts()).unique === 1)
    // Of mail that comes later nothing was said.
    const later = await sendMessage(client, 'ann@here.test', 'c@dead.test')
    expect((await gateway.queue()).find(({ id }) => id === later)).toMatchObject({ via: null })
    expect(await written(gateway)).toMatchObject([{ action: 'reroute', via: 'spare', recipients: 1 }])
  },
)

test('who may read sees envelopes and no letters, and moves nothing', async () => {
  const [reader, operator] = [newToken(), newToken()]
  const adminPort = await freePort()
  const admin = {
    bind: `127.0.0.1:${adminPort}`,
    tokens: {
      reader: { sha256: reader.sha256, scopes: ['read', 'prepare', 'activate', 'overlay'] },
      operator: { sha256: operator.sha256, scopes: ['queue'] },
    },
  }
  const { port, gateway } = await started({ admin })
  const id = await sendMessage(await openClient(port), 'ann@here.test', 'a@dead.test')
  const door = ({ token }: { token: string }): Door => ({
    host: '127.0.0.1',
    port: adminPort,
    headers: { authorization: `Bearer ${token}` },
  })
  const selector = { ...anyRecipient, ids: [], all: true }
  const order = { selector, dryRun: false, atMost: null, onBehalfOf: null, reason: 'why', notify: true, via: null }
  const status = async (token: { token: string }, method: string, path: string, body?: unknown) =>
    (await call(door(token), method, path, body)).status
  expect(await status(reader, 'GET', '/v1/queue')).toBe(200)
  expect(await status(reader, 'GET', `/v1/queue/${id}`)).toBe(403)
  expect(await status(reader, 'GET', `/v1/queue/${id}/content`)).toBe(403)
  expect(await status(reader, 'POST', '/v1/queue/drop', order)).toBe(403)
  expect(await status(operator, 'GET', '/v1/queue')).toBe(403)
  expect(await status(operator, 'GET', `/v1/queue/${id}`)).toBe(200)

  const said = async (body: unknown, action = 'drop') => {
    const { status, body: answer } = await call<{ error?: string }>(door(operator), 'POST', `/v1/queue/${action}`, body)
    return [status, answer.error]
  }
  const none = { ...order, selector: { ...selector, all: false } }
  expect(await said(none)).toEqual([422, 'nothing is selected; all of the queue has to be said with `all`'])
  expect(await said({ ...order, reason: ' ' })).toEqual([400, 'drop.reason: expected why, got " "'])
  expect(await said(order, 'burn')).toEqual([
    400,
    'action: expected one of retry, hold, release, fail, drop, reroute, got "burn"',
  ])
  expect((await said({ ...order, selector: { ...selector, client: '10.0.0.1/8' } }))[0]).toBe(400)
  expect((await said({ ...order, selector: { ...selector, ids: ['../../etc'] } }))[0]).toBe(400)
  expect((await said({ ...order, selector: { ...selector, constructor: 'x' } }))[0]).toBe(400)
  expect((await gateway.status()).queue).toMatchObject({ messages: 1 })
  expect(await said({ ...order, atMost: 0 })).toEqual([200, undefined])
  expect((await gateway.status()).queue).toMatchObject({ messages: 1 })
  expect(await said(order)).toEqual([200, undefined])
  expect((await gateway.status()).queue).toMatchObject({ messages: 0 })
  expect((await journalOf(gateway)).entries.at(-1)).toMatchObject({
    actor: 'token:operator',
    action: 'queue',
    reason: 'why',
  })
  // Two answers that were asked of a live socket too, so that the helper above tests what it says.
  expect((await call(socketOf(gateway), 'GET', '/v1/queue?limit=0')).status).toBe(400)
  expect((await call(socketOf(gateway), 'GET', '/v1/queue?sort=age')).status).toBe(400)
})

test('more than a hundred messages are given up or dropped only when that was said', async () => {
  const { port, gateway } = await started()
  const client = await openClient(port)
  for (let i = 0; i < 101; i++) await sendMessage(client, 'ann@here.test', `m${i}@dead.test`)
  const refused = await run(gateway, 'drop', '--all', '--reason', 'a test')
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.err).toContain('101 messages are selected, more than 100: nothing was done; say --yes as well')
  expect((await gateway.status()).queue).toMatchObject({ messages: 101 })
  const dry = await run(gateway, 'drop', '--all', '--dry-run')
  expect(dry.out).toContain('101 recipients of 101 messages: would be dropped')
  expect(dry.out).toContain('... and 91 more')
  const { out } = await run(gateway, 'drop', '--all', '--yes', '--reason', 'a test')
  expect(out).toBe('101 recipients of 101 messages: dropped; nobody is told\n')
  expect(await written(gateway)).toHaveLength(2)
})
