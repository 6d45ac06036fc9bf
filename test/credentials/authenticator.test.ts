import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/mail/clock.ts'
import type { CredentialSettings } from '../../src/mail/login-settings.ts'
import { mechanisms } from '../../src/mail/login-settings.ts'
import type { ListenerSettings, Mechanism } from '../../src/mail/settings.ts'
import { until } from '../support/gateway.ts'
import { HandClock } from '../support/hand-clock.ts'
import { freePort, tempFolder } from '../support/peer.ts'
import { authenticatorOf, context, usual } from './support.ts'

/** A back-end whose answers a test gives, and that keeps who it was asked about. */
async function backend(answer: (login: string, password: string) => string | Promise<string>) {
  const asked: string[] = []
  let inside = 0
  let most = 0
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', async () => {
      const { login, password } = JSON.parse(body) as { login: string; password: string }
      asked.push(login)
      most = Math.max(most, ++inside)
      const said = await answer(login, password)
      inside--
      response.writeHead(said === 'broken' ? 500 : 200).end(said)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const http = { kind: 'http', url: `http://127.0.0.1:${port}/`, header: null, ca: null } as const
  const settings = (given: Partial<CredentialSettings> = {}) => ({ ...usual, ...http, ...given }) as CredentialSettings
  return { asked, settings, most: () => most }
}

const yes = '{"accepted":true}'
const no = '{"accepted":false}'
const unknown = '{"accepted":false,"unknown":true}'

describe('several back-ends', () => {
  test('are asked in their order: unknown asks the next one, an answer ends it', async () => {
    const a = await backend((login) => (login === 'alice' ? yes : login === 'bob' ? no : unknown))
    const b = await backend((login) => (login === 'nobody' ? unknown : yes))
    const { authenticator } = authenticatorOf([a.settings({ id: 'a' }), b.settings({ id: 'b' })])
    const ask = async (login: string) => (await authenticator.checkPassword(login, 'p', context)).kind
    expect([await ask('alice'), await ask('bob'), await ask('carol'), await ask('nobody')]).toEqual([
      'accepted',
      'refused',
      'accepted',
      'refused',
    ])
    expect(a.asked).toEqual(['alice', 'bob', 'carol', 'nobody'])
    expect(b.asked).toEqual(['carol', 'nobody'])
  })

  test('one that cannot tell ends it with an error, unless the document passes on', async () => {
    const broken = await backend(() => 'broken')
    const b = await backend((login) => (login === 'alice' ? yes : login === 'bob' ? no : unknown))
    const ask = async (onError: 'defer' | 'next', login: string) => {
      const both = [broken.settings({ id: 'a', onError }), b.settings({ id: 'b' })]
      return await authenticatorOf(both).authenticator.checkPassword(login, 'p', context)
    }
    expect(await ask('defer', 'alice')).toEqual({ kind: 'error', why: 'a: the endpoint answers 500' })
    expect(await ask('next', 'alice')).toMatchObject({ kind: 'accepted' })
    expect(await ask('next', 'bob')).toEqual({ kind: 'refused' })
    // The one that is broken may know this login: a refusal would be a lie.
    expect(await ask('next', 'carol')).toEqual({ kind: 'error', why: 'a: the endpoint answers 500' })
  })

  test('without any, everybody is refused', async () => {
    expect(await authenticatorOf([]).authenticator.checkPassword('alice', 'p', context)).toEqual({ kind: 'refused' })
  })
})

test('what cannot be anybody is refused without asking', async () => {
  const a = await backend(() => yes)
  const { authenticator } = authenticatorOf([a.settings()])
  const wrong = [
    ['', 'p'],
    ['alice', ''],
    ['alice\0', 'p'],
    ['alice', 'p\0'],
    ['a'.repeat(256), 'p'],
    ['alice', 'p'.repeat(1025)],
  ]
  for (const [login, password] of wrong) {
    expect(await authenticator.checkPassword(login!, password!, context)).toEqual({ kind: 'refused' })
  }
  expect(a.asked).toEqual([])
})

