import { chmodSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newToken } from '../../src/admin/access.ts'
import { metrics } from '../../src/admin/metrics.ts'
import { selfSigned } from '../../src/cli/cert/self-signed.ts'
import { type Read, readExposition } from '../support/exposition.ts'
import { mailgw, type Running, startGateway, until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { startRbldnsd } from '../support/rbldnsd.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'
import { visit } from './visitor.ts'

type Scraped = { readonly status: number; readonly type: string; readonly text: string }

/** As a Prometheus server asks: nothing but GET and what it shows of itself. */
function scrape(where: object, token?: string): Promise<Scraped> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    const sent = request({ ...where, path: '/metrics', headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (more: string) => (text += more))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text }),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

const socketOf = ({ stateDir }: Running) => ({ socketPath: join(stateDir, 'admin.sock') })

async function numbers(gateway: Running): Promise<ReadonlyMap<string, Read>> {
  const { status, type, text } = await scrape(socketOf(gateway))
  expect(status, text).toBe(200)
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8')
  return readExposition(text)
}

/** Samples of one metric by their labels. */
const of = (read: ReadonlyMap<string, Read>, name: string): Record<string, number> =>
  Object.fromEntries(read.get(`mailgw_${name}`)?.samples ?? [])

const nowhere = { '*': { reject: { code: 550, text: '5.1.2 no way there' } } }

// EX-48
test('what a gateway took, refused and delivered is read over the socket, and printed by the command', async () => {
  const port = await freePort()
  const dead = await freePort()
  const gateway = await startGateway(
    site({
      port,
      localMx: { 'down.test': `127.0.0.1:${dead}`, 'kept.test': 'hold', ...nowhere },
      domains: { 'here.test': { kind: 'local', recipients: ['ann', 'bob'] } },
      deny: [{ when: { recipient: 'later@here.test' }, then: { reject: { code: 450, text: '4.7.1 later' } } }],
      limits: { sessionsPerClient: 2 },
      retry: { schedule: ['1h'], expireAfter: '1d' },
    }),
  )
  const before = await numbers(gateway)
  expect([...before].map(([name, { type, help }]) => [name, type, help])).toEqual(
    metrics.map(({ name, type, help }) => [name, type, help]),
  )
  expect(of(before, 'messages_accepted_total')).toEqual({ '': 0 })
  expect(of(before, 'sessions')).toEqual({ 'listener="inside"': 0 })

  const client = await openClient(port)
  await sendMessage(client, 'a@src.test', ['ann@here.test', 'bob@here.test'])
  await sendMessage(client, 'a@src.test', 'x@down.test')
  await sendMessage(client, 'a@src.test', 'x@kept.test')
  expect(
    await client.replies(
      4,
      'MAIL FROM:<a@src.test>',
      ...['eve', 'carl', 'later'].map((name) => `RCPT TO:<${name}@here.test>`),
    ),
  ).toEqual([
    expect.stringMatching(/^250/),
    expect.stringMatching(/^5/),
    expect.stringMatching(/^5/),
    expect.stringMatching(/^450/),
  ])
  // What is no address is no recipient that the document refused.
  expect(await client.say('RCPT TO:<>')).toMatch(/^501/)
  await openClient(port)
  await expect(openClient(port)).rejects.toThrow('421 4.7.0 too many sessions')
  await received(gateway.stateDir, 'ann@here.test')
  await received(gateway.stateDir, 'bob@here.test')
  await gateway.logged('lane.down')

  const read = await until('the deliveries are counted', async () => {
    const now = await numbers(gateway)
    return of(now, 'deliveries_total')['outcome="delivered"'] === 2 ? now : null
  })
  expect(of(read!, 'messages_accepted_total')).toEqual({ '': 3 })
  expect(of(read!, 'messages_refused_total')).toEqual({ 'class="4yz"': 0, 'class="5yz"': 0 })
  expect(of(read!, 'recipients_refused_total')).toEqual({ 'class="4yz"': 1, 'class="5yz"': 2 })
  expect(of(read!, 'sessions_accepted_total')).toEqual({ '': 2 })
  expect(of(read!, 'sessions_refused_total')).toEqual({
    'reason="full"': 0,
    'reason="client-full"': 1,
    'reason="banned"': 0,
    'reason="document"': 0,
    'reason="early"': 0,
  })
  expect(of(read!, 'sessions')).toEqual({ 'listener="inside"': 2 })
  expect(of(read!, 'deliveries_total')).toEqual({
    'outcome="delivered"': 2,
    'outcome="deferred"': 1,
    'outcome="failed"': 0,
  })
  expect(of(read!, 'queue_messages')).toEqual({ '': 2 })
  expect(of(read!, 'queue_recipients')).toMatchObject({ 'state="waiting"': 1, 'state="held"': 1, 'state="active"': 0 })
  expect(of(read!, 'next_hops')).toMatchObject({ 'state="back-off"': 1, 'state="probing"': 0 })
  const { version, graph, startedAt } = await gateway.status()
  expect(of(read!, 'build_info')).toEqual({ [`version="${version}",graph="${graph}"`]: 1 })
  expect(of(read!, 'start_time_seconds')).toEqual({ '': startedAt / 1000 })
  expect(of(read!, 'draining')).toEqual({ '': 0 })
  expect(of(read!, 'resident_memory_bytes')['']).toBeGreaterThan(20e6)
  expect(of(read!, 'heap_used_bytes')['']).toBeGreaterThan(1e6)
  expect(of(read!, 'event_loop_gap_max_seconds')['']).toBeLessThan(60)

  const printed = await mailgw(['metrics', '--state-dir', gateway.stateDir])
  expect(printed, printed.err).toMatchObject({ code: 0 })
  expect(of(readExposition(printed.out), 'recipients_refused_total')).toEqual(of(read!, 'recipients_refused_total'))
  for (const stranger of ['src.test', 'down.test', 'here.test', 'ann@', '127.0.0']) {
    expect(printed.out).not.toContain(stranger)
  }
  const none = await mailgw(['metrics', '--state-dir', tempFolder()])
  expect(none).toMatchObject({ code: 1, out: '' })
  expect(none.err).toContain('no gateway is running there')
})

