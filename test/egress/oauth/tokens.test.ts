import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { webEndpoint } from '../../../src/credentials/web-call.ts'
import { keyProblem } from '../../../src/egress/oauth/check-grant.ts'
import { refreshFile } from '../../../src/egress/oauth/refresh-file.ts'
import { openTokens } from '../../../src/egress/oauth/tokens.ts'
import { systemClock } from '../../../src/mail/clock.ts'
import type { Log, LogFields } from '../../../src/mail/log.ts'
import type { OauthGrant } from '../../../src/mail/relay-login.ts'
import type { RelaySettings } from '../../../src/mail/settings.ts'
import { authority } from '../../support/certificates.ts'
import { type IdentityProvider, startIdentityProvider } from '../../support/identity-provider.ts'
import { peers, tempFolder } from '../../support/peer.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
const ref = (name: string) => ({ $secret: `env:${name}` })
const googleFile = JSON.stringify({
  type: 'service_account',
  client_email: 'mailgw@corp.iam.example',
  private_key: pem,
  private_key_id: 'k1',
  token_uri: 'https://elsewhere.example/',
})

type Setting = { readonly grant: OauthGrant; readonly secrets: Readonly<Record<string, string>> }
const byClient = (provider: IdentityProvider, scopes: readonly string[] = []): Setting => ({
  grant: { kind: 'client-credentials', tokenUrl: provider.tokenUrl, scopes, client: { id: 'app', secret: ref('S') } },
  secrets: { 'env:S': 'geheim' },
})

/** Tokens of one relay over real HTTP. `log` is all that was logged. */
function tokensOf({ grant, secrets }: Setting, folder = tempFolder()) {
  const log: { event: string; fields: LogFields }[] = []
  const note = (event: string, fields: LogFields = {}) => void log.push({ event, fields })
  const recorder: Log = { debug: note, info: note, warn: note, error: note }
  const tokens = openTokens({
    endpoint: ({ tokenUrl, ca = null }) => {
      const { call, close } = webEndpoint(tokenUrl, ca as string | null, async () => [])
      return { post: (body, signal) => call({ method: 'POST', headers: {}, body }, signal), close }
    },
    store: (name) => refreshFile(join(folder, 'tokens', name)),
    clock: systemClock,
    log: recorder,
    random: () => 0.5,
    id: () => 'id',
    onBack() {},
  })
  onTestFinished(() => tokens.close())
  const relay: RelaySettings = {
    name: 'ms',
    hosts: [{ host: 'smtp.example', port: 587 }],
    tls: 'verify',
    auth: { user: 'printer@corp.example', oauth: grant },
    connections: 3,
  }
  const given = new Map(Object.entries(secrets))
  tokens.take([relay], given)
  return {
    tokens,
    grant,
    log,
    relay,
    folder,
    retake: (more: readonly RelaySettings[], values = given) => tokens.take(more, values),
  }
}

describe('client credentials', () => {
  test('by secret: one token, fetched before anybody asks for it, with the scopes of the document', async () => {
    const provider = await startIdentityProvider()
    provider.clients.set('app', { secret: 'geheim' })
    const { tokens, grant } = tokensOf(byClient(provider, ['https://outlook.office365.com/.default']))
    await expect.poll(() => provider.asked.length).toBe(1)
    const token = await tokens.token(grant)
    expect(provider.holderOf(token)).toBe('app')
    expect(Object.fromEntries(provider.asked[0]!)).toEqual({
      grant_type: 'client_credentials',
      scope: 'https://outlook.office365.com/.default',
      client_id: 'app',
      client_secret: 'geheim',
    })
    expect(provider.asked).toHaveLength(1)
  })

  test.skipIf(!peers('openssl'))('by certificate, over HTTPS whose authority the document names', async () => {
    const folder = tempFolder()
    const ca = authority(folder, 'ca')
    const server = ca.sign('id', '/CN=127.0.0.1')
    const app = ca.sign('app', '/CN=app')
    const provider = await startIdentityProvider(server)
    provider.clients.set('app', { certificate: readFileSync(app.cert, 'utf8') })
    const grant: OauthGrant = {
      kind: 'client-credentials',
      tokenUrl: provider.tokenUrl,
      scopes: [],
      ca: ca.cert,
      client: { id: 'app', key: ref('K') },
    }
    const secrets = { 'all of env:K': readFileSync(app.key, 'utf8') + readFileSync(app.cert, 'utf8') }
    const { tokens } = tokensOf({ grant, secrets }, folder)
    expect(provider.holderOf(await tokens.token(grant))).toBe('app')

    const strange = tokensOf({ grant: { ...grant, ca: app.cert }, secrets }, folder)
    await expect(strange.tokens.token(strange.grant)).rejects.toThrow(/certificate/)
  })

  test('by a key that the provider knows by its id', async () => {
    const provider = await startIdentityProvider()
    provider.clients.set('app', { publicKey: publicPem, keyId: 'k1' })
    const grant: OauthGrant = {
      kind: 'client-credentials',
      tokenUrl: provider.tokenUrl,
      scopes: [],
      client: { id: 'app', key: ref('K'), keyId: 'k1' },
    }
    const { tokens } = tokensOf({ grant, secrets: { 'all of env:K': pem } })
    expect(provider.holderOf(await tokens.token(grant))).toBe('app')
  })
})

