import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createPlain, type RequestListener, type Server } from 'node:http'
import { createServer as createTls } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { gatewayClient } from '../../../src/cli/fleet/gateway-client.ts'
import { socketIn } from '../../../src/cli/fleet/wire.ts'
import type { GatewayReach } from '../../../src/config/document.ts'
import { authority } from '../../support/certificates.ts'
import { peers, tempFolder } from '../../support/peer.ts'

const openssl = peers('openssl')
const hash = `g1:${'a'.repeat(52)}`

async function listening(server: Server, where: string | 0): Promise<Server> {
  await new Promise<void>((resolve) =>
    where === 0 ? server.listen(0, '127.0.0.1', resolve) : server.listen(where, resolve),
  )
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

const answer =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

function clientOf(reach: GatewayReach, folder: string, askMs = 5000) {
  const client = gatewayClient({ name: 'gw1', reach, folder, timeouts: { askMs, prepareMs: askMs } })
  onTestFinished(() => client.close())
  return client
}

describe('over a unix socket', () => {
  let folder: string
  beforeEach(() => {
    folder = tempFolder()
  })
  const here = (): GatewayReach => ({ kind: 'unix', path: 'state' })
  const serve = async (handle: RequestListener) => {
    mkdirSync(join(folder, 'state'))
    await listening(createPlain(handle), join(folder, 'state', 'admin.sock'))
  }

  test('the socket of a state folder beside the document is asked', async () => {
    await serve((request, response) => answer(200, { hash, asked: request.url })(request, response))
    expect(await clientOf(here(), folder).confirm(hash)).toEqual({ kind: 'ok', value: { hash, asked: '/v1/confirm' } })
  })

  test('a graph travels as it is, and is named in the path', async () => {
    let got = ''
    await serve((request, response) => {
      request.on('data', (chunk) => (got += chunk))
      request.on('end', () => answer(201, { hash, known: false })(request, response))
    })
    const sent = JSON.stringify({ text: 'é'.repeat(100_000) })
    expect(await clientOf(here(), folder).upload(hash, sent)).toMatchObject({ kind: 'ok', value: { known: false } })
    expect(got === sent).toBe(true)
  })

  test('what it will not do is told in its own words', async () => {
    await serve(answer(422, { error: 'relay isp: secret env:ISP: the environment variable is not set' }))
    expect(await clientOf(here(), folder).confirm(hash)).toEqual({
      kind: 'refused',
      status: 422,
      error: 'relay isp: secret env:ISP: the environment variable is not set',
    })
  })

  test('another active graph is an answer of its own', async () => {
    await serve(answer(412, { error: 'the base moved', active: 'g1:x', expected: hash }))
    expect(await clientOf(here(), folder).confirm(hash)).toMatchObject({
      kind: 'moved',
      active: 'g1:x',
      expected: hash,
    })
  })

  const oddities: [rule: string, handle: RequestListener, want: RegExp][] = [
    ['an answer that is no JSON', answer(200, 'hello'), /expected JSON, got "hello"/],
    ['a connection that is cut', (request) => request.socket.destroy(), /it broke off/],
    [
      'an answer that stops in the middle',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('{')
        setTimeout(() => response.destroy(), 20)
      },
      /it broke off|aborted/,
    ],
    ['no answer at all', () => {}, /no answer within 0.2 s/],
  ]
  test.each(oddities)('%s is silence: nobody knows whether it was done', async (_rule, handle, want) => {
    await serve(handle)
    const said = await clientOf(here(), folder, 200).confirm(hash)
    expect(said).toMatchObject({ kind: 'silent', error: expect.stringMatching(want) })
    expect(said).toMatchObject({ error: expect.stringContaining('POST /v1/confirm') })
  })

  test('no gateway is silence too, and the next call finds one that was started', async () => {
    const client = clientOf(here(), folder)
    expect(await client.status()).toMatchObject({
      kind: 'silent',
      error: expect.stringMatching(/no gateway is running/),
    })
    await serve(answer(200, { graph: hash }))
    expect(await client.status()).toMatchObject({ kind: 'ok' })
  })
})

