import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ListenerTls } from '../../../src/mail/settings.ts'
import type { Certificate } from '../../support/certificates.ts'
import { peers, tempFolder } from '../../support/peer.ts'
import { startPostfix } from '../../support/postfix.ts'
import { runClient } from '../client-program.ts'
import { tcpWire, until } from '../wire.ts'
import { type Authority, certificatesFor, say, tlsHouse, tlsSettings } from './tls-house.ts'

// Clients of others, by STARTTLS and with TLS from the first octet. MR-08, MR-09.

const folder = mkdtempSync(join(tmpdir(), 'mailgw-tls-clients-'))
let authority: Authority
let pair: Certificate
const hasOpenssl = peers('openssl')

beforeAll(() => {
  if (!hasOpenssl) return
  const made = certificatesFor(folder, 'localhost')
  authority = made.authority
  pair = made.pairs[0]!
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function house(mode: ListenerTls['mode'], over: Partial<ListenerTls> = {}) {
  const open = await tlsHouse([pair], tlsSettings({ mode, ...over }))
  onTestFinished(() => open.listener.close())
  return open
}

const message = 'Subject: hello\r\nFrom: a@example.com\r\n\r\n.a line with a dot\r\nthe end\r\n'
const stored = /\r\nSubject: hello\r\nFrom: a@example\.com\r\n\r\n\.\.a line with a dot\r\nthe end\r\n$/

describe.skipIf(!hasOpenssl)('TLS with clients of others', () => {
  test.skipIf(!peers('swaks'))('swaks', async () => {
    for (const [mode, option] of [
      ['offered', '--tls'],
      ['required', '--tls'],
      ['implicit', '--tls-on-connect'],
    ] as const) {
      const { port, inlet } = await house(mode)
      const to = [
        '--server',
        `localhost:${port}`,
        '--from',
        'a@example.com',
        '--to',
        'b@example.org',
        '--helo',
        'c.example',
      ]
      const sent = await runClient('swaks', [
        ...to,
        '--data',
        message,
        option,
        '--tls-verify',
        '--tls-ca-path',
        authority.cert,
      ])
      expect(sent).toMatchObject({ code: 0 })
      expect(sent.output).toMatch(/=== TLS started with cipher TLSv1\.3:TLS_AES_256_GCM_SHA384:256/)
      expect(inlet.kept[0]!.envelope.origin.protocol).toBe('ESMTPS')
    }
    const { port } = await house('required')
    const clear = await runClient('swaks', [
      '--server',
      `localhost:${port}`,
      '--from',
      'a@example.com',
      '--to',
      'b@example.org',
    ])
    expect(clear.output).toContain('<** 530 5.7.0 send STARTTLS first')
  })

  test.skipIf(!peers('curl'))('curl', async () => {
    for (const [mode, scheme] of [
      ['offered', 'smtp'],
      ['implicit', 'smtps'],
    ] as const) {
      const { port, inlet } = await house(mode)
      const args = ['-sS', '--ssl-reqd', '--cacert', authority.cert, `${scheme}://localhost:${port}/c.example`]
      const envelope = ['--mail-from', 'a@example.com', '--mail-rcpt', 'b@example.org', '--upload-file', '-']
      expect(await runClient('curl', [...args, ...envelope], message)).toEqual({ code: 0, output: '' })
      expect(inlet.kept[0]!.body).toMatch(stored)
      expect(inlet.kept[0]!.envelope.origin.protocol).toBe('ESMTPS')
    }
  })

  test.skipIf(!peers('msmtp'))('msmtp', async () => {
    for (const [mode, starttls] of [
      ['offered', 'on'],
      ['implicit', 'off'],
    ] as const) {
      const { port, inlet } = await house(mode)
      const line = ['--host=localhost', `--port=${port}`, '--auth=off', '--from=a@example.com']
      const tls = ['--tls=on', `--tls-starttls=${starttls}`, `--tls-trust-file=${authority.cert}`]
      const sent = await runClient('msmtp', [...line, ...tls, 'b@example.org'], message.replaceAll('\r', ''))
      expect(sent).toEqual({ code: 0, output: '' })
      expect(inlet.kept[0]!.body).toMatch(stored)
      expect(inlet.kept[0]!.envelope.origin.protocol).toBe('ESMTPS')
    }
  })

  test.skipIf(!peers('python3'))("Python's smtplib, with a certificate of its own", async () => {
    const device = authority.sign('device', '/CN=device')
    const script = join(tempFolder(), 'send.py')
    writeFileSync(
      script,
      `
import smtplib, ssl, sys
port, kind = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=${JSON.stringify(authority.cert)})
context.load_cert_chain(${JSON.stringify(device.cert)}, ${JSON.stringify(device.key)})
if kind == 'implicit':
    s = smtplib.SMTP_SSL('localhost', port, local_hostname='c.example', context=context)
else:
    s = smtplib.SMTP('localhost', port, local_hostname='c.example')
    s.ehlo()
    assert s.has_extn('starttls')
    s.starttls(context=context)
s.ehlo()
assert not s.has_extn('starttls')
s.sendmail('a@example.com', ['b@example.org'], ${JSON.stringify(message)})
s.sendmail('a@example.com', ['b@example.org'], 'x' * 9000)
assert s.quit()[0] == 221
`,
    )
    for (const mode of ['offered', 'implicit'] as const) {
      const { port, inlet } = await house(mode, { clientCa: authority.cert })
      expect(await runClient('python3', [script, String(port), mode])).toEqual({ code: 0, output: '' })
      expect(inlet.kept).toHaveLength(2)
      expect(inlet.kept[0]!.body).toMatch(stored)
    }
  })

  test('openssl s_client, whose request to renegotiate ends the connection', async () => {
    const { port, inlet } = await house('offered')
    const say = 'EHLO c.example\nMAIL FROM:<a@example.com>\nrcpt TO:<b@example.org>\nDATA\nx\n.\nquit\n'
    const to = ['s_client', '-connect', `127.0.0.1:${port}`, '-starttls', 'smtp', '-crlf', '-CAfile', authority.cert]
    const sent = await runClient('openssl', [...to, '-quiet', '-verify_return_error'], say)
    expect(sent.output).toContain('250 2.0.0 queued as m1')
    expect(inlet.kept[0]!.envelope.origin.protocol).toBe('ESMTPS')
    const again = await runClient('openssl', [...to, '-tls1_2'], 'R\n')
    // On its two outputs, in whatever order they come.
    expect(again.output).toContain('RENEGOTIATING')
    expect(again.output).toMatch(/unexpected eof|reset/i)
  })
})

describe.skipIf(!hasOpenssl || !peers('postfix'))('an unchanged Postfix that sends to us', () => {
  test.each([
    ['offered', 'smtp_tls_wrappermode = no'],
    ['implicit', 'smtp_tls_wrappermode = yes'],
  ] as const)('finds our certificate in order (%s)', async (mode, wrapper) => {
    const { port, inlet } = await house(mode)
    const postfix = await startPostfix({
      main: [
        'mynetworks = 127.0.0.0/8',
        'smtpd_relay_restrictions = permit_mynetworks, reject',
        `relayhost = [localhost]:${port}`,
        // Name and chain are checked, or nothing is sent.
        'smtp_tls_security_level = secure',
        'smtp_tls_secure_cert_match = nexthop',
        'smtp_host_lookup = native',
        `smtp_tls_CAfile = ${authority.cert}`,
        'smtp_tls_loglevel = 1',
        wrapper,
      ],
    })
    const wire = await tcpWire(postfix.port)
    await until(() => wire.came() !== '')
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    await say(wire, 'MAIL FROM:<a@example.com>\r\n', /250/)
    await say(wire, 'RCPT TO:<b@example.org>\r\n', /250/)
    await say(wire, 'DATA\r\n', /354/)
    await say(wire, `${message.replace('.a line', '..a line')}.\r\n`, /250/)
    wire.destroy()
    expect(await until(() => inlet.kept.length === 1, 10_000), postfix.log()).toBe(true)
    expect(inlet.kept[0]!.envelope.origin.protocol).toBe('ESMTPS')
    expect(inlet.kept[0]!.body).toContain('\r\n..a line with a dot\r\nthe end\r\n')
    await until(() => postfix.log().includes('status=sent'))
    expect(postfix.log()).toMatch(/Verified TLS connection established to localhost/)
  })
})
