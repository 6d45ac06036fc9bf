import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Log, LogFields } from '../../../src/mail/log.ts'
import type { Certificate } from '../../support/certificates.ts'
import { peers } from '../../support/peer.ts'
import { MemoryInlet, site } from '../house.ts'
import { tcpWire, until } from '../wire.ts'
import { type Authority, certificatesFor, say, startTls, tlsHouse, tlsSettings, tlsWire } from './tls-house.ts'

// MR-08, MR-09, MR-14; RFC 3207, RFC 8314.

const folder = mkdtempSync(join(tmpdir(), 'mailgw-tls-'))
let authority: Authority
let pairs: Certificate[]
const hasOpenssl = peers('openssl')

beforeAll(() => {
  if (hasOpenssl) ({ authority, pairs } = certificatesFor(folder, 'mx.example.org', '*.example.net'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Logged = readonly [event: string, fields: LogFields | undefined]

function logInto(lines: Logged[]): Log {
  const add = (event: string, fields?: LogFields) => void lines.push([event, fields])
  return { debug: add, info: add, warn: add, error: add }
}

async function house(tls = tlsSettings(), over: Parameters<typeof tlsHouse>[2] = {}) {
  const open = await tlsHouse(pairs.slice(0, tls.certificates.length), tls, over)
  onTestFinished(() => open.listener.close())
  return open
}

const message = 'MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n'

describe.skipIf(!hasOpenssl)('STARTTLS', () => {
  test('is offered before the handshake, and neither offered nor taken after it', async () => {
    const { port } = await house()
    const clear = await tcpWire(port)
    expect(await say(clear, 'EHLO c.example\r\n', /^250 /m)).toContain('250-STARTTLS\r\n')
    clear.destroy()
    const wire = await startTls(port)
    expect(await say(wire, 'EHLO c.example\r\n', /^250 /m)).not.toContain('STARTTLS')
    expect(await say(wire, 'STARTTLS\r\n', /\r\n/)).toBe('503 5.5.1 the line is encrypted already\r\n')
    wire.destroy()
  })

  test('is not known where the listener has no TLS, and has no argument', async () => {
    const { port } = await house()
    const wire = await tcpWire(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    expect(await say(wire, 'STARTTLS now\r\n', /\r\n/)).toBe('501 5.5.4 STARTTLS has no argument\r\n')
    expect(await say(wire, 'MAIL FROM:<a@example.com>\r\nSTARTTLS\r\n', /503/)).toContain(
      '503 5.5.1 a transaction is open',
    )
    wire.destroy()
  })

  test('is answered 454 when its certificates are gone', async () => {
    const { port } = await house(tlsSettings(), { tls: null })
    const wire = await tcpWire(port)
    expect(await say(wire, 'EHLO c.example\r\n', /^250 /m)).not.toContain('STARTTLS')
    expect(await say(wire, 'STARTTLS\r\n', /\r\n/)).toBe('454 4.7.0 TLS is not available now\r\n')
    wire.destroy()
  })

  test('forgets all that was said before it (RFC 3207 §4.2)', async () => {
    const { port, listener } = await house()
    const wire = await startTls(port)
    expect(await until(() => listener.sessions()[0]!.helo === null)).toBe(true)
    expect(await say(wire, 'MAIL FROM:<a@example.com>\r\n', /\r\n/)).toBe('503 5.5.1 send EHLO or HELO first\r\n')
    wire.destroy()
  })

  test('leaves its mark in Received, and in the log', async () => {
    const lines: Logged[] = []
    const { port, inlet } = await house(tlsSettings(), { log: logInto(lines) })
    const wire = await startTls(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    await say(wire, message, /354/)
    await say(wire, 'Subject: x\r\n\r\nx\r\n.\r\n', /250 2.0.0 queued/)
    expect(inlet.kept[0]!.body).toMatch(
      /^Received: from c\.example \(\[127\.0\.0\.1\]\)\r\n \(TLSv1\.3 TLS_AES_256_GCM_SHA384\)\r\n by mx\.example\.org with ESMTPS id m1\r\n for <b@example\.org>; /,
    )
    expect(inlet.kept[0]!.envelope.origin.protocol).toBe('ESMTPS')
    expect(lines.find(([event]) => event === 'session.tls')![1]).toMatchObject({
      cipher: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
    })
    expect(lines.find(([event]) => event === 'message.accepted')![1]).toMatchObject({
      tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
    })
    wire.destroy()
  })

  test('what came with it is dropped unread, and half a command is not glued to what follows (CVE-2011-0411)', async () => {
    for (const injected of ['NOOP\r\n', 'RSET\r\nMAIL FROM:<x@example.com>\r\n', 'MAIL FR', '\r\n']) {
      const lines: Logged[] = []
      const { port } = await house(tlsSettings(), { log: logInto(lines) })
      const clear = await tcpWire(port)
      await say(clear, 'EHLO c.example\r\n', /^250 /m)
      expect(await say(clear, `STARTTLS\r\n${injected}`, /\r\n$/)).toMatch(/^220 2\.0\.0 .*\r\n$/)
      expect(lines.find(([event]) => event === 'session.refused')![1]).toMatchObject({ code: 554 })
      const wire = await tlsWire({ socket: clear.socket as Socket })
      expect(await say(wire, 'OM:<a@example.com>\r\n', /\r\n$/)).toBe('500 5.5.1 the command is not known\r\n')
      expect(await say(wire, 'RCPT TO:<b@example.org>\r\n', /\r\n$/)).toMatch(/^503 /)
      expect(await say(wire, 'EHLO c.example\r\n', /^250 /m)).toMatch(/^250-mx/)
      wire.destroy()
    }
  })

  test('what waits behind a slow command with it is dropped too', async () => {
    const { port } = await house()
    const clear = await tcpWire(port)
    await say(clear, 'EHLO c.example\r\n', /^250 /m)
    await say(clear, 'MAIL FROM:<slow@example.com>\r\nRSET\r\nSTARTTLS\r\nNOOP\r\n', /^220 /m)
    const wire = await tlsWire({ socket: clear.socket as Socket })
    expect(await say(wire, 'MAIL FROM:<a@example.com>\r\n', /\r\n$/)).toMatch(/^503 /)
    wire.destroy()
  })

  test('what comes in clear text after it is no command, and ends the connection', async () => {
    const lines: Logged[] = []
    const { port, inlet } = await house(tlsSettings(), { log: logInto(lines) })
    const wire = await tcpWire(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    await say(wire, 'STARTTLS\r\n', /220/)
    await wire.send(Buffer.from('NOOP\r\nMAIL FROM:<a@example.com>\r\n'))
    expect(await until(() => wire.closed())).toBe(true)
    expect(wire.came()).not.toContain('250 2')
    expect(await until(() => lines.some(([event]) => event === 'session.tls-failed'))).toBe(true)
    expect(inlet.kept).toEqual([])
  })

  test('a client that goes away in the handshake leaves nothing behind', async () => {
    const { port, listener, census } = await house()
    const wire = await tcpWire(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    await say(wire, 'STARTTLS\r\n', /220/)
    expect(listener.sessions()[0]!.state).toBe('handshake')
    wire.destroy()
    expect(await until(() => listener.sessions().length === 0)).toBe(true)
    expect(census.total).toBe(0)
  })

  test('where it is required nothing but EHLO, NOOP and QUIT goes before it (RFC 3207 §4)', async () => {
    const { port } = await house(tlsSettings({ mode: 'required' }))
    const wire = await tcpWire(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    for (const command of ['RCPT TO:<b@example.org>', 'DATA', 'RSET', 'VRFY b', 'BDAT 0 LAST', 'HELP']) {
      expect(await say(wire, `${command}\r\n`, /\r\n/)).toBe('530 5.7.0 send STARTTLS first\r\n')
    }
    expect(await say(wire, 'NOOP\r\n', /\r\n/)).toMatch(/^250 /)
    expect(await say(wire, 'GET / HTTP/1.1\r\n', /\r\n/)).toMatch(/^421 /)
    const secure = await startTls(port)
    await say(secure, 'EHLO c.example\r\n', /^250 /m)
    expect(await say(secure, message, /354/)).toContain('354')
    secure.destroy()
  })
})

describe.skipIf(!hasOpenssl)('implicit TLS', () => {
  test('begins with the handshake, and greets after it', async () => {
    const { port, inlet } = await house(tlsSettings({ mode: 'implicit' }))
    const wire = await tlsWire({ port, host: '127.0.0.1' })
    await until(() => wire.came() !== '')
    expect(wire.came()).toBe('220 mx.example.org ESMTP\r\n')
    expect(await say(wire, 'EHLO c.example\r\n', /^250 /m)).not.toContain('STARTTLS')
    await say(wire, message, /354/)
    await say(wire, 'x\r\n.\r\n', /250 2.0.0 queued/)
    expect(inlet.kept[0]!.envelope.origin.protocol).toBe('ESMTPS')
    expect(await say(wire, 'QUIT\r\n', /221/)).toMatch(/^221 /)
    expect(await until(() => wire.closed())).toBe(true)
  })

  test('a client that speaks in clear text hears nothing of SMTP', async () => {
    const { port } = await house(tlsSettings({ mode: 'implicit' }))
    const wire = await tcpWire(port)
    await wire.send(Buffer.from('EHLO c.example\r\n'))
    expect(await until(() => wire.closed())).toBe(true)
    expect(wire.came()).not.toMatch(/\d\d\d[ -]/)
  })

  test('a client that says nothing is cut when its time is over', async () => {
    const admission = site({ timeouts: { commandMs: 100 } })
    const { port } = await house(tlsSettings({ mode: 'implicit' }), { admission: () => admission })
    const wire = await tcpWire(port)
    expect(await until(() => wire.closed())).toBe(true)
    expect(wire.came()).toBe('')
  })

  test('a client that is not greeted is told so under TLS', async () => {
    const admission = {
      ...site(),
      connect: () => ({ kind: 'refuse', reply: { code: 554, status: '5.7.1', text: 'no' }, at: 't' }) as const,
    }
    const { port } = await house(tlsSettings({ mode: 'implicit' }), { admission: () => admission })
    const wire = await tlsWire({ port, host: '127.0.0.1' })
    await until(() => wire.came() !== '')
    expect(wire.came()).toBe('554 5.7.1 no\r\n')
    wire.destroy()
  })
})

describe.skipIf(!hasOpenssl)('a handshake', () => {
  test('shows the certificate of the host that the client names, and the first one else', async () => {
    const { port } = await house(tlsSettings({ mode: 'implicit', certificates: ['main', 'net'] }))
    const shown = async (servername?: string) => {
      const wire = await tlsWire({ port, host: '127.0.0.1', ...(servername && { servername }) })
      const { CN } = wire.socket.getPeerCertificate().subject
      wire.destroy()
      return CN
    }
    expect(await shown()).toBe('mx.example.org')
    expect(await shown('mx.example.org')).toBe('mx.example.org')
    expect(await shown('a.example.net')).toBe('*.example.net')
    expect(await shown('A.Example.NET')).toBe('*.example.net')
    // "*" is one label (RFC 6125 §6.4.3).
    expect(await shown('a.b.example.net')).toBe('mx.example.org')
    expect(await shown('example.net')).toBe('mx.example.org')
    expect(await shown('nobody.example')).toBe('mx.example.org')
  })

  test('agrees on no version below the least one', async () => {
    const { port } = await house(tlsSettings({ mode: 'implicit', minVersion: 'TLSv1.3' }))
    await expect(tlsWire({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/i)
    const wire = await tlsWire({ port, host: '127.0.0.1' })
    expect(wire.socket.getProtocol()).toBe('TLSv1.3')
    wire.destroy()
  })

  test('uses the ciphers of the document for TLS 1.2, and does not lose TLS 1.3 by it', async () => {
    const ciphers = 'ECDHE-ECDSA-CHACHA20-POLY1305'
    const { port } = await house(tlsSettings({ mode: 'implicit', ciphers }))
    const old = await tlsWire({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2' })
    expect(old.socket.getCipher().name).toBe(ciphers)
    old.destroy()
    const fresh = await tlsWire({ port, host: '127.0.0.1' })
    expect(fresh.socket.getProtocol()).toBe('TLSv1.3')
    fresh.destroy()
    const other = 'ECDHE-ECDSA-AES256-GCM-SHA384'
    await expect(tlsWire({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', ciphers: other })).rejects.toThrow()
  })

  test('agrees on no protocol by ALPN', async () => {
    const { port } = await house(tlsSettings({ mode: 'implicit' }))
    const wire = await tlsWire({ port, host: '127.0.0.1', ALPNProtocols: ['http/1.1', 'smtp'] })
    expect(wire.socket.alpnProtocol).toBe(false)
    wire.destroy()
  })

  test('cannot be had again: a renegotiation ends the connection', async () => {
    const { port } = await house(tlsSettings({ mode: 'implicit' }))
    const wire = await tlsWire({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2' })
    await until(() => wire.came() !== '')
    wire.socket.on('error', () => {})
    wire.socket.renegotiate({}, () => {})
    expect(await until(() => wire.closed())).toBe(true)
    expect(wire.came()).toBe('220 mx.example.org ESMTP\r\n')
  })
})

describe.skipIf(!hasOpenssl)("a client's certificate", () => {
  const fingerprint = (file: string) => {
    const { raw } = new X509Certificate(readFileSync(file))
    return `sha256:${createHash('sha256').update(raw).digest('hex')}`
  }
  /** What the session took the client for. */
  async function taken(offer: { cert?: string; key?: string; session?: Buffer; maxVersion?: 'TLSv1.2' } = {}) {
    const lines: Logged[] = []
    const { port } = await house(tlsSettings({ clientCa: authority.cert }), { log: logInto(lines) })
    const wire = await startTls(port, offer)
    await say(wire, 'QUIT\r\n', /221/)
    await until(() => lines.some(([event]) => event === 'session.close'))
    return lines.find(([event]) => event === 'session.close')![1]!['certificate']
  }

  test('is its identity when the named authority has signed it', async () => {
    const own = authority.sign('device', '/CN=printer 7')
    const pem = { cert: readFileSync(own.cert, 'utf8'), key: readFileSync(own.key, 'utf8') }
    expect(await taken(pem)).toBe(fingerprint(own.cert))
    expect(await taken({ ...pem, maxVersion: 'TLSv1.2' })).toBe(fingerprint(own.cert))
  })

  test('is nothing when somebody else has signed it, and the session goes on', async () => {
    const other = certificatesFor(mkdtempSync(join(folder, 'other-')), 'x.example').pairs[0]!
    const pem = { cert: readFileSync(other.cert, 'utf8'), key: readFileSync(other.key, 'utf8') }
    expect(await taken(pem)).toBe(undefined)
  })

  test('is nothing when there is none, and the session goes on', async () => {
    expect(await taken()).toBe(undefined)
  })

  test('is nothing in a resumed session that began without one', async () => {
    const lines: Logged[] = []
    const { port } = await house(tlsSettings({ mode: 'implicit', clientCa: authority.cert }), { log: logInto(lines) })
    const first = await tlsWire({ port, host: '127.0.0.1' })
    const session = await new Promise<Buffer>((resolve) => first.socket.once('session', resolve))
    first.destroy()
    const again = await tlsWire({ port, host: '127.0.0.1', session })
    expect(again.socket.isSessionReused()).toBe(true)
    await say(again, 'QUIT\r\n', /221/)
    const closed = () => lines.filter(([event]) => event === 'session.close')
    await until(() => closed().length === 2)
    expect(closed().map(([, fields]) => fields!['certificate'])).toEqual([undefined, undefined])
  })
})

describe.skipIf(!hasOpenssl)('an encrypted session', () => {
  test('takes large content in whatever records it comes, and stores each octet once', async () => {
    for (const mode of ['offered', 'implicit'] as const) {
      const admission = site({ limits: { maxSizeBytes: 50_000_000 } })
      const { port, inlet } = await house(tlsSettings({ mode }), {
        admission: () => admission,
        line: { maxSizeBytes: 50_000_000 },
      })
      const wire = mode === 'implicit' ? await tlsWire({ port, host: '127.0.0.1' }) : await startTls(port)
      await say(wire, 'EHLO c.example\r\n', /^250 /m)
      await say(wire, message, /354/)
      const body = Array.from({ length: 60_000 }, (_, i) => `${i} ${'x'.repeat(i % 120)}\r\n`).join('')
      for (let at = 0; at < body.length; ) {
        const length = 1 + ((at * 7919) % 70_000)
        await wire.send(Buffer.from(body.slice(at, at + length), 'latin1'))
        at += length
      }
      await say(wire, '.\r\n', /250 2.0.0 queued/)
      const { body: stored } = inlet.kept[0]!
      expect(stored.endsWith(body)).toBe(true)
      expect(stored.length - body.length).toBeLessThan(400)
      wire.destroy()
    }
  })

  test('answers pipelined commands, BDAT among them, in order', async () => {
    const { port, inlet } = await house()
    const wire = await startTls(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    const both = 'MAIL FROM:<slow@example.com>\r\nRCPT TO:<slow@example.org>\r\nRCPT TO:<nobody@example.org>\r\n'
    const came = await say(wire, `${both}BDAT 3\r\na\r\nBDAT 3 LAST\r\nb\r\nNOOP\r\nQUIT\r\n`, /221/)
    expect(came.split('\r\n').map((line) => line.slice(0, 3))).toEqual([
      '250',
      '250',
      '550',
      '250',
      '250',
      '250',
      '221',
      '',
    ])
    expect(inlet.kept[0]!.body).toMatch(/\r\na\r\nb\r\n$/)
  })

  test('waits in the client while the store is slow', async () => {
    const inlet = new MemoryInlet()
    inlet.stallEveryBytes = 20_000
    const admission = site({ limits: { maxSizeBytes: 50_000_000 } })
    const { port, listener } = await house(tlsSettings(), {
      inlet,
      admission: () => admission,
      line: { maxSizeBytes: 50_000_000 },
    })
    const wire = await startTls(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    await say(wire, message, /354/)
    const body = `${'y'.repeat(78)}\r\n`.repeat(200_000)
    let drained = false
    wire.socket.write(body, 'latin1', () => (drained = true))
    await until(() => inlet.waiting.length > 0)
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    // The store has said nothing, so nobody reads, and the client cannot get rid of what it has.
    expect({ drained, stalls: inlet.waiting.length }).toEqual({ drained: false, stalls: 1 })
    expect(listener.sessions()[0]!.state).toBe('data')
    const going = setInterval(() => {
      for (const ready of inlet.waiting.splice(0)) ready()
    }, 1)
    onTestFinished(() => clearInterval(going))
    await say(wire, '.\r\n', /250 2.0.0 queued/)
    expect(inlet.kept[0]!.body.endsWith(body)).toBe(true)
    wire.destroy()
  })

  test('answers a client that has closed its side after all it had to say', async () => {
    const { port, inlet } = await house()
    const wire = await startTls(port)
    wire.socket.end(`EHLO c.example\r\n${message}x\r\n.\r\nQUIT\r\n`)
    expect(await until(() => wire.closed())).toBe(true)
    expect(wire.came()).toContain('250 2.0.0 queued as m1\r\n221 ')
    expect(inlet.kept).toHaveLength(1)
  })

  test('is not read from any more when its client never reads', async () => {
    const { port, listener } = await house()
    const wire = await startTls(port)
    wire.socket.pause()
    const flood = Buffer.from('HELP\r\n'.repeat(10_000))
    let written = 0
    let stuck = 0
    while (stuck < 20 && written < 2000) {
      if (wire.socket.writableLength < 1_000_000) {
        wire.socket.write(flood)
        written++
        stuck = 0
      } else stuck++
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(written).toBeLessThan(2000)
    expect(listener.sessions()).toHaveLength(1)
    wire.destroy()
  })

  test('that drains is told 421 under TLS', async () => {
    const { port, listener } = await house()
    const wire = await startTls(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    const drained = listener.drain()
    expect(await until(() => wire.closed())).toBe(true)
    expect(wire.came()).toMatch(/421 4\.3\.2 shutting down\r\n$/)
    wire.destroy()
    await drained
  })
})
