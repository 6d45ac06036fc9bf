import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newToken } from '../../src/admin/access.ts'
import type { AdminScope } from '../../src/mail/settings.ts'
import { activated, call, compiled, type Door, journalOf, prepareOf, socketOf, upload } from '../support/admin.ts'
import { authority } from '../support/certificates.ts'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { site } from './site.ts'

const openssl = peers('openssl')
const tokens = { reader: newToken(), preparer: newToken(), all: newToken() }
const known = (scopes: Readonly<Record<string, readonly AdminScope[]>>) =>
  Object.fromEntries(
    Object.entries(scopes).map(([name, list]) => [
      name,
      { sha256: tokens[name as keyof typeof tokens].sha256, scopes: list },
    ]),
  )
const withToken = (port: number, token: string): Door => ({
  host: '127.0.0.1',
  port,
  headers: { authorization: `Bearer ${token}` },
})

// EX-16
describe('tokens', () => {
  async function started() {
    const [port, adminPort] = [await freePort(), await freePort()]
    const admin = {
      bind: `127.0.0.1:${adminPort}`,
      tokens: known({
        reader: ['read'],
        preparer: ['read', 'prepare'],
        all: ['read', 'prepare', 'activate', 'overlay'],
      }),
    }
    const document = (more: object = {}) => site({ port, localMx: { '*': 'hold' }, admin, ...more })
    return { port, adminPort, document, gateway: await startGateway(document()) }
  }

  test('each call needs its scope; who shows nothing gets 401, who may not gets 403, and the log says the rest', async () => {
    const { adminPort, document, gateway } = await started()
    const reader = withToken(adminPort, tokens.reader.token)
    const preparer = withToken(adminPort, tokens.preparer.token)
    const nobody: Door = { host: '127.0.0.1', port: adminPort }
    const { hash, bundle } = await compiled(gateway, document({ deny: [{ when: { recipient: 'x@here.test' } }] }))

    expect((await call(reader, 'GET', '/v1/status')).status).toBe(200)
    expect(await call(reader, 'PUT', `/v1/graphs/${hash}`, bundle)).toEqual({
      status: 403,
      body: { error: 'not allowed' },
    })
    expect((await call(preparer, 'PUT', `/v1/graphs/${hash}`, bundle)).status).toBe(201)
    expect((await call(preparer, 'PUT', `/v1/graphs/${hash}`, bundle)).status).toBe(200)
    const prepared = await call<{ token: string }>(preparer, 'POST', '/v1/prepare', prepareOf(hash))
    expect(prepared.status).toBe(200)
    for (const path of ['/v1/activate', '/v1/confirm', '/v1/rollback']) {
      expect((await call(preparer, 'POST', path, {})).status, path).toBe(403)
    }
    // What is an operator's on the machine has no scope, and the queue has one of its own.
    for (const path of ['/apply', '/stop', '/v1/queue/retry', '/v1/queue/drop']) {
      expect((await call(withToken(adminPort, tokens.all.token), 'POST', path, {})).status, path).toBe(403)
    }
    for (const path of ['/v1/status', '/v1/journal', '/v1/nothing', '/status', '/queue', '/graph']) {
      expect(await call(nobody, 'GET', path), path).toEqual({ status: 401, body: { error: 'not authorized' } })
    }
    const wrong = tokens.reader.token.slice(0, -1)
    expect((await call(withToken(adminPort, wrong), 'GET', '/v1/status')).status).toBe(401)
    const basic = { host: '127.0.0.1', port: adminPort, headers: { authorization: 'Basic cmVhZGVyOg==' } }
    expect((await call(basic, 'GET', '/v1/status')).status).toBe(401)
    expect(await gateway.logged('admin.refused', ({ why }) => why === 'needs activate')).toMatchObject({
      actor: 'token:preparer',
      peer: '127.0.0.1',
      path: '/v1/activate',
    })
    await gateway.logged('admin.refused', ({ why }) => why === 'the token is not known')
    expect((await journalOf(gateway)).entries.at(-1)).toMatchObject({ action: 'prepare', actor: 'token:preparer' })
    expect(JSON.stringify(gateway.log())).not.toContain(tokens.preparer.token)
  })

  test('a token that the next graph does not have is none from then on, on open connections too', async () => {
    const { adminPort, document, gateway } = await started()
    const reader = withToken(adminPort, tokens.reader.token)
    expect((await call(reader, 'GET', '/v1/status')).status).toBe(200)
    const admin = { bind: `127.0.0.1:${adminPort}`, tokens: known({ all: ['read'] }) }
    const { hash } = await activated(gateway, document({ admin }), { confirmWithinMs: 600_000 })
    expect((await call(reader, 'GET', '/v1/status')).status).toBe(401)
    expect((await call(withToken(adminPort, tokens.all.token), 'POST', '/v1/confirm', { hash })).status).toBe(403)
    await call(socketOf(gateway), 'POST', '/v1/rollback', { to: null, reason: 'x' })
    expect((await call(reader, 'GET', '/v1/status')).status).toBe(200)
  })

  test('a graph that moves the admin API answers the one who asked, and goes back with it', async () => {
    const { adminPort, document, gateway } = await started()
    const other = await freePort()
    const all = withToken(adminPort, tokens.all.token)
    const admin = { bind: `127.0.0.1:${other}`, tokens: known({ all: ['read'] }) }
    const hash = await upload(gateway, document({ admin }))
    const { body } = await call<{ token: string }>(all, 'POST', '/v1/prepare', prepareOf(hash))
    const request = { token: body.token, confirmWithinMs: 1000, gates: null, shadow: false, holdQueue: false }
    expect((await call(all, 'POST', '/v1/activate', request)).status).toBe(200)
    expect((await call(withToken(other, tokens.all.token), 'GET', '/v1/status')).status).toBe(200)
    await expect(call(all, 'GET', '/v1/status')).rejects.toThrow('ECONNREFUSED')
    await gateway.logged('trial.rolled-back')
    expect((await call(all, 'GET', '/v1/status')).status).toBe(200)
  })

  test('an upload that says it is larger than 512 MB is refused before anything of it is read', async () => {
    const { adminPort } = await started()
    const status = await new Promise<number>((resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port: adminPort,
        method: 'PUT',
        path: `/v1/graphs/g1:${'a'.repeat(52)}`,
        headers: { authorization: `Bearer ${tokens.preparer.token}`, 'content-length': 600 * 2 ** 20 },
      })
      sent.on('response', (response) => {
        resolve(response.statusCode ?? 0)
        sent.destroy()
      })
      sent.on('error', reject)
      sent.write('{')
    })
    expect(status).toBe(413)
  })
})

