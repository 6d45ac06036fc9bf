import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import type { Status } from '../../src/admin/operations.ts'
import { authority } from '../support/certificates.ts'
import { startFreeradius } from '../support/freeradius.ts'
import { mailgw, startGateway } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { person, readerPassword, startSlapd } from '../support/slapd.ts'
import { type Client, openClient, queuedId } from './client.ts'
import { site } from './site.ts'

const readerSecret = { $secret: 'env:READER' }
const radiusSecret = { $secret: 'env:RADIUS' }
const env = { READER: readerPassword, RADIUS: 'between us' }

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const plain = (client: Client, login: string, password: string): Promise<string> =>
  client.say(`AUTH PLAIN ${base64(`\0${login}\0${password}`)}`)

/** A hash of the kind that most systems have, made by another program than ours. */
function sha512crypt(password: string): string {
  const { stdout } = spawnSync('openssl', ['passwd', '-6', '-salt', 'saltsalt', password], { encoding: 'utf8' })
  return stdout.trim()
}

describe.skipIf(!peers('slapd', 'freeradius', 'openssl'))('logins at a gateway', { timeout: 60_000 }, () => {
  async function started() {
    const folder = tempFolder()
    const ca = authority(folder, 'ca')
    const people = person('alice', 'wonderland', ['mail: alice@here.test'])
    const directory = await startSlapd({ people, tls: ca.sign('ldap', '/CN=ldap') })
    const radius = await startFreeradius({ secret: env.RADIUS, users: { bob: 'builder' } })
    const port = await freePort()
    const users = { id: 'devices', users: { scanner: { hash: sha512crypt('beep') } } }
    const ldap = {
      id: 'staff',
      cache: 'off',
      ldap: {
        urls: [`ldap://127.0.0.1:${directory.port}`],
        startTls: true,
        ca: ca.cert,
        search: {
          base: 'dc=example,dc=test',
          filter: '(uid={login})',
          bind: { dn: 'cn=reader,dc=example,dc=test', password: readerSecret },
        },
        addresses: 'mail',
      },
    }
    const token = { id: 'token', radius: { servers: `127.0.0.1:${radius.port}`, secret: radiusSecret } }
    const document = (credentials: readonly object[]) =>
      site({
        port,
        listeners: {
          inside: {
            kind: 'submission',
            bind: `127.0.0.1:${port}`,
            login: { required: true, mechanisms: ['PLAIN', 'LOGIN'], clearTextFrom: ['127.0.0.0/8'] },
          },
        },
        localMx: {},
        credentials,
      })
    const gateway = await startGateway(document([users, ldap, token]), { env })
    return { gateway, port, document, users, ldap, token, directory, people, ca }
  }

  test('each back-end is asked in its turn, a broken one is 454 and never 535, and the status says so', async () => {
    const { gateway, port, directory } = await started()
    // Each from an address of its own: who fails is made to wait.
    let clients = 1
    const ask = async (login: string, password: string) => {
      const client = await openClient(port, `127.0.0.${++clients}`)
      const reply = await plain(client, login, password)
      client.close()
      return reply
    }
    expect(await ask('scanner', 'beep')).toMatch(/^235 2\.7\.0/)
    expect(await ask('alice', 'wonderland')).toMatch(/^235 2\.7\.0/)
    expect(await ask('bob', 'builder')).toMatch(/^235 2\.7\.0/)
    for (const [login, password] of [
      ['scanner', 'boop'],
      ['alice', 'builder'],
      ['bob', 'wonderland'],
      ['nobody', 'wonderland'],
    ]) {
      expect(await ask(login!, password!)).toMatch(/^535 5\.7\.8/)
    }
    await directory.peer.stop('SIGKILL')
    expect(await ask('alice', 'wonderland')).toMatch(/^454 4\.7\.0/)
    expect(await ask('bob', 'builder')).toMatch(/^454 4\.7\.0/)
    expect(await ask('scanner', 'beep')).toMatch(/^235/)
    const { credentials } = await gateway.ask<Status>('status')
    expect(credentials).toMatchObject([
      { id: 'devices', kind: 'users', state: 'ok', accepted: 2, refused: 1 },
      { id: 'staff', kind: 'ldap', state: 'failing', accepted: 1, refused: 1, unknown: 3, errors: 2 },
      { id: 'token', kind: 'radius', state: 'ok', accepted: 1, refused: 2 },
    ])
    const { out } = await mailgw(['status', '--state-dir', gateway.stateDir])
    expect(out).toMatch(/staff +ldap +failing for .+ECONNREFUSED/)
    const failing = gateway.log().filter(({ event }) => event === 'credentials.failing')
    expect(failing).toMatchObject([{ level: 'warn', backend: 'staff' }])
    const text = JSON.stringify(gateway.log())
    for (const secret of ['wonderland', 'builder', 'beep', ...Object.values(env)]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(base64(secret).slice(0, 6))
    }
  })

  test('an apply changes who may log in, and leaves sessions that have', async () => {
    const { gateway, port, document, users, ldap } = await started()
    const [before, waiting] = [await openClient(port), await openClient(port)]
    expect(await plain(before, 'alice', 'wonderland')).toMatch(/^235/)
    expect((await gateway.apply(document([users]))).code).toBe(0)
    expect(await plain(waiting, 'alice', 'wonderland')).toMatch(/^535/)
    const replies = await before.replies(3, 'MAIL FROM:<alice@here.test>', 'RCPT TO:<bob@here.test>', 'DATA')
    expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['250', '250', '354'])
    queuedId(await before.say('Subject: x\r\n\r\nhello\r\n.'))
    expect((await gateway.apply(document([users, ldap]))).code).toBe(0)
    expect(await plain(await openClient(port), 'alice', 'wonderland')).toMatch(/^235/)
  })

  test('a secret or a file that cannot be had refuses the apply, and everything stays as it was', async () => {
    const { gateway, port, document, users, token } = await started()
    const missing = { ...token, radius: { ...token.radius, secret: { $secret: 'env:MAILGW_NOT_THERE' } } }
    const { code, out, err } = await gateway.apply(document([users, missing]))
    expect(code).toBe(1)
    expect(out + err).toContain('credentials token: secret env:MAILGW_NOT_THERE: the environment variable is not set')
    const program = { id: 'pam', exec: '/nonexistent/check' }
    const file = { id: 'local', file: '/nonexistent/users' }
    const without = await gateway.apply(document([users, program, file]))
    expect(without.code).toBe(1)
    const said = without.out + without.err
    expect(said).toContain('credentials pam: /nonexistent/check cannot be run: ENOENT')
    expect(said).toContain('credentials local: /nonexistent/users cannot be read: ENOENT')
    expect(await plain(await openClient(port), 'alice', 'wonderland')).toMatch(/^235/)
  })
})
