import { describe, expect, test } from 'vitest'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { TlsLevel } from '../../src/mail/settings.ts'
import { peers } from '../support/peer.ts'
import { type Certificate, certificate } from './certificates.ts'
import { type ClientOptions, client } from './client.ts'
import { message } from './lane.ts'
import { type Behave, behave, ehloReply, oddServer } from './odd-server.ts'

const hasOpenssl = peers('openssl')

/** Offers STARTTLS in clear; under TLS other keywords, so that it shows which ones count. */
const withTls =
  (cert: Certificate, more: Behave = behave): Behave =>
  (verb, line, session) => {
    if (verb === 'EHLO')
      return session.secure
        ? ehloReply('PIPELINING', 'AUTH PLAIN LOGIN')
        : ehloReply('SIZE 1', 'STARTTLS', 'AUTH LOGIN')
    if (verb === 'STARTTLS') return { tls: cert.context, text: '220 go\r\n' }
    return more(verb, line, session)
  }

const verified = (
  cert: Certificate,
  tls: TlsLevel,
  ports: readonly number[],
  more: Partial<ClientOptions> = {},
): ClientOptions => ({
  ports,
  relay: { tls, ...more.relay },
  settings: { ca: cert.pem },
  ...(more.options ? { options: more.options } : {}),
})

describe.skipIf(!hasOpenssl)('STARTTLS', () => {
  test('what was said in clear is forgotten: EHLO is said anew and its keywords count', async () => {
    const cert = certificate('mx1.test')
    const server = await oddServer(withTls(cert))
    const { send, log } = client(verified(cert, 'verify', [server.port]))
    expect((await send(message()))[0]?.reply?.code).toBe(250)
    expect(server.sessions[0]!.secure).toBe(true)
    // In clear the host said SIZE 1.
    expect(server.sessions[0]!.heard.slice(0, 5)).toEqual([
      'EHLO gw.test',
      'STARTTLS',
      'EHLO gw.test',
      'MAIL FROM:<a@src.test>',
      'RCPT TO:<b@dst.test>',
    ])
    expect(log.find(({ event }) => event === 'connection.opened')?.fields['tls']).toMatch(/^TLSv1\.[23] /)
  })

  const levels: { name: string; tls: TlsLevel; offered: boolean; certFor: string; want: string; clear: boolean }[] = [
    {
      name: 'off: not used although offered',
      tls: 'off',
      offered: true,
      certFor: 'mx1.test',
      want: 'delivered',
      clear: true,
    },
    {
      name: 'may: used, whoever the certificate names',
      tls: 'may',
      offered: true,
      certFor: 'other.test',
      want: 'delivered',
      clear: false,
    },
    {
      name: 'may: clear where it is not offered',
      tls: 'may',
      offered: false,
      certFor: 'mx1.test',
      want: 'delivered',
      clear: true,
    },
    {
      name: 'encrypt: used, whoever the certificate names',
      tls: 'encrypt',
      offered: true,
      certFor: 'other.test',
      want: 'delivered',
      clear: false,
    },
    {
      name: 'encrypt: nothing is sent where it is not offered',
      tls: 'encrypt',
      offered: false,
      certFor: 'mx1.test',
      want: '4.7.4',
      clear: true,
    },
    {
      name: 'verify: nothing is sent to another name',
      tls: 'verify',
      offered: true,
      certFor: 'other.test',
      want: '4.7.5',
      clear: false,
    },
    {
      name: 'verify: nothing is sent where it is not offered',
      tls: 'verify',
      offered: false,
      certFor: 'mx1.test',
      want: '4.7.4',
      clear: true,
    },
  ]
  for (const { name, tls, offered, certFor, want, clear } of levels) {
    test(name, async () => {
      const cert = certificate(certFor)
      const server = await oddServer(offered ? withTls(cert) : behave)
      const { send, lane } = client({ ports: [server.port], relay: { tls }, settings: { ca: cert.pem } })
      await send(message({ content: 'x\r\n', spooled: true, ...(tls === 'off' ? { content: '' } : {}) }))
      if (want === 'delivered') expect(lane.settled[0]?.attempts[0]?.reply?.code).toBe(250)
      else expect(lane.downs[0]?.why).toContain(want)
      const mails = server.sessions.flatMap((session) => session.heard).filter((line) => line.startsWith('MAIL'))
      expect(mails).toHaveLength(want === 'delivered' ? 1 : 0)
      if (want === 'delivered') expect(server.sessions.at(-1)!.secure).toBe(!clear)
    })
  }

  test('verify: a certificate of an unknown authority is refused', async () => {
    const cert = certificate('mx1.test')
    const server = await oddServer(withTls(cert))
    const { send, lane } = client({ ports: [server.port], relay: { tls: 'verify' } })
    await send(message())
    expect(lane.downs[0]?.why).toMatch(/^4\.7\.5 .*self-signed/)
  })

  test('a failed handshake is clear text on a new connection when TLS is only opportunistic, and no delivery otherwise', async () => {
    const broken: Behave = (verb, line, session) => {
      if (verb === 'EHLO') return ehloReply('PIPELINING', 'STARTTLS')
      if (verb === 'STARTTLS') return { close: 'after', text: '220 go\r\n' }
      return behave(verb, line, session)
    }
    const server = await oddServer(broken)
    expect((await client({ ports: [server.port], relay: { tls: 'may' } }).send(message()))[0]?.reply?.code).toBe(250)
    expect(server.sessions).toHaveLength(2)
    const { send, lane } = client({ ports: [server.port], relay: { tls: 'encrypt' } })
    await send(message())
    expect(lane.downs[0]?.why).toContain('4.7.5')
  })

  test('STARTTLS refused: clear when TLS is opportunistic, no delivery otherwise', async () => {
    const refusing: Behave = (verb, line, session) => {
      if (verb === 'EHLO') return ehloReply('PIPELINING', 'STARTTLS')
      return verb === 'STARTTLS' ? '454 4.7.0 not now\r\n' : behave(verb, line, session)
    }
    const server = await oddServer(refusing)
    expect((await client({ ports: [server.port], relay: { tls: 'may' } }).send(message()))[0]?.reply?.code).toBe(250)
    const { send, lane } = client({ ports: [server.port], relay: { tls: 'encrypt' } })
    await send(message())
    expect(lane.downs[0]).toMatchObject({ reply: { code: 454 } })
  })

  for (const injected of ['250 injected\r\n', '250-half', '2']) {
    test(`text in clear behind the answer to STARTTLS is refused: ${JSON.stringify(injected)}`, async () => {
      const cert = certificate('mx1.test')
      const server = await oddServer((verb, line, session) =>
        verb === 'STARTTLS' ? { tls: cert.context, text: `220 go\r\n${injected}` } : withTls(cert)(verb, line, session),
      )
      const { send, lane } = client(verified(cert, 'encrypt', [server.port]))
      await send(message())
      expect(lane.downs).toHaveLength(1)
      expect(server.sessions.flatMap((session) => session.heard).filter((line) => line.startsWith('MAIL'))).toEqual([])
    })
  }

  test('large content streams under TLS, octet for octet', async () => {
    const cert = certificate('mx1.test')
    const server = await oddServer(withTls(cert))
    const content = `${'y'.repeat(998)}\r\n`.repeat(2000)
    const { send } = client({ ...verified(cert, 'verify', [server.port]), relay: { tls: 'verify', connections: 1 } })
    await send(message({ content, spooled: true }), message({ content }), message({ content: 'small\r\n' }))
    expect(server.accepted.map((one) => one.length)).toEqual([content.length, content.length, 7])
    expect(server.accepted[0] === content && server.accepted[1] === content).toBe(true)
  })
})

