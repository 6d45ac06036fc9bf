import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run } from '../../src/cli/commands/probe-smtp.ts'
import { exitCodeOf } from '../../src/cli/probe/exit-code.ts'
import type { Probed } from '../../src/cli/probe/probe.ts'
import { ownMessage } from '../../src/cli/probe/probe-message.ts'
import { RecordedWire } from '../../src/cli/probe/recorded-wire.ts'
import { type Learnt, type Script, talk } from '../../src/cli/probe/talk.ts'
import { CommandError } from '../../src/cli/run.ts'
import { noCapabilities } from '../../src/egress/capabilities.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { type Behave, behave, ehloReply, oddServer } from '../egress/odd-server.ts'
import { authority } from '../support/certificates.ts'
import { until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'

type Answer = { readonly code: number; readonly out: string }

/** Runs the command as the program does. */
async function probe(host: string | undefined, options: Record<string, unknown> = {}): Promise<Answer> {
  let out = ''
  const terminal = { out: (text: string) => void (out += text), err() {}, color: false, errColor: false }
  try {
    const code = await run({
      arguments: host === undefined ? [] : [host],
      options: { ehlo: 'gw.test', ...options },
      terminal,
    })
    return { code, out }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { code: error.exitCode, out: error.message }
  }
}

const at = (port: number) => `127.0.0.1:${port}`

/** A secret in a file of this test. */
function secret(value = 'open sesame'): string {
  const file = join(tempFolder(), 'secret')
  writeFileSync(file, `${value}\n`, { mode: 0o600 })
  return `file:${file}`
}

const offers = ehloReply('AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 SCRAM-SHA-256', 'SIZE 1000', '8BITMIME')

/** A host that asks for what `user` `open sesame` would say, and refuses all else. */
const login: Behave = (verb, line, session) => {
  if (verb === 'EHLO') return offers
  if (verb === 'AUTH') {
    const [, mechanism, initial] = line.split(' ')
    if (mechanism === 'PLAIN') {
      const isRight = Buffer.from(initial ?? '', 'base64').toString() === '\0user\0open sesame'
      return isRight ? '235 2.7.0 welcome\r\n' : `535 5.7.8 no, not ${initial}\r\n`
    }
    return mechanism === 'CRAM-MD5' ? '334 PDEuMkBob3N0Pg==\r\n' : '334 \r\n'
  }
  const before = session.heard.at(-2) ?? ''
  const text = Buffer.from(line, 'base64').toString()
  if (before.startsWith('AUTH CRAM-MD5')) {
    const digest = createHmac('md5', 'open sesame').update('<1.2@host>').digest('hex')
    return text === `user ${digest}` ? '235 2.7.0 welcome\r\n' : '535 5.7.8 no\r\n'
  }
  if (before.startsWith('AUTH LOGIN')) return '334 UGFzc3dvcmQ6\r\n'
  if (text === 'open sesame') return '235 2.7.0 welcome\r\n'
  return behave(verb, line, session)
}

// MQ-86
describe('probe smtp ends as MailTest did', () => {
  test.each([
    ['nobody named', undefined, {}, 1],
    ['two targets', 'host', { mx: 'a.test' }, 1],
    ['a word of TLS that is none', 'host', { tls: 'yes' }, 1],
    ['a mechanism that is none', 'host', { auth: 'NTLM', user: 'u', secret: 'env:X' }, 1],
    ['a login without a secret', 'host', { auth: 'PLAIN', user: 'u' }, 1],
    ['a message without an envelope', 'host', { size: '10KB' }, 1],
    ['a recipient without a sender', 'host', { to: ['a@b.test'] }, 4],
    ['a sender without a recipient', 'host', { from: 'a@b.test' }, 5],
  ] as const)('%s: %#', async (_, host, options, code) => {
    expect((await probe(host === undefined ? undefined : '127.0.0.1:1', options)).code).toBe(code)
  })

  test('a host that is not there, or refuses, is 10, with what was said', async () => {
    const nobody = await probe(at(await freePort()))
    expect(nobody).toMatchObject({ code: 10, out: expect.stringContaining('failed at connect: connection refused') })
    const { port } = await oddServer((verb, line, session) =>
      verb === 'RCPT' ? '550 5.1.1 no such user\r\n' : behave(verb, line, session),
    )
    const refused = await probe(at(port), { from: 'a@b.test', to: ['c@d.test'] })
    expect(refused).toMatchObject({
      code: 10,
      out: expect.stringContaining('failed at rcpt: c@d.test is refused: 550 5.1.1 no such user'),
    })
  })

  test.each([
    ['PLAIN', 6],
    ['LOGIN', 7],
    ['CRAM-MD5', 8],
  ])('AUTH %s that is refused is %i, and 0 with the right secret, which is shown nowhere', async (auth, code) => {
    const { port } = await oddServer(login)
    const wrong = await probe(at(port), { auth, user: 'user', secret: secret('wrong one') })
    expect(wrong.code).toBe(code)
    const right = await probe(at(port), { auth, user: 'user', secret: secret() })
    expect(right).toMatchObject({ code: 0, out: expect.stringContaining(`C: AUTH ${auth}`) })
    const json = await probe(at(port), { auth, user: 'user', secret: secret('wrong one'), json: true })
    for (const { out } of [wrong, right, json]) {
      expect(out).toContain('***')
      for (const text of ['open sesame', 'wrong one']) {
        for (const shown of [text, `\0user\0${text}`]) {
          expect(out).not.toContain(shown)
          expect(out).not.toContain(Buffer.from(shown).toString('base64').replaceAll('=', ''))
        }
      }
    }
  })

  test('CRAM-MD5 without a challenge is 9', async () => {
    const { port } = await oddServer((verb, line, session) =>
      verb === 'EHLO' ? offers : verb === 'AUTH' ? '334 \r\n' : behave(verb, line, session),
    )
    expect((await probe(at(port), { auth: 'cram-md5', user: 'user', secret: secret() })).code).toBe(9)
  })

  test('other mechanisms that fail are 10: MailTest had none of them', () => {
    const failed = { kind: 'failed', step: 'auth', why: '', reply: null } as const
    expect(exitCodeOf(failed, 'XOAUTH2')).toBe(10)
    expect(exitCodeOf(failed, 'SCRAM-SHA-256')).toBe(10)
  })
})

test('a secret goes to no other machine over a line without TLS', async () => {
  const { port, sessions } = await oddServer(login)
  const here = { name: '127.0.0.1', address: '127.0.0.1' as IpAddress, port }
  const wire = new RecordedWire(here, systemClock, 5000, [])
  await wire.connected()
  // As if it had led elsewhere.
  Object.assign(wire, { host: { ...here, address: '192.0.2.1' } })
  const learnt: Learnt = { step: 'connect', peer: null, capabilities: noCapabilities, offers: [] }
  const script: Script = {
    hostname: 'gw.test',
    hello: 'EHLO',
    tls: 'may',
    verify: false,
    ca: undefined,
    login: { mechanism: 'PLAIN', user: 'user', secret: 'open sesame' },
    transaction: null,
    proxy: null,
    timeoutMs: 5000,
  }
  expect(await talk(wire, script, learnt)).toMatchObject({
    kind: 'failed',
    step: 'auth',
    why: 'secrets are not sent without TLS, and the connection has none',
  })
  expect(sessions[0]?.heard).toEqual(['EHLO gw.test', 'QUIT'])
})

test('a probe of several parts says HELO, a PROXY header, and stops at RCPT when told to', async () => {
  const { port, sessions } = await oddServer((verb, line, session) =>
    verb === 'PROXY' ? '' : behave(verb, line, session),
  )
  const options = {
    helo: true,
    proxy: '192.0.2.7',
    from: '<>',
    to: ['a@b.test', 'c@d.test'],
    rcptOnly: true,
    tls: 'none',
  }
  expect((await probe(at(port), options)).code).toBe(0)
  expect(sessions[0]?.heard).toEqual([
    `PROXY TCP4 192.0.2.7 127.0.0.1 25025 ${port}`,
    'HELO gw.test',
    'MAIL FROM:<>',
    'RCPT TO:<a@b.test>',
    'RCPT TO:<c@d.test>',
    'RSET',
    'QUIT',
  ])
})

test('--mx tries the hosts of a delivery in its order, with the TLS that the document wants', async () => {
  const { port, sessions } = await oddServer()
  const closed = await freePort()
  const file = join(tempFolder(), 'mailgw.config.json')
  const document = {
    hostname: 'gw.corp.example',
    postmaster: 'it@corp.example',
    listeners: { lan: { kind: 'internal', bind: '127.0.0.1:0' } },
    trusted: '10.0.0.0/8',
    domains: { 'corp.example': 'local' },
    relays: { strict: { hosts: `127.0.0.1:${port}`, tls: 'encrypt' } },
    localMx: {
      'partner.example': [`127.0.0.1:${closed}`, `127.0.0.1:${port}`],
      'strict.example': { relay: 'strict' },
      '*': { reject: { code: 550, text: '5.1.2 no way there' } },
    },
  }
  writeFileSync(file, JSON.stringify(document))
  const found = await probe(undefined, { mx: 'partner.example', config: file, json: true })
  const { target, hosts, exitCode } = JSON.parse(found.out) as { target: string; hosts: Probed[]; exitCode: number }
  expect([target, exitCode]).toEqual(['to the hosts that the document names (localMx["partner.example"])', 0])
  expect(hosts.map(({ host, result }) => [host.port, result.kind])).toEqual([
    [closed, 'failed'],
    [port, 'ok'],
  ])
  expect(sessions).toHaveLength(1)
  expect(await probe(undefined, { mx: 'strict.example', config: file })).toMatchObject({
    code: 10,
    out: expect.stringContaining('failed at tls: the host does not offer STARTTLS'),
  })
  expect(await probe(undefined, { mx: 'nowhere.example', config: file })).toMatchObject({
    code: 10,
    out: expect.stringContaining('mail for nowhere.example goes to no host: refused with 550'),
  })
})

test('a message of a file goes over the wire with its lines ended by CRLF and its dots stuffed', async () => {
  const { port, accepted } = await oddServer()
  const file = join(tempFolder(), 'm.eml')
  writeFileSync(file, 'Subject: x\n\n.dot\n..two\r\nend')
  expect((await probe(at(port), { from: 'a@b.test', to: ['c@d.test'], message: file })).code).toBe(0)
  expect(accepted).toEqual(['Subject: x\r\n\r\n..dot\r\n...two\r\nend\r\n'])
})

test.each([1000, 1001, 1002, 1003, 1079, 1080, 1081, 100_000])(
  'a message of %i octets is that long, in whole lines',
  (sizeBytes) => {
    const { content, sizeBytes: counted } = ownMessage({
      sizeBytes,
      from: 'a@b.test',
      to: ['c@d.test'],
      hostname: 'gw.test',
      now: 0,
      id: 'x',
    })
    expect([content.length, counted]).toEqual([sizeBytes, sizeBytes])
    const text = content.toString('latin1')
    expect(text.endsWith('\r\n')).toBe(true)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(Math.max(...text.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
  },
)

describe.skipIf(!peers('postfix', 'openssl'))('with a real Postfix', () => {
  test('TLS, certificate, capabilities and a delivered message are shown', async () => {
    const folder = tempFolder()
    spawnSync('chmod', ['755', folder])
    const ca = authority(folder, 'ca')
    const certificate = ca.sign('mx', '/CN=mx.example.test')
    const postfix = await startPostfix({ tls: certificate })
    const mail = { from: 'a@src.test', to: ['bob@example.test'], size: '5KB' }
    const verified = await probe(at(postfix.port), { ...mail, tls: 'verify', ca: ca.cert, json: true })
    expect(verified.code).toBe(0)
    const [{ peer, offers, exchanges }] = (JSON.parse(verified.out) as { hosts: [Probed] }).hosts
    expect(peer).toMatchObject({ protocol: 'TLSv1.3', subject: 'CN=mx.example.test', issuer: 'CN=ca', problem: null })
    expect(peer?.fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(offers).toEqual(expect.arrayContaining(['8BITMIME', 'SMTPUTF8', 'CHUNKING']))
    expect(exchanges.map(({ command }) => command)).toEqual(
      expect.arrayContaining([
        'STARTTLS',
        'MAIL FROM:<a@src.test> SIZE=5000',
        'RCPT TO:<bob@example.test>',
        'DATA',
        'QUIT',
      ]),
    )
    expect(await until('it is delivered', () => postfix.messages()[0])).toContain('Subject: mailgw probe')

    // Without the authority the same certificate is shown, and its problem; to verify it is to fail.
    const opportunistic = await probe(at(postfix.port))
    expect(opportunistic).toMatchObject({ code: 0, out: expect.stringContaining('verified     no: ') })
    expect(opportunistic.out).toMatch(/^ +\d+ms S: 220 px\.example\.test ESMTP/m)
    expect(await probe(at(postfix.port), { tls: 'verify' })).toMatchObject({
      code: 10,
      out: expect.stringContaining('failed at tls: '),
    })
    expect(await probe(at(postfix.port), { tls: 'implicit', timeout: '2s' })).toMatchObject({
      code: 10,
      out: expect.stringContaining('failed at tls: '),
    })
  })
})