describe('what is remembered', () => {
  test('an acceptance, for its time; a refusal, shortly; an error, never', async () => {
    const clock = new HandClock()
    let said = yes
    const a = await backend(() => said)
    const { authenticator } = authenticatorOf([a.settings({ cacheMs: 600_000 })], {}, { clock })
    const ask = async (password: string) => {
      const answer = authenticator.checkPassword('alice', password, context)
      const timer = setInterval(() => clock.pass(1), 2)
      return await answer.finally(() => clearInterval(timer))
    }
    expect((await ask('right')).kind).toBe('accepted')
    said = no
    expect((await ask('right')).kind).toBe('accepted')
    expect(a.asked.length).toBe(1)
    expect((await ask('wrong')).kind).toBe('refused')
    expect((await ask('wrong')).kind).toBe('refused')
    expect(a.asked.length).toBe(2)
    clock.pass(31_000)
    said = 'broken'
    expect((await ask('wrong')).kind).toBe('error')
    expect((await ask('wrong')).kind).toBe('error')
    expect(a.asked.length).toBe(4)
    expect((await ask('right')).kind).toBe('accepted')
    clock.pass(600_000)
    said = no
    expect((await ask('right')).kind).toBe('refused')
    expect(authenticator.health()).toMatchObject([{ remembered: 3, accepted: 1, refused: 2, errors: 2 }])
  })

  test('a new password ends what was remembered of the old one', async () => {
    let right = 'old'
    const a = await backend((_login, password) => (password === right ? yes : no))
    const { authenticator } = authenticatorOf([a.settings({ cacheMs: 600_000 })])
    const ask = async (password: string) => (await authenticator.checkPassword('alice', password, context)).kind
    expect(await ask('old')).toBe('accepted')
    right = 'new'
    expect(await ask('old')).toBe('accepted')
    expect(await ask('new')).toBe('accepted')
    expect(await ask('old')).toBe('refused')
  })

  test('where a back-end is told of the client, another client is another question', async () => {
    const a = await backend(() => yes)
    const { authenticator } = authenticatorOf([a.settings({ cacheMs: 600_000 })])
    for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) {
      await authenticator.checkPassword('alice', 'p', { ...context, client: client as never })
    }
    expect(a.asked.length).toBe(2)
  })

  test('login and password are kept apart: nothing is taken for something else', async () => {
    const a = await backend((login, password) => (login === 'ab' && password === 'c' ? yes : no))
    const { authenticator } = authenticatorOf([a.settings({ cacheMs: 600_000 })])
    const ask = async (login: string, password: string) =>
      (await authenticator.checkPassword(login, password, context)).kind
    expect(await ask('ab', 'c')).toBe('accepted')
    for (const [login, password] of [
      ['a', 'bc'],
      ['ab,', 'c'],
      ['ab"', '"c'],
      ['AB', 'c'],
    ]) {
      expect(await ask(login!, password!)).toBe('refused')
    }
  })
})

test('who asks the same at the same moment waits for one answer', async () => {
  const a = await backend(async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return yes
  })
  const { authenticator } = authenticatorOf([a.settings()])
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => authenticator.checkPassword('alice', 'p', context)),
  )
  expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['accepted']))
  expect(a.asked.length).toBe(1)
})

test('so many are asked at one moment, so many wait, and one more hears at once that it cannot be found out', async () => {
  let go: (() => void) | undefined
  const gate = new Promise<void>((resolve) => (go = resolve))
  const a = await backend(async () => {
    await gate
    return yes
  })
  const { authenticator, lines } = authenticatorOf([a.settings({ timeoutMs: 60_000 })])
  const answers = Array.from({ length: 300 }, (_, i) => authenticator.checkPassword(`u${i}`, 'p', context))
  await until('all are in their place', () => a.asked.length === 32)
  expect(authenticator.health()).toMatchObject([{ asking: 32, waiting: 200, errors: 68 }])
  go!()
  const kinds = (await Promise.all(answers)).map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind === 'accepted').length).toBe(232)
  expect(a.most()).toBe(32)
  expect(authenticator.health()).toMatchObject([{ asking: 0, waiting: 0, state: 'ok' }])
  expect(lines.map(({ event }) => event)).toEqual(['credentials.failing'])
})