describe.skipIf(!openssl)('over TLS', () => {
  async function tlsGateway(handle: RequestListener) {
    const folder = tempFolder()
    const ours = authority(folder, 'ca')
    const { cert, key } = ours.sign('gateway', '/CN=gateway')
    const mine = ours.sign('deploy', '/CN=deploy')
    const options = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ours.cert), requestCert: true }
    const server = await listening(createTls({ ...options, rejectUnauthorized: false }, handle), 0)
    const reach = (more: object): GatewayReach => ({
      ...{ kind: 'tls', host: '127.0.0.1', port: (server.address() as AddressInfo).port },
      ...{ ca: ours.cert, certificate: null, token: null, ...more },
    })
    return { folder, reach, mine }
  }

  test('a token is resolved here and shown there', async () => {
    const { folder, reach } = await tlsGateway((request, response) =>
      answer(200, { authorization: request.headers.authorization })(request, response),
    )
    writeFileSync(join(folder, 'token'), 'mgw_secret\n', { mode: 0o600 })
    const client = clientOf(reach({ token: { $secret: `file:${join(folder, 'token')}` } }), folder)
    expect(await client.status()).toEqual({ kind: 'ok', value: { authorization: 'Bearer mgw_secret' } })
  })

  test('a token that cannot be had is told without it', async () => {
    const { folder, reach } = await tlsGateway(answer(200, {}))
    const client = clientOf(reach({ token: { $secret: 'env:MAILGW_TEST_UNSET' } }), folder)
    expect(await client.status()).toMatchObject({
      kind: 'silent',
      error: expect.stringContaining('secret env:MAILGW_TEST_UNSET: the environment variable is not set'),
    })
  })

  test('a certificate is shown, from files beside the document', async () => {
    const { folder, reach, mine } = await tlsGateway((request, response) => {
      const { authorized } = request.socket as unknown as { authorized: boolean }
      answer(200, { authorized })(request, response)
    })
    expect(mine.cert.startsWith(folder)).toBe(true)
    const client = clientOf(reach({ certificate: { cert: 'deploy.pem', key: 'deploy.key' } }), folder)
    expect(await client.status()).toEqual({ kind: 'ok', value: { authorized: true } })
  })

  test('a gateway that nobody vouches for hears nothing', async () => {
    let asked = 0
    const { folder, reach } = await tlsGateway((request, response) => {
      asked++
      answer(200, {})(request, response)
    })
    const client = clientOf(reach({ ca: null, token: { $secret: 'env:PATH' } }), folder)
    expect(await client.status()).toMatchObject({ kind: 'silent', error: expect.stringMatching(/certificate/) })
    expect(asked).toBe(0)
  })

  test('a certificate for another name is no proof', async () => {
    const { folder, reach } = await tlsGateway(answer(200, {}))
    const client = clientOf(reach({ host: 'localhost', token: { $secret: 'env:PATH' } }), folder)
    expect(await client.status()).toMatchObject({ kind: 'silent', error: expect.stringMatching(/localhost/) })
  })
})

describe('over ssh', () => {
  /** Stands for ssh: notes its arguments, and forwards as -L says, or does what `FAKE_SSH` asks. */
  function fakeSsh(folder: string): string {
    const file = join(folder, 'bin', 'ssh')
    mkdirSync(join(folder, 'bin'))
    writeFileSync(
      file,
      `#!${process.execPath}
const { appendFileSync } = require('node:fs')
const { createConnection, createServer } = require('node:net')
const args = process.argv.slice(2)
appendFileSync(${JSON.stringify(join(folder, 'calls'))}, JSON.stringify(args) + '\\n')
if (process.env.FAKE_SSH === 'refuse') {
  process.stderr.write('Host key verification failed.\\n')
  process.exit(255)
}
const [local, remote] = args[args.indexOf('-L') + 1].split(':')
createServer((socket) => {
  const there = createConnection(remote)
  socket.pipe(there).pipe(socket)
  there.on('error', () => socket.destroy())
  socket.on('error', () => there.destroy())
}).listen(local)
process.on('SIGTERM', () => process.exit(0))
`,
    )
    chmodSync(file, 0o755)
    return join(folder, 'bin')
  }
  let folder: string
  beforeEach(() => {
    folder = tempFolder()
    const { PATH, FAKE_SSH } = process.env
    process.env['PATH'] = `${fakeSsh(folder)}:${PATH}`
    onTestFinished(() => {
      process.env['PATH'] = PATH
      if (FAKE_SSH === undefined) delete process.env['FAKE_SSH']
    })
  })
  const calls = (): string[][] =>
    readFileSync(join(folder, 'calls'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const there = (path: string, more: object = {}): GatewayReach => ({
    ...{ kind: 'ssh', user: 'mail', host: 'gw2.corp.example', port: 2222, path, ...more },
  })

  test('the socket there is forwarded, once for all calls, by arguments and without a command', async () => {
    const socket = join(folder, 'admin.sock')
    await listening(createPlain(answer(200, { hash })), socket)
    const client = clientOf(there(folder), folder)
    expect(await client.confirm(hash)).toEqual({ kind: 'ok', value: { hash } })
    expect(await client.confirm(hash)).toEqual({ kind: 'ok', value: { hash } })
    const [args, ...more] = calls()
    expect(more).toEqual([])
    expect(args).toContain('BatchMode=yes')
    expect(args).toContain('-N')
    expect(args!.find((one) => one.endsWith(`:${socket}`))).toMatch(/^\/.*\/admin\.sock:/)
    expect(args!.slice(-6)).toEqual(['-p', '2222', '-l', 'mail', '--', 'gw2.corp.example'])
  })

  test('what ssh says is what is told', async () => {
    process.env['FAKE_SSH'] = 'refuse'
    expect(await clientOf(there('/var/lib/mailgw'), folder).status()).toMatchObject({
      kind: 'silent',
      error: 'ssh mail@gw2.corp.example:2222 /var/lib/mailgw/admin.sock: GET /v1/status: Host key verification failed.',
    })
  })

  test('no gateway behind the tunnel is silence', async () => {
    const client = clientOf(there(join(folder, 'nothing.sock'), { user: null, port: null }), folder)
    expect(await client.status()).toMatchObject({ kind: 'silent', error: expect.stringContaining('it broke off') })
    expect(calls()[0]!.slice(-2)).toEqual(['--', 'gw2.corp.example'])
    expect(calls()[0]).not.toContain('-p')
  })
})

test('a path that ends in .sock is a socket, any other one a state folder', () => {
  expect(socketIn('/run/mailgw.sock')).toBe('/run/mailgw.sock')
  expect(socketIn('/var/lib/mailgw/')).toBe('/var/lib/mailgw/admin.sock')
})
