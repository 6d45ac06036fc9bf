import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Sink } from '../../bench/support/sink.js'
import { startGateway, until } from '../support/gateway.ts'
import { startNsd } from '../support/nsd.ts'
import { freePort, path, peers, tempFolder } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient, sendMessage } from './client.ts'

// The document of MailQ's own manual, driven as its users would: by real clients, with real servers standing for snoopy,
// bart, the ISP and the rest of the world.

const examples = join(import.meta.dirname, '../../examples/mailq')

/** An example with other ports than its own, so that two suites can run at once. Each must be in it. */
function adapted(name: string, changes: readonly (readonly [from: string, to: string])[]): string {
  let text = readFileSync(join(examples, name), 'utf8')
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${name} does not hold ${from}`)
    text = text.replace(from, to)
  }
  const file = join(tempFolder(), name)
  writeFileSync(file, text)
  return file
}

function client(program: string, ...args: readonly string[]): void {
  const ran = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: path } })
  expect(ran.status, `${program}: ${ran.stdout}${ran.stderr}`).toBe(0)
}
const swaks = (port: number, to: string) =>
  client('swaks', '--server', `127.0.0.1:${port}`, '--from', 'someone@outside.org', '--to', to, '--body', `for ${to}`)
const smtpSource = (port: number, to: string, messages: number) =>
  client('smtp-source', '-s', '4', '-m', `${messages}`, '-f', 'someone@outside.org', '-t', to, `127.0.0.1:${port}`)

const arrived = (sink: Sink, count: number) =>
  until(`${count} messages arrived`, async () => (await sink.counts()).unique === count)

const clients = peers('swaks', 'smtp-source', 'cc')

test.skipIf(!clients)("MailQ's example sends each domain to its own server and the rest to the ISP", async () => {
  const [snoopy, bart, isp] = [await startSink(), await startSink(), await startSink()]
  const port = await freePort()
  const config = adapted('mailgw.config.ts', [
    ["'127.0.0.1:2525'", `'127.0.0.1:${port}'`],
    ['2601', `${snoopy.port}`],
    ['2602', `${bart.port}`],
    ['2603', `${isp.port}`],
  ])
  await startGateway(config, { args: ['--env', 'lab'] })
  swaks(port, 'admin@localhost.com')
  swaks(port, 'Homer@EXAMPLE.com')
  swaks(port, 'somebody@elsewhere.org')
  smtpSource(port, 'admin@localhost.com', 20)
  smtpSource(port, 'homer@example.com', 30)
  smtpSource(port, 'somebody@sub.example.com', 40)
  await arrived(snoopy, 21)
  await arrived(bart, 31)
  await arrived(isp, 41)
})

/** Ports below 1024 are for root, or for those whom the system lets. */
const low =
  process.getuid?.() === 0 || Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) <= 25
if (!low) console.warn('SKIP: ports 25 and 26 are for root here')

test.skipIf(!clients || !low || !peers('nsd'))(
  "MailQ's example as it stands: snoopy on port 25, bart on port 26, the ISP on port 2525, by name",
  async () => {
    const nsd = await startNsd({
      snoopy: '@ IN A 127.0.26.1',
      bart: '@ IN A 127.0.26.2',
      'isp.com': 'mail IN A 127.0.26.3',
    })
    const snoopy = await startSink('--host', '127.0.26.1', '--port', 25)
    const bart = await startSink('--host', '127.0.26.2', '--port', 26)
    const isp = await startSink('--host', '127.0.26.3', '--port', 2525)
    const port = await freePort()
    const config = adapted('mailgw.config.ts', [
      ["'127.0.0.1:2525'", `'127.0.0.1:${port}'`],
      ["relaying: 'two-way',", `relaying: 'two-way',\n  resolver: { servers: '127.0.0.1:${nsd.port}' },`],
    ])
    await startGateway(config)
    swaks(port, 'admin@localhost.com')
    smtpSource(port, 'homer@example.com', 20)
    swaks(port, 'somebody@elsewhere.org')
    await arrived(snoopy, 1)
    await arrived(bart, 20)
    await arrived(isp, 1)
  },
)

test.skipIf(!clients || !peers('nsd'))("MailQ's *,* variant sends the rest by MX", async () => {
  const nsd = await startNsd({
    'elsewhere.org': '@ IN MX 20 second\n@ IN MX 10 first\nfirst IN A 127.0.0.1\nsecond IN A 127.0.0.1',
    'nowhere.org': '@ IN MX 0 .',
  })
  const [snoopy, bart, world] = [await startSink(), await startSink(), await startSink()]
  const port = await freePort()
  const config = adapted('by-mx.yaml', [
    ['127.0.0.1:2525', `127.0.0.1:${port}`],
    ['2601', `${snoopy.port}`],
    ['2602', `${bart.port}`],
    ['2604', `${world.port}`],
    ['127.0.0.1:5353', `127.0.0.1:${nsd.port}`],
  ])
  const gateway = await startGateway(config, { args: ['--env', 'lab'] })
  swaks(port, 'admin@localhost.com')
  smtpSource(port, 'homer@example.com', 10)
  smtpSource(port, 'somebody@elsewhere.org', 10)
  await arrived(snoopy, 1)
  await arrived(bart, 10)
  await arrived(world, 10)

  // A null MX (RFC 7505) is for good; nobody waits five days to hear of it.
  const id = await sendMessage(await openClient(port), 'homer@example.com', 'nobody@nowhere.org')
  const failed = await gateway.logged('delivery.failed', (line) => line['id'] === id)
  expect(failed['status']).toBe('5.1.10')
  await arrived(bart, 11)
})