test('a back-end that is down is one line of the log and not one for each try, and one more when it is back', async () => {
  const clock = { ...systemClock, now: () => Date.now() + later }
  let later = 0
  let said = 'broken'
  const a = await backend(() => said)
  const { authenticator, lines } = authenticatorOf([a.settings({ id: 'web' })], {}, { clock })
  for (let i = 0; i < 5; i++) await authenticator.checkPassword(`u${i}`, 'p', context)
  expect(authenticator.health()).toMatchObject([
    { id: 'web', kind: 'http', state: 'failing', errors: 5, lastError: { why: 'the endpoint answers 500' } },
  ])
  // What fails every other time is not two lines for each try.
  for (let i = 0; i < 6; i++) {
    said = i % 2 === 0 ? no : 'broken'
    await authenticator.checkPassword(`v${i}`, 'p', context)
  }
  expect(lines.length).toBe(1)
  later = 10_000
  said = no
  for (let i = 0; i < 5; i++) await authenticator.checkPassword(`u${i}`, 'p', context)
  expect(lines).toMatchObject([
    { level: 'warn', event: 'credentials.failing', fields: { backend: 'web', why: 'the endpoint answers 500' } },
    { level: 'info', event: 'credentials.ok', fields: { backend: 'web' } },
  ])
  expect(JSON.stringify(lines)).not.toContain('"p"')
})

test('a refusal takes as long whether the login is unknown or the password wrong', async () => {
  const ms = (n: number) => new Promise((resolve) => setTimeout(resolve, n))
  const a = await backend(async (login) => {
    await ms(login.startsWith('known') ? 60 : 1)
    return login.startsWith('known') ? no : unknown
  })
  const { authenticator } = authenticatorOf([a.settings()])
  const took = async (login: string) => {
    const begun = performance.now()
    await authenticator.checkPassword(login, 'wrong', context)
    return performance.now() - begun
  }
  await took('known0')
  const known: number[] = []
  const not: number[] = []
  for (let i = 1; i <= 15; i++) {
    known.push(await took(`known${i}`))
    not.push(await took(`nobody${i}`))
  }
  const median = (list: number[]) => list.sort((x, y) => x - y)[7]!
  expect(Math.min(...not)).toBeGreaterThan(55)
  expect(Math.abs(median(known) - median(not))).toBeLessThan(25)
})

test('logins that succeed at once do not shorten a refusal', async () => {
  const ms = (n: number) => new Promise((resolve) => setTimeout(resolve, n))
  const a = await backend(async (login) => {
    if (login === 'known') await ms(80)
    return login === 'known' ? no : login === 'quick' ? yes : unknown
  })
  const { authenticator } = authenticatorOf([a.settings()])
  await authenticator.checkPassword('known', 'wrong', context)
  for (let i = 0; i < 40; i++) await authenticator.checkPassword('quick', `right${i}`, context)
  const begun = performance.now()
  await authenticator.checkPassword('nobody', 'wrong', context)
  expect(performance.now() - begun).toBeGreaterThan(75)
})

test('what is remembered does not shorten a refusal: it says nothing of how long it takes to find out', async () => {
  const ms = (n: number) => new Promise((resolve) => setTimeout(resolve, n))
  const a = await backend(async (login) => {
    await ms(login === 'nobody' ? 1 : 80)
    return login === 'nobody' ? unknown : yes
  })
  const { authenticator } = authenticatorOf([a.settings({ cacheMs: 60_000 })])
  for (let i = 0; i < 40; i++) await authenticator.checkPassword('alice', 'right', context)
  expect(a.asked.length).toBe(1)
  const begun = performance.now()
  await authenticator.checkPassword('nobody', 'wrong', context)
  expect(performance.now() - begun).toBeGreaterThan(75)
})