test('overlays, bans, and sessions that a rule or a ban sent away are counted by kind and reason', async () => {
  const port = await freePort()
  const gateway = await startGateway(
    site({
      port,
      localMx: nowhere,
      listeners: {
        inside: {
          kind: 'internal',
          bind: `127.0.0.1:${port}`,
          greetingDelay: '1s',
          earlyTalkers: 'refuse',
        },
      },
      deny: [{ when: { client: '127.0.0.8/32' } }],
      bans: { protocolErrors: 3, except: ['127.0.0.1/32'] },
    }),
  )
  const hour = ['--for', '1h', '--reason', 'a test']
  await gateway.ask('hold', 'add', '--domain', 'here.test', ...hour)
  await gateway.ask('ban', 'add', '127.0.0.66', ...hour)
  await expect(openClient(port, '127.0.0.8')).rejects.toThrow('554')
  const rude = await openClient(port, '127.0.0.9')
  await rude.replies(3, 'XYZZY', 'XYZZY', 'XYZZY')
  await rude.closed
  await expect(openClient(port, '127.0.0.9')).rejects.toThrow('421')
  const early = createConnection({ port, host: '127.0.0.1' })
  onTestFinished(() => void early.destroy())
  const sentAway = new Promise((resolve) => early.on('close', resolve))
  early.resume().write('EHLO too.early\r\n')
  early.on('end', () => early.end())
  await sentAway
  const read = await numbers(gateway)
  expect(of(read, 'overlays')).toEqual({ 'kind="deny"': 0, 'kind="ban"': 1, 'kind="hold"': 1 })
  expect(of(read, 'bans_active')).toEqual({ '': 1 })
  expect(of(read, 'accounts_locked')).toEqual({ '': 0 })
  expect(of(read, 'sessions_accepted_total')).toEqual({ '': 1 })
  expect(of(read, 'sessions_refused_total')).toEqual({
    'reason="full"': 0,
    'reason="client-full"': 0,
    'reason="banned"': 1,
    'reason="document"': 1,
    'reason="early"': 1,
  })
})

