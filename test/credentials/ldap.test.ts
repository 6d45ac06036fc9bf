import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/mail/clock.ts'
import type { CredentialSettings, LdapSettings } from '../../src/mail/login-settings.ts'
import { authority } from '../support/certificates.ts'
import { until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { person, readerPassword, startSlapd } from '../support/slapd.ts'
import { authenticatorOf, context, usual } from './support.ts'

const secrets = { 'env:READER': readerPassword }
const found = {
  kind: 'search',
  base: 'dc=example,dc=test',
  filter: '(&(objectClass=inetOrgPerson)(|(uid={login})(mail={login})))',
  scope: 'sub',
  bind: { dn: 'cn=reader,dc=example,dc=test', password: { $secret: 'env:READER' } },
} as const

type Given = Partial<LdapSettings> & Partial<Pick<CredentialSettings, 'cacheMs' | 'timeoutMs' | 'onError'>>

function ldap(urls: readonly string[], given: Given = {}) {
  const settings = {
    kind: 'ldap',
    urls,
    startTls: false,
    ca: null,
    find: found,
    addresses: 'mail',
    connections: 4,
  } as const
  return authenticatorOf([{ ...usual, ...settings, ...given }], secrets)
}

const people =
  person('alice', 'wonderland', ['mail: alice@example.test', 'mail: a.liddell@example.test']) +
  person('bob', 'builder') +
  person('we*ird(', 'paren)') +
  person('zoë', 'pässwörd')

describe.skipIf(!peers('slapd'))('LDAP, with a real OpenLDAP', () => {
  // MR-18
  test('a login is searched for, and its password checked by a bind', async () => {
    const { port } = await startSlapd({ people })
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`])
    const ask = (login: string, password: string) => authenticator.checkPassword(login, password, context)
    const addresses = ['alice@example.test', 'a.liddell@example.test']
    expect(await ask('alice', 'wonderland')).toEqual({ kind: 'accepted', login: 'alice', addresses })
    expect(await ask('alice@example.test', 'wonderland')).toMatchObject({ kind: 'accepted' })
    expect(await ask('alice', 'Wonderland')).toEqual({ kind: 'refused' })
    expect(await ask('carol', 'wonderland')).toEqual({ kind: 'refused' })
    expect(await ask('zoë', 'pässwörd')).toMatchObject({ kind: 'accepted', login: 'zoë' })
    expect(authenticator.addressesOf('Alice')).toEqual(addresses)
    expect(authenticator.addressesOf('bob')).toEqual([])
  })

  test('nothing in a login means anything in the filter or in the DN', async () => {
    const { port } = await startSlapd({ people })
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`])
    const byDn = { kind: 'dn', dn: 'uid={login},dc=example,dc=test' } as const
    const { authenticator: direct } = ldap([`ldap://127.0.0.1:${port}`], { find: byDn })
    for (const one of [authenticator, direct]) {
      expect(await one.checkPassword('we*ird(', 'paren)', context)).toMatchObject({ kind: 'accepted' })
      expect(await one.checkPassword('zoë', 'pässwörd', context)).toMatchObject({ kind: 'accepted' })
      for (const login of ['*', 'al*', 'alice)(uid=*', '\\61lice', 'nobody)(|(uid=alice', 'alice,dc=example']) {
        const answer = await one.checkPassword(login, 'wonderland', context)
        expect([login, answer]).toEqual([login, { kind: 'refused' }])
      }
    }
  })

  test('an empty password is refused without asking: a directory takes it for a bind as nobody', async () => {
    const { port } = await startSlapd({ people, lines: ['allow bind_anon_dn bind_anon_cred'] })
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`])
    expect(await authenticator.checkPassword('alice', '', context)).toEqual({ kind: 'refused' })
    expect(authenticator.health()).toMatchObject([{ state: 'unused' }])
  })

  test('two entries for one login are an error and not a choice', async () => {
    const twin = person('twin1', 'p', ['mail: t@example.test']) + person('twin2', 'p', ['mail: t@example.test'])
    const { port } = await startSlapd({ people: twin })
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`])
    const answer = await authenticator.checkPassword('t@example.test', 'p', context)
    expect(answer).toEqual({ kind: 'error', why: 'one: the search finds more than one entry for one login' })
  })

  test('that the directory refuses OUR password is an error, whoever logs in', async () => {
    const { port } = await startSlapd({ people })
    const settings = { ...usual, kind: 'ldap', startTls: false, ca: null, addresses: null, connections: 4 } as const
    const urls = [`ldap://127.0.0.1:${port}`]
    const { authenticator } = authenticatorOf([{ ...settings, urls, find: found }], { 'env:READER': 'wrong' })
    const answer = await authenticator.checkPassword('alice', 'wonderland', context)
    expect(answer).toMatchObject({ kind: 'error' })
    expect(answer).toMatchObject({ why: expect.stringContaining('the password of cn=reader,dc=example,dc=test') })
  })

  test('a base that does not exist is an error and not an unknown login', async () => {
    const { port } = await startSlapd({ people })
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`], { find: { ...found, base: 'dc=exmaple,dc=test' } })
    expect(await authenticator.checkPassword('alice', 'wonderland', context)).toMatchObject({ kind: 'error' })
  })

  test('STARTTLS and ldaps check the certificate, and its name', async () => {
    const folder = tempFolder()
    const ca = authority(folder, 'ca')
    const stranger = authority(folder, 'stranger')
    const { port, tlsPort } = await startSlapd({ people, tls: ca.sign('ldap', '/CN=ldap') })
    const inTls = [`ldaps://127.0.0.1:${tlsPort}`]
    const starting = [`ldap://127.0.0.1:${port}`]
    for (const given of [
      { urls: inTls, startTls: false },
      { urls: starting, startTls: true },
    ]) {
      const { authenticator } = ldap(given.urls, { ...given, ca: ca.cert })
      expect(await authenticator.checkPassword('alice', 'wonderland', context)).toMatchObject({ kind: 'accepted' })
      expect(await authenticator.checkPassword('alice', 'x', context)).toEqual({ kind: 'refused' })
      for (const wrong of [stranger.cert, null]) {
        const { authenticator } = ldap(given.urls, { ...given, ca: wrong })
        const answer = await authenticator.checkPassword('alice', 'wonderland', context)
        expect(answer).toMatchObject({ kind: 'error', why: expect.stringMatching(/certificate|issuer/) })
      }
      const named = given.urls.map((url) => url.replace('127.0.0.1', 'localhost'))
      const { authenticator: other } = ldap(named, { ...given, urls: named, ca: ca.cert })
      const answer = await other.checkPassword('alice', 'wonderland', context)
      expect(answer).toMatchObject({
        kind: 'error',
        why: expect.stringContaining("does not match certificate's altnames"),
      })
    }
  })

  test('the next server is asked when one is down, and the first one later again', async () => {
    const dead = await freePort()
    const { port } = await startSlapd({ people })
    const { authenticator, lines } = ldap([`ldap://127.0.0.1:${dead}`, `ldap://127.0.0.1:${port}`])
    expect(await authenticator.checkPassword('alice', 'wonderland', context)).toMatchObject({ kind: 'accepted' })
    expect(lines).toEqual([])
  })

  test('the next server is asked when one takes connections and says nothing', async () => {
    const silent = await listening(() => {})
    const { port } = await startSlapd({ people })
    const { authenticator } = ldap([`ldap://127.0.0.1:${silent}`, `ldap://127.0.0.1:${port}`], { timeoutMs: 4000 })
    expect(await authenticator.checkPassword('alice', 'wonderland', context)).toMatchObject({ kind: 'accepted' })
    // It is asked after the other one from now on.
    const begun = performance.now()
    expect(await authenticator.checkPassword('bob', 'builder', context)).toMatchObject({ kind: 'accepted' })
    expect(performance.now() - begun).toBeLessThan(1500)
  })

  test('connections are kept, and one that broke meanwhile is replaced without anybody noticing', async () => {
    const { port, peer } = await startSlapd({ people })
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`])
    expect(await authenticator.checkPassword('alice', 'wonderland', context)).toMatchObject({ kind: 'accepted' })
    await peer.stop('SIGKILL')
    const answer = await authenticator.checkPassword('bob', 'builder', context)
    expect(answer).toMatchObject({ kind: 'error', why: expect.stringContaining('ECONNREFUSED') })
    await startSlapd({ people, port })
    await until('it is asked again', async () => {
      const { kind } = await authenticator.checkPassword('bob', 'builder', context)
      return kind === 'accepted'
    })
  })

  test('a hundred logins at one moment share few connections', async () => {
    const { port } = await startSlapd({ people })
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`], { connections: 3 })
    const logins = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? ['alice', 'wonderland'] : ['bob', `wrong${i}`]))
    const answers = await Promise.all(logins.map(([a, b]) => authenticator.checkPassword(a!, b!, context)))
    expect(answers.map(({ kind }) => kind)).toEqual(logins.map((_, i) => (i % 2 === 0 ? 'accepted' : 'refused')))
  })
})