test('the end of the gateway waits for nobody who does not answer', async () => {
  const a = await backend(() => new Promise<string>(() => {}))
  const { authenticator } = authenticatorOf([a.settings({ timeoutMs: 60_000 })])
  const answer = authenticator.checkPassword('alice', 'p', context)
  await until('it is asked', () => a.asked.length === 1)
  await authenticator.close()
  expect(await answer).toEqual({ kind: 'error', why: 'one: given up' })
})

describe('an apply', () => {
  test('leaves alone what is the same, with all that it knows, and closes what is gone when it has answered', async () => {
    let go: (() => void) | undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const a = await backend(() => yes)
    const b = await backend(async () => {
      await gate
      return yes
    })
    const [one, two] = [a.settings({ id: 'a', cacheMs: 60_000 }), b.settings({ id: 'b' })]
    const { authenticator } = authenticatorOf([one, two])
    await authenticator.checkPassword('alice', 'p', context)
    authenticator.replace([two], new Map())
    const underway = authenticator.checkPassword('bob', 'p', context)
    await until('it is asked', () => b.asked.length === 1)
    authenticator.replace([one], new Map())
    expect(authenticator.health().map(({ id }) => id)).toEqual(['a'])
    go!()
    expect(await underway).toMatchObject({ kind: 'accepted' })
    // It was gone in between.
    await authenticator.checkPassword('alice', 'p', context)
    authenticator.replace([{ ...one }], new Map())
    await authenticator.checkPassword('alice', 'p', context)
    expect(a.asked).toEqual(['alice', 'alice'])
  })

  test('another secret is another back-end: what was accepted with the old one is forgotten', async () => {
    const a = await backend(() => yes)
    const settings = { ...a.settings({ cacheMs: 60_000 }), header: { name: 'X-Key', value: { $secret: 'env:K' } } }
    const { authenticator } = authenticatorOf([settings as CredentialSettings], { 'env:K': 'one' })
    await authenticator.checkPassword('alice', 'p', context)
    authenticator.replace([settings as CredentialSettings], new Map([['env:K', 'one']]))
    await authenticator.checkPassword('alice', 'p', context)
    expect(a.asked.length).toBe(1)
    authenticator.replace([settings as CredentialSettings], new Map([['env:K', 'two']]))
    await authenticator.checkPassword('alice', 'p', context)
    expect(a.asked.length).toBe(2)
  })

  test('it cannot fail: what cannot be used says so when it is asked', async () => {
    const wrong = { ...usual, kind: 'ldap', urls: ['gopher://x'], startTls: false, ca: null, addresses: null } as const
    const find = { kind: 'dn', dn: 'uid={login}' } as const
    const { authenticator } = authenticatorOf([{ ...wrong, find, connections: 1 }])
    const answer = await authenticator.checkPassword('alice', 'p', context)
    expect(answer).toEqual({ kind: 'error', why: 'one: gopher://x is no LDAP server' })
  })
})