describe.skipIf(!openssl)('certificates', () => {
  async function started() {
    const folder = tempFolder()
    const [port, adminPort] = [await freePort(), await freePort()]
    const [servers, clients, strangers] = ['servers', 'clients', 'strangers'].map((name) => authority(folder, name))
    const server = servers!.sign('gateway', '/CN=gateway')
    const tls = { cert: server.cert, key: server.key, clientCa: clients!.cert }
    const admin = {
      bind: `127.0.0.1:${adminPort}`,
      tls,
      tokens: known({ reader: ['read'] }),
      certificates: { 'O=Corp\\, Inc.,CN=deploy': { scopes: ['read', 'prepare', 'activate'] } },
    }
    const document = (more: object = {}) => site({ port, localMx: { '*': 'hold' }, admin, ...more })
    const ca = readFileSync(servers!.cert)
    const door = (more: object = {}): Door => ({ tls: true, host: '127.0.0.1', port: adminPort, ca, ...more })
    const shown = ({ cert, key }: { cert: string; key: string }) => ({
      cert: readFileSync(cert),
      key: readFileSync(key),
    })
    return { folder, admin, document, door, shown, clients: clients!, strangers: strangers!, tls }
  }

  test('a subject with scopes gets in, another one does not, nor one that a stranger signed', async () => {
    const { document, door, shown, clients, strangers } = await started()
    const gateway = await startGateway(document())
    const deploy = shown(clients.sign('deploy', '/O=Corp, Inc./CN=deploy'))
    expect((await call(door(deploy), 'GET', '/v1/status')).status).toBe(200)
    const next = await upload(gateway, document({ localMx: { '*': 'discard' } }))
    const { status } = await call(door(deploy), 'POST', '/v1/prepare', prepareOf(next))
    expect(status).toBe(200)
    expect((await journalOf(gateway)).entries.at(-1)).toMatchObject({ actor: 'certificate:O=Corp\\, Inc.,CN=deploy' })

    const refused = async (subject: string, file: string) =>
      (await call(door(shown(clients.sign(file, subject))), 'GET', '/v1/status')).status
    expect(await refused('/CN=deploy', 'short')).toBe(401)
    // One attribute that reads like two.
    expect(await refused('/O=Corp\\\\, Inc.,CN=deploy', 'forged')).toBe(401)
    const forged = shown(strangers.sign('stranger', '/O=Corp, Inc./CN=deploy'))
    expect((await call(door(forged), 'GET', '/v1/status')).status).toBe(401)
    expect((await call(door(), 'GET', '/v1/status')).status).toBe(401)
    const reader = door({ headers: { authorization: `Bearer ${tokens.reader.token}` } })
    expect((await call(reader, 'GET', '/v1/status')).status).toBe(200)
    await expect(call({ host: '127.0.0.1', port: Number(door().port) }, 'GET', '/v1/status')).rejects.toThrow()
  })

  test('a certificate that is none stops a prepare, and the gateway that would start with it', async () => {
    const { folder, document, admin, tls } = await started()
    const gateway = await startGateway(document())
    const bad = join(folder, 'bad.pem')
    writeFileSync(bad, 'no certificate\n')
    const hash = await upload(gateway, document({ admin: { ...admin, tls: { ...tls, cert: bad } } }))
    const refused = await call(socketOf(gateway), 'POST', '/v1/prepare', prepareOf(hash))
    expect(refused.status).toBe(422)
    expect(refused.body['error']).toMatch(/^the admin API cannot be opened: certificate .*bad\.pem/)
    const gone = await upload(
      gateway,
      document({ admin: { ...admin, tls: { ...tls, key: join(folder, 'gone.key') } } }),
    )
    const missing = await call(socketOf(gateway), 'POST', '/v1/prepare', prepareOf(gone))
    expect(missing.body['error']).toMatch(/the key cannot be read: ENOENT/)
  })

  test('a renewed certificate is shown after the same graph is put live again', async () => {
    const { document, door, folder, shown, clients } = await started()
    const gateway = await startGateway(document())
    const deploy = shown(clients.sign('deploy', '/O=Corp, Inc./CN=deploy'))
    expect((await call(door(deploy), 'GET', '/v1/status')).status).toBe(200)
    const renewed = authority(folder, 'renewed')
    renewed.sign('gateway', '/CN=gateway')
    await activated(gateway, document())
    const ca = readFileSync(renewed.cert)
    await until(
      'the new one is shown',
      async () => (await call(door({ ...deploy, ca }), 'GET', '/v1/status')).status === 200,
    )
  })
})
