import { createHmac, createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isSignedBy, parseJws } from '../../src/credentials/oauth/jws.ts'
import type { Clock } from '../../src/mail/clock.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { CredentialSettings, OauthSettings } from '../../src/mail/login-settings.ts'
import { HandClock } from '../support/hand-clock.ts'
import { authenticatorOf, context, usual } from './support.ts'
import { forged, type Signer, signer, token } from './tokens.ts'

type Said = { status?: number; body: string }

/** A server on loopback: what it says may be changed, what it was sent is kept. */
async function issuer(said: Said) {
  const sent: { url: string; authorization: string | undefined; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      sent.push({ url: request.url!, authorization: request.headers.authorization, body })
      response.writeHead(said.status ?? 200)
      response.end(said.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(close)
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/x`, said, sent, close }
}

const all = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
type Given = Partial<OauthSettings> & Partial<Pick<CredentialSettings, 'cacheMs' | 'id'>>

const settings = (check: OauthSettings['check'], given: Given = {}): CredentialSettings => ({
  ...usual,
  kind: 'oauth',
  check,
  issuer: 'https://id.example.test',
  audience: ['mail'],
  scopes: [],
  claim: 'email',
  addressesClaim: null,
  skewMs: 30_000,
  ca: null,
  ...given,
})

const keySet = (...signers: readonly Signer[]): string => JSON.stringify({ keys: signers.map(({ jwk }) => jwk) })

/** Seconds from now. */
const seconds = (from: number, clock: Clock = systemClock): number => Math.floor(clock.now() / 1000) + from

const claims = (more: Record<string, unknown> = {}, clock: Clock = systemClock) => ({
  iss: 'https://id.example.test',
  aud: 'mail',
  email: 'Alice@Example.test',
  exp: seconds(600, clock),
  ...more,
})

const accepted = { kind: 'accepted', login: 'alice@example.test', addresses: [] }

function byKeys(url: string, given: Given & { algorithms?: readonly string[] } = {}, clock: Clock = systemClock) {
  const { algorithms = all, ...more } = given
  const { authenticator, lines } = authenticatorOf([settings({ kind: 'jwks', url, algorithms }, more)], {}, { clock })
  return { lines, ask: (text: string, hint: string | null = null) => authenticator.checkToken(text, hint, context) }
}

describe('tokens checked by the keys of their issuer', () => {
  test.each(all)('%s', async (algorithm) => {
    const by = signer(algorithm)
    const { url } = await issuer({ body: keySet(by) })
    const { ask } = byKeys(url)
    expect(await ask(token(by, claims()))).toEqual(accepted)
    expect(await ask(token({ ...signer(algorithm), jwk: by.jwk }, claims()))).toEqual({ kind: 'refused' })
    const others = byKeys(url, { algorithms: all.filter((one) => one !== algorithm) })
    expect(await others.ask(token(by, claims()))).toEqual({ kind: 'refused' })
  })

  const rs = signer('RS256')

  test.each<[string, Record<string, unknown>]>([
    ['it has expired', { exp: seconds(-60) }],
    ['it has no exp', { exp: undefined }],
    ['its exp is no time', { exp: '9999999999' }],
    ['it does not hold yet', { nbf: seconds(60) }],
    ['it is for "web", not for us', { aud: 'web' }],
    ['it is for ["web","calendar"], not for us', { aud: ['web', 'calendar'] }],
    ['it has no aud', { aud: undefined }],
    ['another issuer made it', { iss: 'https://id.example.test/' }],
    ['it has not the scope smtp.send', { scope: 'smtp.sendall imap' }],
    ['its claim email names no login', { email: undefined, scope: 'smtp.send' }],
    ['its claim email names no login', { email: ['a@x.test'], scope: 'smtp.send' }],
    ['its claim email names no login', { email: 'a@x.test\r\n', scope: 'smtp.send' }],
  ])('refused: %s', async (why, more) => {
    const { url } = await issuer({ body: keySet(rs) })
    const { ask, lines } = byKeys(url, { scopes: ['smtp.send'] })
    expect(await ask(token(rs, claims(more)))).toEqual({ kind: 'refused' })
    expect(lines).toEqual([{ level: 'info', event: 'credentials.token-refused', fields: { backend: 'one', why } }])
  })

  test.each<[string, Record<string, unknown>]>([
    ['expired within what clocks may differ', { exp: seconds(-20) }],
    ['not yet, within that', { nbf: seconds(20) }],
    ['one of several audiences is ours', { aud: ['web', 'mail'] }],
    ['the scope is one of several', { scope: 'imap smtp.send' }],
    ['scopes as Microsoft has them', { scope: undefined, scp: 'smtp.send' }],
  ])('accepted: %s', async (_why, more) => {
    const { url } = await issuer({ body: keySet(rs) })
    const { ask } = byKeys(url, { scopes: ['smtp.send'] })
    expect(await ask(token(rs, claims({ scope: 'smtp.send', ...more })))).toEqual(accepted)
  })

  test('a token for which somebody else is named is refused', async () => {
    const { url } = await issuer({ body: keySet(rs) })
    const { ask } = byKeys(url, { addressesClaim: 'others' })
    const text = token(rs, claims({ others: ['sales@example.test'] }))
    expect(await ask(text, 'bob@example.test')).toEqual({ kind: 'refused' })
    const addresses = ['sales@example.test']
    for (const hint of ['alice@example.test', 'sales@example.test']) {
      expect(await ask(text, hint)).toEqual({ ...accepted, addresses })
    }
  })

  test('the tricks with algorithms do not work', async () => {
    const ec = signer('ES256', 'two')
    const { url } = await issuer({ body: keySet(rs, ec) })
    const { ask } = byKeys(url, { algorithms: ['RS256', 'ES256'] })
    const body = Buffer.from(JSON.stringify(claims())).toString('base64url')
    const hs = Buffer.from('{"alg":"HS256","kid":"one"}').toString('base64url')
    const pem = createPublicKey({ key: rs.jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const mac = createHmac('sha256', pem).update(`${hs}.${body}`).digest('base64url')
    const wrong = [
      forged({ alg: 'none', kid: 'one' }, claims(), 'AA'),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
      `${hs}.${body}.${mac}`,
      // Another algorithm than its key has.
      token(rs, claims(), { alg: 'ES256' }),
      token(rs, claims(), { kid: 'two' }),
      token(rs, claims(), { crit: ['exp'] }),
      // Its own key, and a place to fetch one from.
      token(signer('RS256', 'own'), claims(), { jwk: signer('RS256').jwk }),
      token(signer('RS256', 'own'), claims(), { jku: `${url}/own`, kid: 'own' }),
      // ES256 of nothing but zeroes (CVE-2022-21449).
      forged({ alg: 'ES256', kid: 'two' }, claims(), Buffer.alloc(64).toString('base64url')),
    ]
    for (const text of wrong) expect([text, await ask(text)]).toEqual([text, { kind: 'refused' }])
    expect(await ask(token(rs, claims()))).toEqual(accepted)
    expect(await ask(token(ec, claims()))).toEqual(accepted)
  })

  test('keys for other uses, weak ones and those of no use are left out', async () => {
    const weak = signer('weak', 'weak')
    const sealing = signer('RS256', 'sealing', { use: 'enc' })
    const other = signer('RS256', 'other', { alg: 'RS512' })
    const { url } = await issuer({ body: keySet(weak, sealing, other, rs) })
    const { ask } = byKeys(url)
    for (const by of [weak, sealing, other]) expect(await ask(token(by, claims()))).toEqual({ kind: 'refused' })
    expect(await ask(token(rs, claims()))).toEqual(accepted)
  })

  test('a token without a kid may be signed by any key that fits', async () => {
    const [a, b] = [signer('RS256', 'a'), signer('RS256', null)]
    const { url } = await issuer({ body: keySet(signer('ES256', 'c'), a, b) })
    const { ask } = byKeys(url)
    expect(await ask(token(b, claims()))).toEqual(accepted)
    expect(await ask(token(a, claims(), { kid: undefined }))).toEqual(accepted)
  })

  test('keys are fetched once for all who wait, and kept', async () => {
    const server = await issuer({ body: keySet(rs) })
    const { ask } = byKeys(server.url)
    const texts = Array.from({ length: 20 }, (_, i) => token(rs, claims({ i })))
    const answers = await Promise.all(texts.map((text) => ask(text)))
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['accepted']))
    expect(server.sent.length).toBe(1)
  })

  test('a new key is fetched when a token names it, and however many tokens name one, not more than twice a minute', async () => {
    const clock = new HandClock(Date.now())
    const server = await issuer({ body: keySet(rs) })
    const { ask } = byKeys(server.url, {}, clock)
    expect(await ask(token(rs, claims()))).toEqual(accepted)
    const next = signer('ES256', 'next')
    server.said.body = keySet(rs, next)
    clock.pass(31_000)
    expect(await ask(token(next, claims()))).toEqual(accepted)
    expect(server.sent.length).toBe(2)
    for (let i = 0; i < 5; i++) {
      const stranger = { ...next, jwk: { ...next.jwk, kid: `k${i}` } }
      expect(await tell(ask(token(stranger, claims())), clock)).toEqual({ kind: 'refused' })
    }
    expect(server.sent.length).toBe(2)
  })

  test('an issuer that is down is an error while nothing is known, and stops nobody afterwards', async () => {
    const clock = new HandClock(Date.now())
    const server = await issuer({ status: 503, body: 'later' })
    const { ask, lines } = byKeys(server.url, {}, clock)
    const long = (by: Signer) => token(by, claims({ exp: seconds(3 * 86_400, clock), at: clock.now() }, clock))
    expect(await ask(long(rs))).toMatchObject({ kind: 'error', why: 'one: the keys: the server answers 503' })
    server.said.status = 200
    server.said.body = keySet(rs)
    clock.pass(31_000)
    expect(await ask(long(rs))).toEqual(accepted)
    server.said.status = 503
    clock.pass(2 * 3_600_000)
    expect(await ask(long(rs))).toEqual(accepted)
    // What nobody could find out is no refusal.
    clock.pass(31_000)
    expect(await ask(long(signer('RS256', 'unknown')))).toMatchObject({ kind: 'error' })
    clock.pass(25 * 3_600_000)
    expect(await ask(long(rs))).toMatchObject({ kind: 'error' })
    const events = lines.map(({ event }) => event).filter((event) => event !== 'credentials.token-refused')
    expect(events.filter((event) => event === 'credentials.keys-failing').length).toBe(2)
  })

  test.each(['[]', '{"keys":{}}', '{"keys":[]}', '<html>', '{"keys":[{"kty":"oct","k":"AA"}]}', 'null'])(
    'what is no key set is an error: %s',
    async (body) => {
      const { url } = await issuer({ body })
      expect(await byKeys(url).ask(token(rs, claims()))).toMatchObject({ kind: 'error' })
    },
  )

  test('whatever text comes, it is read without a fault and is refused', async () => {
    const { url, sent } = await issuer({ body: keySet(rs) })
    const { ask } = byKeys(url)
    const good = token(rs, claims())
    const mutant = fc.tuple(fc.nat(good.length - 1), fc.string({ maxLength: 3 })).map(([at, text]) => {
      return good.slice(0, at) + text + good.slice(at + 1)
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), mutant), async (text) => {
        const { kind } = await ask(text)
        return kind === 'refused' || (kind === 'accepted' && text === good)
      }),
      { numRuns: 200 },
    )
    expect(sent.length).toBeLessThanOrEqual(1)
  })
})

describe('the examples of the RFCs', () => {
  test('RFC 7515 A.3: ES256', () => {
    const text =
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0' +
      'cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    }
    const jws = parseJws(text)
    if (!jws.ok) throw new Error(jws.error)
    expect(jws.value.claims.get('iss')).toBe('joe')
    expect(isSignedBy(jws.value, createPublicKey({ key: jwk, format: 'jwk' }))).toBe(true)
  })

  test('RFC 8037 A.4: EdDSA', () => {
    const signed = Buffer.from('eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc')
    const signature = 'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const jws = { algorithm: 'EdDSA', keyId: null, claims: new Map(), signed }
    expect(isSignedBy({ ...jws, signature: Buffer.from(signature, 'base64url') }, key)).toBe(true)
  })
})

describe('tokens shown to the server that made them (RFC 7662)', () => {
  const client = { id: 'mail gw', secret: { $secret: 'env:S' } }
  function shown(url: string, given: Given = {}) {
    const check = { kind: 'introspection', url, client } as const
    const own = { issuer: null, audience: [], ...given }
    const { authenticator } = authenticatorOf([settings(check, own)], { 'env:S': 'p&ss:wörd' })
    return (text: string, hint: string | null = null) => authenticator.checkToken(text, hint, context)
  }

  test('the token goes in the body, our own secret in the header, both encoded', async () => {
    const server = await issuer({ body: '{"active":true,"email":"alice@example.test"}' })
    expect(await shown(server.url)('a+b/c=&x=1')).toEqual(accepted)
    const [{ body, authorization }] = server.sent as [(typeof server.sent)[0]]
    expect(new URLSearchParams(body).get('token')).toBe('a+b/c=&x=1')
    const basic = Buffer.from(authorization!.replace('Basic ', ''), 'base64').toString()
    expect(basic).toBe('mail+gw:p%26ss%3Aw%C3%B6rd')
  })

  test.each<[string, Said, string]>([
    ['not active', { body: '{"active":false}' }, 'refused'],
    ['active, and expired', { body: `{"active":true,"email":"a","exp":${seconds(-99)}}` }, 'refused'],
    ['active, and nobody', { body: '{"active":true,"sub":"x"}' }, 'refused'],
    ['active as a text', { body: '{"active":"true","email":"a"}' }, 'error'],
    ['nothing', { body: '' }, 'error'],
    ['null', { body: 'null' }, 'error'],
    ['401, which is about us', { status: 401, body: '{"active":true,"email":"a"}' }, 'error'],
    ['500', { status: 500, body: '' }, 'error'],
    ['a redirect', { status: 302, body: '' }, 'error'],
  ])('%s', async (_name, said, want) => {
    const { url } = await issuer(said)
    expect((await shown(url)('token')).kind).toBe(want)
  })

  test('audience and issuer are looked at where the document names them', async () => {
    const { url, said } = await issuer({ body: '{"active":true,"email":"alice@example.test","aud":"web"}' })
    expect(await shown(url, { audience: ['mail'] })('token')).toEqual({ kind: 'refused' })
    said.body = '{"active":true,"email":"alice@example.test","aud":["web","mail"]}'
    expect(await shown(url, { audience: ['mail'] })('token')).toEqual(accepted)
    expect(await shown(url, { issuer: 'https://id.example.test' })('token')).toEqual({ kind: 'refused' })
  })

  test('what is remembered ends with the token', async () => {
    const clock = new HandClock(Date.now())
    const server = await issuer({ body: JSON.stringify({ active: true, email: 'a', exp: seconds(100, clock) }) })
    const check = { kind: 'introspection', url: server.url, client: null } as const
    const own = settings(check, { issuer: null, audience: [], skewMs: 0, cacheMs: 3_600_000 })
    const { authenticator } = authenticatorOf([own], {}, { clock })
    const ask = () => authenticator.checkToken('token', null, context)
    expect(await ask()).toMatchObject({ kind: 'accepted' })
    clock.pass(90_000)
    expect(await ask()).toMatchObject({ kind: 'accepted' })
    expect(server.sent.length).toBe(1)
    clock.pass(20_000)
    expect(await tell(ask(), clock)).toEqual({ kind: 'refused' })
    expect(server.sent.length).toBe(2)
  })

  test('a token that one server does not know is shown to the next', async () => {
    const [a, b] = [await issuer({ body: '{"active":false}' }), await issuer({ body: '{"active":true,"email":"b"}' })]
    const check = (url: string) => ({ kind: 'introspection', url, client: null }) as const
    const own = { issuer: null, audience: [] }
    const both = [settings(check(a.url), { ...own, id: 'a' }), settings(check(b.url), { ...own, id: 'b' })]
    const { authenticator } = authenticatorOf(both)
    expect(await authenticator.checkToken('token', null, context)).toMatchObject({ kind: 'accepted', login: 'b' })
  })
})

/** A refusal may wait on purpose: lets the time pass until it is told. */
async function tell<Value>(answer: Promise<Value>, clock: { pass(ms: number): void }): Promise<Value> {
  let over = false
  const ended = answer.finally(() => (over = true))
  while (!over) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (!over) clock.pass(10)
  }
  return await ended
}