describe('a directory that is not one', () => {
  test('a password is never sent in clear to another machine', async () => {
    const { authenticator } = ldap(['ldap://192.0.2.1:389'])
    const answer = await authenticator.checkPassword('alice', 'wonderland', context)
    expect(answer).toEqual({ kind: 'error', why: 'one: ldap://192.0.2.1:389: passwords are not sent without TLS' })
  })

  test('one that accepts and says nothing is an error when its time is over', async () => {
    const port = await listening(() => {})
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`], { timeoutMs: 300 })
    const begun = systemClock.now()
    const answer = await authenticator.checkPassword('alice', 'wonderland', context)
    expect(answer.kind).toBe('error')
    expect(systemClock.now() - begun).toBeLessThan(2000)
  })

  const success = (id: number, tag: number) => Buffer.from([0x30, 12, 2, 1, id, tag, 7, 0x0a, 1, 0, 4, 0, 4, 0])

  test.each([
    ['an answer in clear between STARTTLS and the handshake', [success(1, 0x78), success(3, 0x61)]],
    ['half an answer there', [success(1, 0x78), success(3, 0x61).subarray(0, 13)]],
    ['a refusal of STARTTLS', [Buffer.from([0x30, 12, 2, 1, 1, 0x78, 7, 0x0a, 1, 53, 4, 0, 4, 0])]],
    ['something else than LDAP', [Buffer.from('220 mail.example.test ESMTP\r\n')]],
    ['a length without an end', [Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff])]],
  ])('%s is an error', async (_name, parts) => {
    const port = await listening((socket) => socket.once('data', () => socket.write(Buffer.concat(parts))))
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`], { startTls: true, timeoutMs: 3000 })
    expect(await authenticator.checkPassword('alice', 'wonderland', context)).toMatchObject({ kind: 'error' })
  })

  test('a message whose parts do not fit in it ends the connection and nothing else', async () => {
    // A search entry whose attributes claim to be more than there is: the library alone reads them until memory is full.
    const entry = [0x64, 5, 4, 1, 0x61, 0x30, 0x50]
    const message = Buffer.from([0x30, 3 + entry.length, 2, 1, 2, ...entry])
    const anonymous = { ...found, bind: null }
    const port = await listening((socket) => socket.on('data', () => socket.write(message)))
    const { authenticator } = ldap([`ldap://127.0.0.1:${port}`], { find: anonymous, timeoutMs: 3000 })
    const answer = await authenticator.checkPassword('alice', 'wonderland', context)
    expect(answer).toMatchObject({ kind: 'error', why: expect.stringContaining('parts do not fit') })
  })
})

async function listening(serve: (socket: import('node:net').Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  const sockets = new Set<import('node:net').Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}