describe('a refresh token', () => {
  const setting = (provider: IdentityProvider): Setting => ({
    grant: {
      kind: 'refresh-token',
      tokenUrl: provider.tokenUrl,
      scopes: [],
      client: { id: 'app', secret: ref('S') },
      refreshToken: ref('R'),
    },
    secrets: { 'env:S': 'geheim', 'env:R': 'first' },
  })

  test('that is exchanged for another one is kept, readable for nobody else, and used after a restart', async () => {
    const provider = await startIdentityProvider()
    provider.clients.set('app', { secret: 'geheim' })
    provider.refreshTokens.add('first')
    const one = tokensOf(setting(provider))
    await one.tokens.token(one.grant)
    await one.tokens.renew('ms')
    const [file] = readdirSync(join(one.folder, 'tokens'))
    expect(statSync(join(one.folder, 'tokens', file!)).mode & 0o777).toBe(0o600)
    one.tokens.close()

    const again = tokensOf(setting(provider), one.folder)
    expect(provider.holderOf(await again.tokens.token(again.grant))).toBe('app')
    expect(provider.asked.map((form) => form.get('refresh_token')!.slice(0, 9))).toEqual([
      'first',
      'refresh-1',
      'refresh-2',
    ])
    for (const { log } of [one, again]) expect(JSON.stringify(log)).not.toMatch(/refresh-\d|geheim|eyJ0/)
  })

  test('that an operator writes anew goes before the one that was kept for the old one', async () => {
    const provider = await startIdentityProvider()
    provider.clients.set('app', { secret: 'geheim' })
    provider.refreshTokens.add('first')
    const one = tokensOf(setting(provider))
    await one.tokens.token(one.grant)
    provider.refreshTokens.clear()
    provider.refreshTokens.add('second')
    one.retake(
      [one.relay],
      new Map([
        ['env:S', 'geheim'],
        ['env:R', 'second'],
      ]),
    )
    expect(provider.holderOf(await one.tokens.token(one.grant))).toBe('app')
    expect(provider.asked.at(-1)!.get('refresh_token')).toBe('second')
  })

  test('that is not good any more is told as such', async () => {
    const provider = await startIdentityProvider()
    provider.clients.set('app', { secret: 'geheim' })
    const one = tokensOf(setting(provider))
    await expect(one.tokens.token(one.grant)).rejects.toThrow(/invalid_grant.*AADSTS70008/)
  })
})

describe('a service account', () => {
  const setting = (provider: IdentityProvider, subject?: string): Setting => ({
    grant: {
      kind: 'service-account',
      tokenUrl: provider.tokenUrl,
      scopes: ['https://mail.google.com/'],
      account: ref('G'),
      ...(subject === undefined ? {} : { subject }),
    },
    secrets: { 'all of env:G': googleFile },
  })

  test('signs what it asks with, as itself or in the name of somebody; whom to ask says the document and not its file', async () => {
    const provider = await startIdentityProvider()
    provider.clients.set('mailgw@corp.iam.example', { publicKey: publicPem, keyId: 'k1' })
    for (const [subject, holder] of [
      ['printer@corp.example', 'printer@corp.example'],
      [undefined, 'mailgw@corp.iam.example'],
    ] as const) {
      const one = tokensOf(setting(provider, subject))
      expect(provider.holderOf(await one.tokens.token(one.grant))).toBe(holder)
    }
    const claims = JSON.parse(Buffer.from(provider.asked[0]!.get('assertion')!.split('.')[1]!, 'base64url').toString())
    expect(claims).toMatchObject({ scope: 'https://mail.google.com/', aud: provider.tokenUrl })
  })

  for (const [name, clockMs] of [
    ['slow', 12 * 60_000],
    ['fast', -12 * 60_000],
  ] as const) {
    test(`on a machine whose clock is ${name} signs by the clock of the provider, and says so`, async () => {
      const provider = await startIdentityProvider()
      provider.clients.set('mailgw@corp.iam.example', { publicKey: publicPem, keyId: 'k1' })
      provider.clockMs = clockMs
      const one = tokensOf(setting(provider))
      expect(provider.holderOf(await one.tokens.token(one.grant))).toBe('mailgw@corp.iam.example')
      expect(provider.asked).toHaveLength(2)
      const warned = one.log.find(({ event }) => event === 'token.clock')
      expect(Math.round(Number(warned?.fields['offByMs']) / 60_000)).toBe(-clockMs / 60_000)
      await one.tokens.renew('ms')
      expect(provider.asked).toHaveLength(3)
    })
  }
})

