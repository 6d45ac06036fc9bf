import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import edge from '../../examples/edge/mailgw.config.ts'
import { selfSigned } from '../../src/cli/cert/self-signed.ts'
import { makeScram } from '../../src/credentials/passwords/scram-keys.ts'
import { say, startTls, type TlsWire, tlsWire } from '../ingress/tls/tls-house.ts'
import { until as soon, tcpWire } from '../ingress/wire.ts'
import { type Running, startGateway } from '../support/gateway.ts'
import { freePort, tempFolder } from '../support/peer.ts'
import { openClient } from './client.ts'
import { site } from './site.ts'
import { visit } from './visitor.ts'

const password = 'a white rabbit, late'
const example = join(import.meta.dirname, '../../examples/edge')

type Ports = {
  readonly internet: number
  readonly submissions: number
  readonly submission: number
  readonly lan: number
}

/**
 * `examples/edge` as it stands, but for what is of one machine: addresses, files, and hosts to send to. Clients of any
 * address come by a PROXY header.
 */
async function startEdge(): Promise<{ gateway: Running; ports: Ports }> {
  const ports = {
    internet: await freePort(),
    submissions: await freePort(),
    submission: await freePort(),
    lan: await freePort(),
  }
  const folder = tempFolder()
  const made = selfSigned(['localhost'], 2, Date.now())
  const main = { cert: join(folder, 'main.pem'), key: join(folder, 'main.key') }
  writeFileSync(main.cert, made.certificate)
  writeFileSync(main.key, made.key, { mode: 0o600 })
  const users = join(folder, 'users')
  writeFileSync(users, `ann@corp.example:${await makeScram(password, randomBytes(16), 4096)}:sales@corp.example\n`, {
    mode: 0o600,
  })
  const bind = (name: keyof Ports) => `127.0.0.1:${ports[name]}`
  const { internet, submissions, submission, lan } = edge.listeners
  const proxy = { from: ['127.0.0.1'] }
  const document = {
    ...edge,
    listeners: {
      internet: { ...internet, bind: bind('internet'), greetingDelay: '1s', proxy },
      submissions: { ...submissions, bind: bind('submissions') },
      submission: { ...submission, bind: bind('submission') },
      lan: { ...lan, bind: bind('lan'), proxy },
    },
    certificates: { main },
    credentials: [{ id: 'emergency', file: users }],
    localMx: { 'corp.example': { hold: 'for the mailbox server' }, '*': { hold: 'for the internet' } },
    // Nobody answers: what the example says of lists and checks holds then.
    resolver: { servers: ['127.0.0.1:9'], timeout: '1s', attempts: 1 },
  }
  const files = { 'people.tsv': readFileSync(join(example, 'people.tsv'), 'utf8') }
  return { gateway: await startGateway(document, { folder, files }), ports }
}

