import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { selfSigned } from '../../src/cli/cert/self-signed.ts'
import { say, startTls, type TlsWire, tlsWire } from '../ingress/tls/tls-house.ts'
import { until as soon, tcpWire } from '../ingress/wire.ts'
import { mailgw, startGateway } from '../support/gateway.ts'
import { freePort, tempFolder } from '../support/peer.ts'
import { openClient } from './client.ts'
import { site } from './site.ts'

// MR-08, MR-09, MR-14, MR-28 by a document, in the program as it is run.

/** A pair on disk, as a document names it. */
function pair(folder: string, name: string, host: string, days = 90) {
  const made = selfSigned([host], days, Date.now())
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  writeFileSync(files.cert, made.certificate)
  writeFileSync(files.key, made.key, { mode: 0o600 })
  return files
}

type Ports = { readonly clear: number; readonly implicit: number }

const withTls = ({ clear, implicit }: Ports, certificates: object, more: object = {}) =>
  site({
    port: clear,
    localMx: {},
    listeners: {
      inside: { kind: 'internal', bind: `127.0.0.1:${clear}`, tls: 'offered' },
      secure: { kind: 'submission', bind: `127.0.0.1:${implicit}`, tls: 'implicit' },
    },
    certificates,
    ...more,
  })

const ports = async (): Promise<Ports> => ({ clear: await freePort(), implicit: await freePort() })

async function subject(port: number): Promise<unknown> {
  const wire = await tlsWire({ port, host: '127.0.0.1' })
  const { CN } = wire.socket.getPeerCertificate().subject
  wire.destroy()
  return CN
}

async function send(wire: TlsWire): Promise<void> {
  await say(wire, 'EHLO client.test\r\n', /^250 /m)
  await say(wire, 'MAIL FROM:<a@here.test>\r\nRCPT TO:<ann@here.test>\r\nDATA\r\n', /354/)
  await say(wire, 'Subject: x\r\n\r\nx\r\n.\r\n', /queued as/)
}

test('a gateway speaks TLS on both kinds of listeners, and says so in log and status', async () => {
  const at = await ports()
  const files = tempFolder()
  const main = pair(files, 'main', 'gateway.test')
  const gateway = await startGateway(withTls(at, { main }))
  for (const wire of [await startTls(at.clear), await tlsWire({ port: at.implicit, host: '127.0.0.1' })]) {
    await send(wire)
    wire.destroy()
  }
  await gateway.logged('message.accepted', ({ listener }) => listener === 'secure')
  const accepted = gateway.log().filter(({ event }) => event === 'message.accepted')
  expect(accepted.map(({ tls, listener }) => [listener, tls])).toEqual([
    ['inside', 'TLSv1.3 TLS_AES_256_GCM_SHA384'],
    ['secure', 'TLSv1.3 TLS_AES_256_GCM_SHA384'],
  ])
  const { certificates } = await gateway.status()
  expect(certificates).toMatchObject([
    { name: 'main', file: main.cert, names: ['gateway.test'], listeners: ['inside', 'secure'], stale: null },
  ])
  const shown = await mailgw(['status', '--state-dir', gateway.stateDir])
  expect(shown.out).toMatch(/^main +gateway\.test +inside secure +\d{4}-\d\d-\d\d +(?:89|90) days/m)
})

test('a renewed certificate is served without a restart, and a broken one is not', { timeout: 60_000 }, async () => {
  const at = await ports()
  const files = tempFolder()
  const gateway = await startGateway(withTls(at, { main: pair(files, 'main', 'old.test') }))
  const open = await tlsWire({ port: at.implicit, host: '127.0.0.1' })
  expect(await subject(at.implicit)).toBe('old.test')
  pair(files, 'main', 'new.test')
  await gateway.logged('certificate.renewed')
  expect(await subject(at.implicit)).toBe('new.test')
  await send(open)
  open.destroy()
  writeFileSync(join(files, 'main.pem'), 'half of it')
  const kept = await gateway.logged('certificate.kept')
  expect(kept['error']).toContain('expected a certificate in PEM, found none')
  expect(await subject(at.implicit)).toBe('new.test')
  const shown = await mailgw(['status', '--state-dir', gateway.stateDir])
  expect(shown.out).toContain('not renewed: ')
})

