import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { googleWorkspace, microsoft365 } from '../../src/config/builders-providers.ts'
import { authority } from '../support/certificates.ts'
import { type Files, mailgw, type Running, startGateway, until, writeDocument } from '../support/gateway.ts'
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { type ProviderHost, startProviderHost } from '../support/provider-host.ts'
import { openClient } from './client.ts'

type Lab = {
  readonly folder: string
  readonly provider: IdentityProvider
  readonly host: ProviderHost
  readonly port: number
  /** Both presets, with the loopback in place of the providers; in the form of a document. */
  document(more?: object): object
  readonly env: Record<string, string>
}

const google = generateKeyPairSync('rsa', { modulusLength: 2048 })
const secret = 'Qz8~a-client-secret-of-microsoft'

/** An identity provider over HTTPS and its submission host, and the presets of examples/ in front of them. */
async function lab(): Promise<Lab> {
  const folder = tempFolder()
  const ca = authority(folder, 'ca')
  const provider = await startIdentityProvider(ca.sign('id', '/CN=id'))
  const host = await startProviderHost(provider, ca.sign('smtp', '/CN=localhost', '2', ['localhost']))
  provider.clients.set('app', { secret })
  const publicKey = google.publicKey.export({ type: 'spki', format: 'pem' }) as string
  provider.clients.set('mailgw@corp.iam.example', { publicKey, keyId: 'k1' })
  for (const one of ['scanner@corp.example', 'alerts@corp.example']) host.mailboxes.set(one, ['app', one])
  const files: Files = {
    'app.secret': `${secret}\n`,
    'google.json': JSON.stringify(
      {
        type: 'service_account',
        client_email: 'mailgw@corp.iam.example',
        private_key: google.privateKey.export({ type: 'pkcs8', format: 'pem' }),
        private_key_id: 'k1',
      },
      null,
      2,
    ),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const port = await freePort()
  const here = <Relay extends { auth: { oauth: object } }>(relay: Relay) => ({
    ...relay,
    hosts: `localhost:${host.port}`,
    auth: { ...relay.auth, oauth: { ...relay.auth.oauth, tokenUrl: provider.tokenUrl, ca: ca.cert } },
  })
  const app = { tenant: 't', clientId: 'app', secret: { $secret: `file:${join(folder, 'app.secret')}` as const } }
  const account = { $secret: `file:${join(folder, 'google.json')}` as const }
  return {
    folder,
    provider,
    host,
    port,
    env: { NODE_EXTRA_CA_CERTS: ca.cert },
    document: (more = {}) => ({
      hostname: 'gw.localhost',
      postmaster: 'ops@corp.example',
      listeners: { lan: { kind: 'internal', bind: `127.0.0.1:${port}` } },
      relaying: 'outbound',
      trusted: '127.0.0.0/8',
      relays: {
        scanner: here(microsoft365({ ...app, mailbox: 'scanner@corp.example' })),
        alerts: here(googleWorkspace({ mailbox: 'alerts@corp.example', account })),
      },
      localMx: { '*': { bySender: { 'scanner@corp.example': { relay: 'scanner' }, '*': { relay: 'alerts' } } } },
      retry: { schedule: '1s' },
      ...more,
    }),
  }
}

async function send(port: number, from: string, subject: string, to = 'ann@corp.example'): Promise<string> {
  const client = await openClient(port)
  for (const line of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) {
    const reply = await client.say(line)
    if (!/^[23]/.test(reply)) throw new Error(reply)
  }
  const reply = await client.say(`From: ${from}`, `Subject: ${subject}`, '', 'x', '.')
  client.close()
  return reply
}

const subjects = (host: ProviderHost) =>
  host.sent.map(({ content }) => /^Subject: (.*)$/m.exec(content)?.[1]?.trim()).sort()
const tokensOf = async (gateway: Running) => (await gateway.status()).tokens

describe.skipIf(!peers('openssl'))('the presets of Microsoft 365 and Google Workspace', () => {
  test('send by tokens that were there before the mail, each sender by its own mailbox (MR-40)', async () => {
    const { provider, host, port, document, env, folder } = await lab()
    const gateway = await startGateway(document(), { env, folder })
    await gateway.logged('token.fetched', ({ relays }) => String(relays) === 'scanner')
    await gateway.logged('token.fetched', ({ relays }) => String(relays) === 'alerts')
    expect(host.sessions).toHaveLength(0)
    await send(port, 'scanner@corp.example', 'page')
    await send(port, 'alerts@corp.example', 'disk full')
    await until('both are there', () => host.sent.length === 2)
    expect(host.sent.map(({ as, from }) => [as, from]).sort()).toEqual([
      ['alerts@corp.example', 'alerts@corp.example'],
      ['scanner@corp.example', 'scanner@corp.example'],
    ])
    // The one is by secret, the other is signed; neither needed more than one question.
    expect(provider.asked).toHaveLength(2)
    expect(await tokensOf(gateway)).toMatchObject([
      { relays: ['alerts'], grant: 'service-account', state: 'ok', lastError: null, fetched: 1 },
      { relays: ['scanner'], grant: 'client-credentials', state: 'ok', lastError: null, fetched: 1 },
    ])
    const { out } = await mailgw(['status', '--state-dir', gateway.stateDir])
    expect(out).toMatch(/scanner +127\.0\.0\.1:\d+ +ok +for \d+m/)
    const scraped = await mailgw(['metrics', '--state-dir', gateway.stateDir])
    expect(scraped.out).toContain('mailgw_token_state{relay="scanner",state="ok"} 1')
    expect(scraped.out).toContain('mailgw_token_fetches_total{relay="alerts",outcome="fetched"} 1')

    // Nothing that is secret is in what anybody reads.
    const plan = await mailgw([
      'plan',
      '--base',
      'running',
      '--config',
      join(folder, 'mailgw.config.json'),
      '--state-dir',
      gateway.stateDir,
      '--json',
    ])
    const graph = await mailgw(['graph', '--config', join(folder, 'mailgw.config.json'), '--json'])
    const seen = JSON.stringify([gateway.log(), await gateway.status(), out, scraped.out, plan.out, graph.out])
    for (const hidden of [secret, ...provider.issued, 'PRIVATE KEY']) expect(seen).not.toContain(hidden)
  })

  test('an expired or revoked token costs no mail a delay: it is replaced when 535 tells of it', async () => {
    const { provider, host, port, document, env, folder } = await lab()
    const gateway = await startGateway(document({ retry: { schedule: '1h' } }), { env, folder })
    await send(port, 'scanner@corp.example', 'one')
    await until('it is there', () => host.sent.length === 1)
    for (const token of [...provider.issued]) provider.revoke(token)
    // A kept connection would never notice.
    await gateway.apply(document({ retry: { schedule: '1h' }, limits: { maxHops: 50 } }))
    await send(port, 'scanner@corp.example', 'two')
    await until('it is there too', () => host.sent.length === 2)
    expect(host.shown).toHaveLength(3)
    expect(provider.asked).toHaveLength(3)
    expect(gateway.log().filter(({ event }) => event === 'next-hop.down')).toEqual([])
  })

  test('a mailbox that the application may not use: one new token, a clear reason, and the mail waits without asking for more', async () => {
    const { provider, host, port, document, env, folder } = await lab()
    host.mailboxes.set('scanner@corp.example', [])
    const gateway = await startGateway(document(), { env, folder })
    await send(port, 'scanner@corp.example', 'page')
    const refused = await gateway.logged('connection.credentials-refused')
    expect(refused['meaning']).toContain('the token is good, and not for this mailbox')
    await until('it was tried again', () => host.shown.length >= 4)
    expect(provider.issued.length).toBeLessThanOrEqual(3)
    const [row] = await gateway.queue()
    expect(row).toMatchObject({ state: 'waiting' })
    const { out } = await mailgw(['status', '--state-dir', gateway.stateDir])
    expect(out).toContain('refused by scanner, also when it was new')
    host.mailboxes.set('scanner@corp.example', ['app'])
    await until('the mail is there', () => host.sent.length === 1)
    expect((await tokensOf(gateway)).map(({ state }) => state)).toEqual(['ok', 'ok'])
  })

  test('passwords that the provider takes no more (5.7.30) bounce nothing: the mail waits, and the log says what to do', async () => {
    const { host, port, document, env, folder } = await lab()
    host.answer = (verb) =>
      verb === 'AUTH' ? '550 5.7.30 Basic authentication is not supported for Client Submission.\r\n' : undefined
    const relays = {
      scanner: {
        hosts: `localhost:${host.port}`,
        auth: { user: 'scanner@corp.example', pass: { $secret: `file:${join(folder, 'app.secret')}` } },
      },
    }
    const gateway = await startGateway(document({ relays, localMx: { '*': 'relay:scanner' } }), { env, folder })
    await send(port, 'scanner@corp.example', 'page')
    const refused = await gateway.logged('connection.credentials-refused')
    expect(refused['meaning']).toContain('the relay needs oauth in place of pass')
    expect(await gateway.queue()).toMatchObject([{ state: 'waiting', attempts: 0 }])
  })

  test('a token endpoint that is down holds up its own relay alone, with 4.7.0; when it is back the mail goes at once', async () => {
    const { provider, host, port, document, env, folder } = await lab()
    provider.answer = (form) => (form.get('client_id') === 'app' ? { status: 503, body: 'maintenance' } : undefined)
    const gateway = await startGateway(document({ retry: { schedule: '1h' } }), { env, folder })
    await send(port, 'scanner@corp.example', 'held up')
    await send(port, 'alerts@corp.example', 'not held up')
    await until('the other is there', () => host.sent.length === 1)
    const down = await gateway.logged('next-hop.down')
    expect(down).toMatchObject({ status: '4.7.0', why: expect.stringMatching(/^no access token: .*answers 503/) })
    expect(subjects(host)).toEqual(['not held up'])
    provider.answer = null
    await until('the first is there too', () => host.sent.length === 2)
    expect(gateway.log().some(({ event, relays }) => event === 'token.failed' && String(relays) === 'scanner')).toBe(
      true,
    )
  }, 40_000)

  test('a wrong secret is told with the number that Microsoft gives it, and a corrected one delivers after an apply', async () => {
    const { provider, host, port, document, env, folder } = await lab()
    writeFileSync(join(folder, 'app.secret'), 'the-old-one\n')
    const gateway = await startGateway(document(), { env, folder })
    const failed = await gateway.logged('token.failed')
    expect(String(failed['why'])).toMatch(/refuses \(invalid_client\): AADSTS7000215: .*\(not shown\)/)
    await send(port, 'scanner@corp.example', 'page')
    writeFileSync(join(folder, 'app.secret'), `${secret}\n`)
    expect((await gateway.apply(document())).code).toBe(0)
    await until('it is there', () => host.sent.length === 1)
    expect(provider.holderOf(host.shown.at(-1)!)).toBe('app')
  })

  test('no more connections than the provider takes, and what it puts off all the same arrives later', async () => {
    const { host, port, document, env, folder } = await lab()
    const gateway = await startGateway(document(), { env, folder })
    await Promise.all(Array.from({ length: 12 }, (_, i) => send(port, 'scanner@corp.example', `page ${i}`)))
    await until('all are there', () => host.sent.length === 12)
    expect(host.busiest()).toBeLessThanOrEqual(3)
    let left = 2
    host.answer = (verb) => (verb === 'MAIL' && left-- > 0 ? '421 4.3.2 Service not available\r\n' : undefined)
    await send(port, 'scanner@corp.example', 'late')
    await until('it is there', () => host.sent.length === 13)
    expect(await gateway.queue()).toEqual([])
  }, 40_000)

  test('a sender that the mailbox may not use comes back with the words of the provider', async () => {
    const { host, port, document, env, folder } = await lab()
    const gateway = await startGateway(document(), { env, folder })
    await send(port, 'ceo@corp.example', 'order')
    const failed = await gateway.logged('delivery.failed')
    expect(failed).toMatchObject({ code: 554, status: '5.2.252' })
    expect(host.sent.filter(({ from }) => from === 'ceo@corp.example')).toEqual([])
  })
})

test('a document whose key is none is refused before it serves, and the old one stays', async () => {
  const folder = tempFolder()
  writeFileSync(join(folder, 'google.json'), '{"type":"authorized_user"}')
  const account = { $secret: `file:${join(folder, 'google.json')}` as const }
  const document = {
    hostname: 'gw.localhost',
    postmaster: 'ops@corp.example',
    listeners: { lan: { kind: 'internal', bind: '127.0.0.1:0' } },
    relaying: 'outbound',
    trusted: '127.0.0.0/8',
    relays: { google: googleWorkspace({ mailbox: 'a@corp.example', account }) },
    localMx: { '*': 'relay:google' },
  }
  const config = writeDocument(folder, document)
  const { code, err } = await mailgw(['serve', '--config', config, '--state-dir', join(folder, 'state')])
  expect(code).toBe(1)
  expect(err).toMatch(/relay google: expected client_email and private_key.*"authorized_user"/)
  expect(err).not.toContain(readFileSync(join(folder, 'google.json'), 'utf8'))
})
