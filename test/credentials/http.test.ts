import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { CredentialSettings, HttpLoginSettings } from '../../src/mail/login-settings.ts'
import { authority } from '../support/certificates.ts'
import { freePort, tempFolder } from '../support/peer.ts'
import { authenticatorOf, context, usual } from './support.ts'

type Answer = { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
type Asked = { readonly request: IncomingMessage; readonly body: string }

/** An endpoint on loopback that keeps what it was asked. */
async function endpoint(answer: (asked: Asked) => Answer | 'hang', tls?: { cert: string; key: string }) {
  const asked: Asked[] = []
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      asked.push({ request, body })
      const said = answer({ request, body })
      if (said === 'hang') return
      response.writeHead(said.status, said.headers ?? {})
      response.end(said.body ?? '')
    })
  }
  const keys = tls === undefined ? null : { cert: readFileSync(tls.cert), key: readFileSync(tls.key) }
  const server = keys === null ? createServer(serve) : createTlsServer(keys, serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, asked }
}

type Given = Partial<HttpLoginSettings> & Partial<Pick<CredentialSettings, 'timeoutMs' | 'cacheMs'>>

function http(url: string, given: Given = {}) {
  const settings: CredentialSettings = { ...usual, kind: 'http', url, header: null, ca: null, ...given }
  return authenticatorOf([settings], { 'env:KEY': 'Bearer of secrets' })
}

const ask = async (url: string, given: Given = {}) =>
  await http(url, given).authenticator.checkPassword('alice', 'wonderland', context)

// MR-21
describe('an HTTP endpoint', () => {
  test('is asked by POST with JSON, and shown our secret', async () => {
    const { port, asked } = await endpoint(() => ({
      status: 200,
      body: '{"accepted": true, "addresses": ["a@x.test"]}',
    }))
    const header = { name: 'Authorization', value: { $secret: 'env:KEY' } }
    const answer = await ask(`http://127.0.0.1:${port}/login?v=1`, { header })
    expect(answer).toEqual({ kind: 'accepted', login: 'alice', addresses: ['a@x.test'] })
    const [{ request, body }] = asked as [Asked]
    expect(request).toMatchObject({ method: 'POST', url: '/login?v=1' })
    expect(request.headers).toMatchObject({ authorization: 'Bearer of secrets', 'content-type': 'application/json' })
    expect(JSON.parse(body)).toEqual({
      login: 'alice',
      password: 'wonderland',
      client: '192.0.2.7',
      listener: 'submission',
      tls: true,
    })
  })

  test.each([
    ['200 with accepted: true', { status: 200, body: '{"accepted":true}' }, 'accepted'],
    ['200 with accepted: false', { status: 200, body: '{"accepted":false}' }, 'refused'],
    ['401', { status: 401, body: 'no' }, 'refused'],
    ['200 with nothing', { status: 200 }, 'error'],
    ['200 with a page', { status: 200, body: '<h1>Sign in</h1>' }, 'error'],
    ['200 with accepted: "true"', { status: 200, body: '{"accepted":"true"}' }, 'error'],
    ['200 with an array', { status: 200, body: '[true]' }, 'error'],
    ['200 with addresses that are none', { status: 200, body: '{"accepted":true,"addresses":"*"}' }, 'error'],
    ['200 with a login that is none', { status: 200, body: '{"accepted":true,"login":"a\\r\\nb"}' }, 'error'],
    ['200 with too much', { status: 200, body: `{"accepted":true,"x":"${'x'.repeat(300_000)}"}` }, 'error'],
    ['204', { status: 204 }, 'error'],
    ['403', { status: 403 }, 'error'],
    ['404', { status: 404 }, 'error'],
    ['500', { status: 500 }, 'error'],
  ])('%s is %s', async (_name, said, want) => {
    const { port } = await endpoint(() => said)
    expect((await ask(`http://127.0.0.1:${port}/`)).kind).toBe(want)
  })

  test('a redirect is not followed: the password is for the one endpoint of the document', async () => {
    const other = await endpoint(() => ({ status: 200, body: '{"accepted":true}' }))
    const headers = { location: `http://127.0.0.1:${other.port}/` }
    for (const status of [301, 302, 307, 308]) {
      const { port } = await endpoint(() => ({ status, headers }))
      expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'error' })
    }
    expect(other.asked).toEqual([])
  })

  test('a connection that was kept and is closed at this moment is replaced without anybody noticing', async () => {
    const sockets = new Map<unknown, number>()
    const { port, asked } = await endpoint(({ request }) => {
      const times = (sockets.get(request.socket) ?? 0) + 1
      sockets.set(request.socket, times)
      if (times === 2) request.socket.destroy()
      return { status: 200, body: '{"accepted":true}' }
    })
    const { authenticator } = http(`http://127.0.0.1:${port}/`)
    for (const login of ['a', 'b', 'c']) {
      expect(await authenticator.checkPassword(login, 'p', context)).toMatchObject({ kind: 'accepted' })
    }
    expect(asked.length).toBeGreaterThan(3)
    expect(authenticator.health()).toMatchObject([{ errors: 0 }])
  })

  test('one that says nothing, hangs up, or is not there is an error', async () => {
    const silent = await endpoint(() => 'hang')
    const timeoutMs = 300
    const late = await ask(`http://127.0.0.1:${silent.port}/`, { timeoutMs })
    expect(late).toEqual({ kind: 'error', why: 'one: no answer within 0.3 s' })
    const gone = await ask(`http://127.0.0.1:${await freePort()}/`)
    expect(gone).toMatchObject({ kind: 'error', why: expect.stringContaining('ECONNREFUSED') })
  })

  test('secrets go to another machine in TLS alone, and only to who has the certificate', async () => {
    const clear = await ask('http://198.51.100.1/login?key=abc')
    expect(clear).toEqual({ kind: 'error', why: 'one: http://198.51.100.1/login: secrets are not sent without TLS' })
    const folder = tempFolder()
    const ca = authority(folder, 'ca')
    const { port } = await endpoint(() => ({ status: 200, body: '{"accepted":true}' }), ca.sign('web', '/CN=web'))
    expect(await ask(`https://127.0.0.1:${port}/`, { ca: ca.cert })).toMatchObject({ kind: 'accepted' })
    const unknown = await ask(`https://127.0.0.1:${port}/`)
    expect(unknown).toMatchObject({ kind: 'error', why: expect.stringMatching(/certificate/) })
    const misnamed = await ask(`https://localhost:${port}/`, { ca: ca.cert })
    expect(misnamed).toMatchObject({ kind: 'error', why: expect.stringContaining('altnames') })
  })
})