test('certificates and back-ends are there by the names of the document, with files that cannot be read any more', async () => {
  const port = await freePort()
  const files = tempFolder()
  const made = selfSigned(['gateway.test'], 30, Date.now())
  const main = { cert: join(files, 'main.pem'), key: join(files, 'main.key') }
  writeFileSync(main.cert, made.certificate)
  writeFileSync(main.key, made.key, { mode: 0o600 })
  const program = join(files, 'asked')
  writeFileSync(program, '#!/bin/sh\nexit 75\n')
  chmodSync(program, 0o755)
  const gateway = await startGateway(
    site({
      port,
      localMx: nowhere,
      listeners: {
        inside: {
          kind: 'submission',
          bind: `127.0.0.1:${port}`,
          tls: 'offered',
          login: { required: false, mechanisms: ['PLAIN'], clearTextFrom: ['127.0.0.0/8'] },
        },
      },
      certificates: { main },
      credentials: [{ id: 'staff', exec: [program] }],
    }),
  )
  const fresh = await numbers(gateway)
  const { certificates } = await gateway.status()
  expect(of(fresh, 'certificate_expiry_timestamp_seconds')).toEqual({ 'name="main"': certificates[0]!.notAfter / 1000 })
  expect(of(fresh, 'certificate_load_error')).toEqual({ 'name="main"': 0 })
  const id = 'id="staff"'
  expect(of(fresh, 'credentials_state')).toEqual({
    [`${id},state="unused"`]: 1,
    [`${id},state="ok"`]: 0,
    [`${id},state="failing"`]: 0,
  })

  const client = await openClient(port)
  const login = Buffer.from('\0ann@here.test\0secret').toString('base64')
  expect(await client.say(`AUTH PLAIN ${login}`)).toMatch(/^454/)
  writeFileSync(main.cert, 'not a certificate')
  const later = await until('the broken file was seen', async () => {
    const now = await numbers(gateway)
    return of(now, 'certificate_load_error')['name="main"'] === 1 ? now : null
  })
  // What is shown is still the old one.
  expect(of(later!, 'certificate_expiry_timestamp_seconds')).toEqual(of(fresh, 'certificate_expiry_timestamp_seconds'))
  expect(of(later!, 'credentials_state')[`${id},state="failing"`]).toBe(1)
  expect(of(later!, 'credentials_questions_total')).toMatchObject({
    [`${id},outcome="error"`]: 1,
    [`${id},outcome="accepted"`]: 0,
  })
})

test('another machine needs a token with the scope read', async () => {
  const adminPort = await freePort()
  const [reader, writer] = [newToken(), newToken()]
  await startGateway(
    site({
      port: await freePort(),
      localMx: nowhere,
      admin: {
        bind: `127.0.0.1:${adminPort}`,
        tokens: {
          prometheus: { sha256: reader.sha256, scopes: ['read'] },
          deploy: { sha256: writer.sha256, scopes: ['prepare'] },
        },
      },
    }),
  )
  const door = { host: '127.0.0.1', port: adminPort }
  expect((await scrape(door)).status).toBe(401)
  expect((await scrape(door, 'wrong')).status).toBe(401)
  const refused = await scrape(door, writer.token)
  expect(refused.status).toBe(403)
  expect(refused.text).not.toContain('mailgw_')
  const { status, text } = await scrape(door, reader.token)
  expect(status).toBe(200)
  expect(of(readExposition(text), 'sessions')).toEqual({ 'listener="inside"': 0 })
})

describe.skipIf(!peers('rbldnsd'))('with a real rbldnsd', () => {
  test('a list has its id and its health, until a document without it is active', async () => {
    const rbl = await startRbldnsd([
      { zone: 'zen.test', set: 'ip4set', data: ':127.0.0.2:Listed\n127.0.0.2\n198.51.100.0/24' },
      { zone: 'greedy.test', set: 'ip4set', data: ':127.0.0.2:shut down\n0.0.0.0/1\n128.0.0.0/1' },
    ])
    const [port, inside] = [await freePort(), await freePort()]
    const zen = { id: 'first', zone: 'zen.test', onError: 'ignore' }
    const greedy = { id: 'second', zone: 'greedy.test', onError: 'ignore' }
    const document = (dnsbl: readonly object[]) =>
      site({
        port: inside,
        localMx: {},
        listeners: { mx: { kind: 'mx', bind: `127.0.0.1:${port}`, proxy: { from: ['127.0.0.1'] } } },
        trusted: ['10.0.0.0/8'],
        resolver: { servers: [`127.0.0.1:${rbl.port}`], timeout: '2s', attempts: 1 },
        dnsbl,
      })
    const gateway = await startGateway(document([zen, greedy]))
    expect(of(await numbers(gateway), 'dns_list_state')).toEqual({})
    await (await visit(port, '203.0.113.9')).mail('a@b.test', 'bob@here.test')
    const states = await until('both lists were asked', async () => {
      const now = of(await numbers(gateway), 'dns_list_state')
      return Object.keys(now).length === 8 ? now : null
    })
    expect(Object.keys(states!).filter((key) => states![key] === 1)).toEqual([
      'id="first",state="healthy"',
      'id="second",state="greedy"',
    ])
    const applied = await gateway.apply(document([zen]))
    expect(applied, applied.err).toMatchObject({ code: 0 })
    await (await visit(port, '203.0.113.10')).mail('a@b.test', 'bob@here.test')
    const left = of(await numbers(gateway), 'dns_list_state')
    expect(Object.keys(left).filter((key) => left[key] === 1)).toEqual(['id="first",state="healthy"'])
  })
})