describe('the example of a gateway at the edge does what it says', () => {
  test('EX-11 the internet writes to those who are here, and relays nowhere', async () => {
    const { ports } = await startEdge()
    const stranger = await visit(ports.internet, '192.0.2.7')
    expect(stranger.greeting).toBe('220 mx1.corp.example ESMTP')
    expect(await stranger.mail('x@elsewhere.example', 'ann@corp.example')).toBe('250 2.1.5 recipient ok')
    // MR-24
    expect(await stranger.mail('x@elsewhere.example', 'nobody@corp.example')).toBe('550 5.1.1 no such mailbox')
    expect(await stranger.mail('ann@corp.example', 'someone@far.example')).toBe('550 5.7.1 relaying denied')
    // MQ-38
    expect(await stranger.mail('', 'ann@corp.example')).toBe('250 2.1.5 recipient ok')
    expect(await stranger.say('VRFY ann@corp.example')).toBe('252 2.1.5 not verified; RCPT will tell')
    expect(await stranger.say('AUTH PLAIN AAAA')).toMatch(/^50[023] /)
    // Who talks before the greeting is sent away.
    const wire = await tcpWire(ports.internet)
    await wire.send(Buffer.from('PROXY TCP4 192.0.2.8 127.0.0.1 50000 25\r\nEHLO too.early.example\r\n'))
    await soon(() => wire.closed())
    expect(wire.came()).toMatch(/^554 5\.5\.0 /)
    // Nobody else says that they are us.
    const liar = await visit(ports.internet, '192.0.2.9', 'mail.corp.example')
    expect(await liar.say('EHLO mail.corp.example')).toBe('550 5.7.1 that is our name')
  })

  test('MR-08 TU-02 people log in on 465, and send as themselves alone, with no password in the log', async () => {
    const { gateway, ports } = await startEdge()
    const wire = await tlsWire({ port: ports.submissions, host: '127.0.0.1' })
    await people(wire)
    const text = JSON.stringify(gateway.log())
    expect(text).not.toContain(password)
    expect(text).not.toContain(plain)
  })

  test('MR-09 MR-16 on 587 nothing but STARTTLS is taken first, and then a login', async () => {
    const { ports } = await startEdge()
    const clear = await openClient(ports.submission)
    expect(await clear.say('MAIL FROM:<ann@corp.example>')).toBe('530 5.7.0 STARTTLS is needed first')
    expect(await clear.say('AUTH PLAIN AAAA')).toMatch(/^5(?:30|38) 5\.7\./)
    const wire = await startTls(ports.submission)
    await people(wire)
  })

  test('MQ-93 MR-15 printers have their own port, closed to everybody else', async () => {
    const { ports } = await startEdge()
    const printer = await visit(ports.lan, '10.20.3.4', 'printer3')
    expect(await printer.mail('scanner@corp.example', 'ann@corp.example')).toBe('250 2.1.5 recipient ok')
    expect(await printer.mail('ann@corp.example', 'ann@corp.example')).toMatch(/^550 5\.7\.1/)
    expect(await printer.mail('scanner@corp.example', 'x@far.example')).toMatch(/^550 5\.7\.1/)
    expect(await printer.say('VRFY ann@corp.example')).toBe('250 2.1.5 <ann@corp.example>')
    expect(await printer.say('VRFY nobody@corp.example')).toBe('550 5.1.1 no such mailbox')
    expect(await printer.say('TIME')).toMatch(/^250 2\.0\.0 \w+day, \d+\w\w \w{3} \d{4} /)
    const other = await visit(ports.lan, '10.30.0.1')
    expect(other.greeting).toBe('554 5.7.1 this client may not connect here')
  })

  const plain = Buffer.from(`\0ann@corp.example\0${password}`).toString('base64')

  async function people(wire: TlsWire): Promise<void> {
    await say(wire, 'EHLO laptop.example\r\n', /^250 /m)
    expect(wire.came()).toMatch(/^250-AUTH PLAIN LOGIN\r$/m)
    await say(wire, 'MAIL FROM:<ann@corp.example>\r\n', /530 5\.7\.0 a login is needed first/)
    await say(wire, `AUTH PLAIN ${plain}\r\n`, /235 2\.7\.0/)
    await say(wire, 'MAIL FROM:<bob@corp.example>\r\n', /550 5\.7\.1/)
    await say(wire, 'MAIL FROM:<sales@corp.example>\r\n', /250 2\.1\.0/)
    await say(wire, 'RSET\r\nMAIL FROM:<ann@corp.example>\r\nRCPT TO:<x@far.example>\r\n', /250 2\.1\.5/)
    wire.destroy()
  }
})

test('MR-06 MR-07 a listener has several addresses and ports, and each is the same', async () => {
  const [one, two] = [await freePort(), await freePort()]
  const listeners = { mx: { kind: 'mx', bind: [`127.0.0.1:${one}`, `127.0.0.1:${two}`, `127.0.0.5:${one}`] } }
  await startGateway(site({ port: one, localMx: {}, listeners }))
  for (const port of [one, two]) {
    const client = await openClient(port)
    expect(await client.say('MAIL FROM:<x@elsewhere.test>')).toBe('250 2.1.0 sender ok')
    expect(await client.say('RCPT TO:<ann@here.test>')).toBe('250 2.1.5 recipient ok')
  }
})

test('TU-07 MQ-28 a message has so many recipients and octets, and no more', async () => {
  const port = await freePort()
  const listeners = { mx: { kind: 'mx', bind: `127.0.0.1:${port}`, maxSize: '100KiB' } }
  await startGateway(site({ port, localMx: {}, listeners, limits: { maxRecipients: 3 } }))
  const client = await openClient(port)
  expect(await client.say('MAIL FROM:<x@elsewhere.test> SIZE=102401')).toMatch(/^552 5\.3\.4 /)
  await client.say('MAIL FROM:<x@elsewhere.test> SIZE=102400')
  const replies = await client.replies(4, ...['a', 'b', 'c', 'd'].map((name) => `RCPT TO:<${name}@here.test>`))
  expect(replies.map((line) => line.slice(0, 9))).toEqual(['250 2.1.5', '250 2.1.5', '250 2.1.5', '452 4.5.3'])
})