describe('mechanisms', () => {
  const listener = (list: readonly Mechanism[]): ListenerSettings => ({
    name: 'submission',
    kind: 'submission',
    bind: [],
    hostname: 'gw.example.test',
    maxSizeBytes: 1,
    login: { required: true, mechanisms: list, clearTextFrom: [] },
  })
  const users = (hash: string, cramKey: string | null = null): CredentialSettings => ({
    ...usual,
    kind: 'users',
    users: [{ login: 'alice', hash, cram: null, addresses: [] }],
    cramKey: cramKey === null ? null : { $secret: cramKey },
  })
  const radius: CredentialSettings = {
    ...usual,
    kind: 'radius',
    servers: [],
    secret: { $secret: 'env:K' },
    nasIdentifier: null,
    attempts: 1,
  }
  const oauth: CredentialSettings = {
    ...usual,
    kind: 'oauth',
    check: { kind: 'jwks', url: 'https://id.example.test/keys', algorithms: ['RS256'] },
    issuer: 'x',
    audience: ['x'],
    scopes: [],
    claim: 'sub',
    addressesClaim: null,
    skewMs: 0,
    ca: null,
  }
  const octets = (n: number) => Buffer.alloc(n, n).toString('base64')
  const scram = `$scram-sha-256$20000$${octets(12)}$${octets(32)}$${octets(32)}`

  test.each<[string, readonly CredentialSettings[], readonly Mechanism[]]>([
    ['nobody', [], []],
    ['a hash', [users('$6$salt$hash')], ['PLAIN', 'LOGIN']],
    ['keys for SCRAM', [users(scram)], ['PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS']],
    ['a key for CRAM-MD5', [users('$6$salt$hash', 'env:K')], ['PLAIN', 'LOGIN', 'CRAM-MD5']],
    ['RADIUS', [radius], ['PLAIN', 'LOGIN']],
    ['tokens', [oauth], ['OAUTHBEARER', 'XOAUTH2']],
    ['RADIUS and tokens', [radius, oauth], ['PLAIN', 'LOGIN', 'OAUTHBEARER', 'XOAUTH2']],
  ])('only what can be checked is offered: %s', (_name, settings, want) => {
    const { authenticator } = authenticatorOf(settings, { 'env:K': 'a key that is long enough' })
    expect(authenticator.mechanisms(true, listener(mechanisms))).toEqual(want)
    const clear = want.filter((one) => one !== 'SCRAM-SHA-256-PLUS')
    expect(authenticator.mechanisms(false, listener(mechanisms))).toEqual(clear)
  })

  test('in the order of the listener, and nothing that it does not name', () => {
    const { authenticator } = authenticatorOf([radius], { 'env:K': 'k' })
    expect(authenticator.mechanisms(true, listener(['SCRAM-SHA-256', 'LOGIN', 'PLAIN']))).toEqual(['LOGIN', 'PLAIN'])
    const { login: _, ...without } = listener([])
    expect(authenticator.mechanisms(true, without)).toEqual([])
  })

  test('keys of a login that nobody has look like those of the others, each time the same', async () => {
    const { authenticator } = authenticatorOf([users(scram)])
    const [one, again, other] = [
      await authenticator.scram('nobody', context),
      await authenticator.scram('nobody', context),
      await authenticator.scram('somebody', context),
    ]
    expect(one).toMatchObject({ kind: 'keys', known: false, keys: { iterations: 20_000 } })
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
    expect(await authenticator.scram('alice', context)).toMatchObject({ known: true })
  })

  test('a user file that cannot be read is an error for every mechanism', async () => {
    const path = join(tempFolder(), 'users')
    const file: CredentialSettings = { ...usual, id: 'local', kind: 'file', path, cramKey: null }
    const { authenticator, lines } = authenticatorOf([file])
    const why = 'local: the user file cannot be read: ENOENT'
    expect(await authenticator.scram('alice', context)).toEqual({ kind: 'error', why })
    expect(await authenticator.plainSecret('alice', context)).toEqual({ kind: 'error', why })
    expect(await authenticator.checkPassword('alice', 'p', context)).toEqual({ kind: 'error', why })
    expect(lines.filter(({ event }) => event === 'credentials.failing').length).toBe(1)
    writeFileSync(path, `alice:${scram}\n`, { mode: 0o600 })
    expect(await authenticator.scram('alice', context)).toMatchObject({ kind: 'keys' })
    expect(authenticator.health()).toMatchObject([{ state: 'ok' }])
  })
})

test('a host of a back-end is looked up by the resolver that the gateway gives', async () => {
  const port = await freePort()
  const asked: string[] = []
  const lookUp = async (host: string) => {
    asked.push(host)
    throw new Error(`${host} was not found out`)
  }
  const settings: CredentialSettings = {
    ...usual,
    kind: 'http',
    url: `https://login.example.test:${port}/`,
    header: null,
    ca: null,
  }
  const { authenticator } = authenticatorOf([settings], {}, { lookUp })
  const answer = await authenticator.checkPassword('alice', 'p', context)
  expect(answer).toMatchObject({ kind: 'error', why: expect.stringContaining('login.example.test was not found out') })
  expect(asked).toEqual(['login.example.test'])
})
