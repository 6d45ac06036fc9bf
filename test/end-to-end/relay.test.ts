import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, path, peers, startPeer } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

const run = (program: string, ...args: readonly (string | number)[]) =>
  spawnSync(program, args.map(String), { encoding: 'utf8', env: { ...process.env, PATH: path } })

test.skipIf(!peers('swaks'))(
  'a message from swaks is in the maildir, with its trace fields and every octet of its body',
  async () => {
    const port = await freePort()
    const gateway = await startGateway(site({ port, localMx: {} }))
    const body = '.starts with a dot\n..and with two\n\ntrailing blanks   \ngr\u00fc\u00df'
    const sent = run(
      'swaks',
      '--server',
      `127.0.0.1:${port}`,
      '--from',
      'ann@src.test',
      '--to',
      'Bob@here.test',
      '--body',
      body,
      '--h-Subject',
      'first',
    )
    expect(sent.status, sent.stdout + sent.stderr).toBe(0)
    const [text] = await received(gateway.stateDir, 'bob@here.test')
    const [header, ...rest] = text!.split('\n\n')
    expect(header).toMatch(/^Return-Path: <ann@src\.test>$/m)
    expect(header).toMatch(/^Delivered-To: Bob@here\.test$/im)
    expect(header).toMatch(/^Received: from \S+ \(.*127\.0\.0\.1.*\)/m)
    expect(header).toMatch(/^Subject: first$/m)
    expect(Buffer.from(rest.join('\n\n'), 'latin1').toString()).toContain(body)
  },
)

test.skipIf(!peers('smtp-source', 'cc'))(
  'what smtp-source sends arrives at the next hop, each message once',
  async () => {
    const sink = await startSink()
    const port = await freePort()
    const relays = { sink: { hosts: [`127.0.0.1:${sink.port}`], tls: 'off' } }
    await startGateway(site({ port, relays, localMx: { '*': 'relay:sink' } }))
    const loads = [
      ['-s', 5, '-m', 100, '-l', 2000],
      ['-d', '-s', 5, '-m', 200, '-l', 2000],
      ['-d', '-s', 2, '-m', 20, '-l', 300_000],
      ['-d', '-s', 2, '-m', 10, '-r', 20, '-l', 2000],
      ['-d', '-s', 1, '-m', 2, '-l', 10_000_000],
    ]
    for (const load of loads) {
      const sent = run(
        'smtp-source',
        ...load,
        '-f',
        'a@src.test',
        '-t',
        'b@dst.test',
        '-M',
        'src.test',
        `127.0.0.1:${port}`,
      )
      expect(sent.status, sent.stderr).toBe(0)
    }
    const expected = 100 + 200 + 20 + 10 * 20 + 2
    await until('the sink has all', async () => (await sink.counts()).unique === expected)
    const counts = await sink.counts()
    expect(counts).toMatchObject({ unique: expected, duplicates: 0 })
    expect(counts.octets).toBeGreaterThan(100 * 2000 + 200 * 2000 + 20 * 300_000 + 10 * 2000 + 2 * 10_000_000)
  },
)

test.skipIf(!peers('smtp-sink', 'smtp-source'))("what smtp-source sends arrives at Postfix's own sink", async () => {
  const target = await freePort()
  const sink = await startPeer('smtp-sink', ['-v', '-u', 'nobody', `127.0.0.1:${target}`, '100'], { port: target })
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': `127.0.0.1:${target}` } }))
  const sent = run(
    'smtp-source',
    '-s',
    4,
    '-m',
    100,
    '-l',
    4000,
    '-f',
    'a@src.test',
    '-t',
    'b@dst.test',
    `127.0.0.1:${port}`,
  )
  expect(sent.status, sent.stderr).toBe(0)
  await until('nothing is queued', async () => (await gateway.queue()).length === 0)
  await until('smtp-sink has said so 100 times', () => sink.output().split('DATA').length > 100)
})

test.skipIf(!peers('cc'))('one message for a maildir and two next hops goes to each of them once', async () => {
  const [one, two] = [await startSink(), await startSink()]
  const port = await freePort()
  const gateway = await startGateway(
    site({ port, localMx: { 'one.test': `127.0.0.1:${one.port}`, 'two.test': `127.0.0.1:${two.port}` } }),
  )
  const client = await openClient(port)
  const recipients = ['ann@here.test', 'a@one.test', 'b@one.test', 'c@two.test']
  const id = await sendMessage(client, 'x@src.test', recipients, 'Message-Id: <split@test>\r\n\r\nonce\r\n')
  expect(await received(gateway.stateDir, 'ann@here.test')).toHaveLength(1)
  await until('both have it', async () => (await one.counts()).unique === 2 && (await two.counts()).unique === 1)
  // Two recipients of one next hop are one transaction.
  expect((await one.counts()).messages).toBe(1)
  const lines = await until('all four are logged', () => {
    const found = gateway.log().filter((line) => line['id'] === id && line.event === 'delivery.delivered')
    return found.reduce((sum, line) => sum + Number(line['recipients'] ?? 1), 0) === 4 ? found : null
  })
  expect(lines).not.toBeNull()
})