describe('an endpoint that refuses', () => {
  test('is quoted, and what was secret in the request is cut out of that, in error, log and health', async () => {
    const provider = await startIdentityProvider()
    provider.clients.set('app', { secret: 'another' })
    const one = tokensOf(byClient(provider))
    const failure = await one.tokens.token(one.grant).catch((error: Error) => error.message)
    expect(failure).toContain('AADSTS7000215: Invalid client secret provided: (not shown)')
    expect(JSON.stringify([failure, one.log, one.tokens.health()])).not.toContain('geheim')
    expect(one.tokens.health()).toMatchObject([{ relays: ['ms'], state: 'failing', grant: 'client-credentials' }])
  })

  test('answers too much, or with a redirect: that is no token, and nobody else is asked', async () => {
    const provider = await startIdentityProvider()
    const elsewhere = await startIdentityProvider()
    provider.answer = () => ({ status: 307, body: {}, headers: { location: elsewhere.tokenUrl } })
    const moved = tokensOf(byClient(provider))
    await expect(moved.tokens.token(moved.grant)).rejects.toThrow('answers 307')
    expect(elsewhere.asked).toEqual([])
    const flood = await startIdentityProvider()
    flood.answer = () => ({ status: 200, body: 'x'.repeat(1_000_000) })
    const flooded = tokensOf(byClient(flood))
    await expect(flooded.tokens.token(flooded.grant)).rejects.toThrow('more than 262144 octets')
  })

  test('is not asked in clear, but on this machine', () => {
    expect(() => webEndpoint('http://id.corp.example/token', null, async () => [])).toThrow('not sent without TLS')
  })
})

describe('after an apply', () => {
  test('a grant that stays keeps its token; with another secret it is another one; one that left is no more asked for', async () => {
    const provider = await startIdentityProvider()
    provider.clients.set('app', { secret: 'geheim' })
    const { tokens, grant, relay, retake } = tokensOf(byClient(provider))
    const token = await tokens.token(grant)
    const again = { ...relay, auth: { user: 'scanner@corp.example', oauth: { ...grant } } }
    retake([relay, { ...again, name: 'scanner' }])
    expect(await tokens.token(again.auth.oauth)).toBe(token)
    expect(tokens.health()).toMatchObject([{ relays: ['ms', 'scanner'] }])
    expect(provider.asked).toHaveLength(1)

    provider.clients.set('app', { secret: 'new' })
    retake([relay], new Map([['env:S', 'new']]))
    expect(await tokens.token(grant)).not.toBe(token)

    retake([])
    await expect(tokens.token(grant)).rejects.toThrow('no more in the document')
  })
})

describe('keys', () => {
  const login = (client: object) => ({
    user: 'u',
    oauth: {
      kind: 'client-credentials',
      tokenUrl: 'https://id.example/',
      scopes: [],
      client: { id: 'app', ...client },
    } as unknown as OauthGrant,
  })
  const withKey = (text: string) => keyProblem(login({ key: ref('K') }), new Map([['all of env:K', text]]))
  test('are read when a graph is made ready, and what is wrong is told without any of it', () => {
    expect(withKey(pem)).toBeNull()
    expect(withKey('')).toContain('got none')
    expect(withKey(pem + pem)).toContain('got 2')
    expect(withKey(pem.replace(/[A-Za-z0-9+/]{20}/, 'AAAA'))).toContain('cannot be read')
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    })
    expect(withKey(small as string)).toContain('at least 2048 bits')
    const google = {
      user: 'u',
      oauth: { kind: 'service-account', tokenUrl: 'https://g/', scopes: [], account: ref('G') } as OauthGrant,
    }
    expect(keyProblem(google, new Map([['all of env:G', googleFile]]))).toBeNull()
    expect(keyProblem(google, new Map([['all of env:G', '{"type":"authorized_user"}']]))).toContain('"authorized_user"')
    expect(keyProblem(google, new Map([['all of env:G', pem]]))).toContain('JSON file')
  })
})