describe('AUTH', () => {
  const relay = { auth: { user: 'üser', pass: { $secret: 'env:P' } }, tls: 'may' as const }
  const offering =
    (mechanisms: string, answer = '235 2.7.0 welcome\r\n'): Behave =>
    (verb, line, session) => {
      if (verb === 'EHLO') return ehloReply('PIPELINING', `AUTH ${mechanisms}`)
      if (line.startsWith('AUTH LOGIN')) return '334 VXNlcm5hbWU6\r\n'
      if (line === Buffer.from('üser').toString('base64')) return '334 UGFzc3dvcmQ6\r\n'
      if (line.startsWith('AUTH PLAIN') || line === Buffer.from('geheim').toString('base64')) return answer
      return behave(verb, line, session)
    }
  const options = { secrets: async () => 'geheim' }

  test('PLAIN where it is offered', async () => {
    const server = await oddServer(offering('LOGIN PLAIN'))
    expect((await client({ ports: [server.port], relay, options }).send(message()))[0]?.reply?.code).toBe(250)
    expect(server.sessions[0]!.heard[1]).toBe(`AUTH PLAIN ${Buffer.from('\0üser\0geheim').toString('base64')}`)
  })

  test('LOGIN where only that is offered', async () => {
    const server = await oddServer(offering('CRAM-MD5 LOGIN'))
    expect((await client({ ports: [server.port], relay, options }).send(message()))[0]?.reply?.code).toBe(250)
    expect(server.sessions[0]!.heard[1]).toBe('AUTH LOGIN')
  })

  for (const code of ['535 5.7.8 wrong', '454 4.7.0 later', '534 5.7.9 weak']) {
    test(`${code}: no mail is refused for our own wrong password, all of it waits, and an operator is told`, async () => {
      const server = await oddServer(offering('PLAIN', `${code}\r\n`))
      const { send, lane, log } = client({ ports: [server.port], relay, options })
      await send(message(), message())
      expect(lane.settled).toEqual([])
      expect(lane.downs).toHaveLength(1)
      expect(lane.downs[0]?.reply?.code).toBe(Number(code.slice(0, 3)))
      expect(log.map(({ event }) => event)).toContain('connection.credentials-refused')
      expect(JSON.stringify(log)).not.toContain('geheim')
    })
  }

  test('no mechanism that we know, and a secret that cannot be resolved: the mail waits', async () => {
    const server = await oddServer(offering('GSSAPI'))
    const unknown = client({ ports: [server.port], relay, options })
    await unknown.send(message())
    expect(unknown.lane.downs[0]?.why).toContain(
      'offers no AUTH that we may use (SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, LOGIN); offered: GSSAPI',
    )
    const failing = client({
      ports: [server.port],
      relay,
      options: {
        secrets: async () => {
          throw new Error('env P is not set')
        },
      },
    })
    await failing.send(message())
    expect(failing.lane.downs[0]?.why).toContain('env P is not set')
    expect(server.sessions).toHaveLength(1)
  })

  test('no password goes in clear to a host that is not this machine', async () => {
    const { authenticate } = await import('../../src/egress/auth/authenticate.ts')
    const asked: string[] = []
    const wire = {
      tls: null,
      host: { name: 'x', address: '192.0.2.1' as IpAddress, port: 25 },
      ask: async (command: string) => asked.push(command),
    }
    const failure = await authenticate(
      wire as never,
      { kind: 'password', user: 'u', pass: 'p', mechanisms: ['PLAIN'] },
      new Set(['PLAIN']),
      1,
    )
    expect(failure?.status).toBe('4.7.11')
    expect(asked).toEqual([])
  })
})