test('an apply whose certificate cannot be used is refused, and names the file and the reason', async () => {
  const at = await ports()
  const files = tempFolder()
  const main = pair(files, 'main', 'old.test')
  const other = pair(files, 'other', 'other.test')
  const gateway = await startGateway(withTls(at, { main }))
  const { graph } = await gateway.status()
  for (const [certificate, why] of [
    [{ ...main, key: join(files, 'none.key') }, `${join(files, 'none.key')}: there is no such file`],
    [{ ...main, key: other.key }, `${other.key}: not the key of ${main.cert}`],
  ] as const) {
    const refused = await gateway.apply(withTls(at, { main: certificate }))
    expect(refused.code).toBe(1)
    expect(refused.err + refused.out).toContain(`a certificate cannot be used: certificate main: ${why}`)
    expect((await gateway.status()).graph).toBe(graph)
  }
  expect(await subject(at.implicit)).toBe('old.test')
})

test('a listener that gets another certificate, or none, keeps its socket and its sessions', async () => {
  const at = await ports()
  const files = tempFolder()
  const [main, other] = [pair(files, 'main', 'old.test'), pair(files, 'other', 'other.test')]
  const gateway = await startGateway(withTls(at, { main }))
  const [clear, secure] = [await openClient(at.clear), await tlsWire({ port: at.implicit, host: '127.0.0.1' })]
  const applied = await gateway.apply(withTls(at, { other }))
  expect(applied, applied.err).toMatchObject({ code: 0 })
  expect(JSON.parse(applied.out).listeners).toEqual({ kept: ['inside', 'secure'], opened: [], closed: [] })
  expect(await subject(at.implicit)).toBe('other.test')
  await send(secure)
  const without = site({ port: at.clear, localMx: {} })
  expect(await gateway.apply(without)).toMatchObject({ code: 0 })
  expect((await gateway.status()).certificates).toEqual([])
  // A session that began before, in a listener that no longer has TLS: it hears of that when it asks.
  expect(await clear.say('STARTTLS')).toMatch(/^454 /)
  const fresh = await openClient(at.clear)
  expect(await fresh.say('STARTTLS')).toMatch(/^502 /)
})

test('a gateway whose certificate is missing at the start says which and why', async () => {
  const at = await ports()
  const folder = tempFolder()
  const document = withTls(at, { main: { cert: join(folder, 'no.pem'), key: join(folder, 'no.key') } })
  writeFileSync(join(folder, 'mailgw.config.json'), JSON.stringify(document))
  const { code, err } = await mailgw([
    'serve',
    '--config',
    join(folder, 'mailgw.config.json'),
    '--state-dir',
    join(folder, 'state'),
  ])
  expect(code).toBe(1)
  expect(err).toContain(
    `a certificate cannot be used: certificate main: ${join(folder, 'no.pem')}: there is no such file`,
  )
  // One sentence for a person, and no trace of where in the program it was found.
  expect(err).not.toContain('    at ')
})

test('the client of a balancer is who the document asks about', async () => {
  const port = await freePort()
  const listeners = { inside: { kind: 'mx', bind: `127.0.0.1:${port}`, proxy: { from: ['127.0.0.1'] } } }
  const deny = [{ when: { client: '192.0.2.0/24' }, then: { reject: { code: 554, text: '5.7.1 not from there' } } }]
  await startGateway(site({ port, localMx: {}, listeners, deny, trusted: ['198.51.100.0/24'] }))
  const greeting = async (header: string) => {
    const wire = await tcpWire(port)
    onTestFinished(() => wire.destroy())
    await wire.send(Buffer.from(header))
    await soon(() => wire.came() !== '')
    return wire
  }
  const good = await greeting('PROXY TCP4 198.51.100.7 127.0.0.1 1000 25\r\n')
  expect(good.came()).toMatch(/^220 /)
  await say(good, 'EHLO c.test\r\n', /^250 /m)
  expect(await say(good, 'MAIL FROM:<a@here.test>\r\nRCPT TO:<b@far.test>\r\n', /4 no way there|5\.7\.1/)).toMatch(
    /5\.4\.4/,
  )
  const denied = await greeting('PROXY TCP4 192.0.2.7 127.0.0.1 1000 25\r\n')
  const heard =
    denied.came() +
    (await say(
      denied,
      'EHLO c.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<ann@here.test>\r\n',
      /not from there|only QUIT/,
    ))
  expect(heard).toContain('5.7.1 not from there')
})
