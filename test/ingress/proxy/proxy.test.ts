import { describe, expect, onTestFinished, test } from 'vitest'
import type { Log, LogFields } from '../../../src/mail/log.ts'
import type { ListenerSettings } from '../../../src/mail/settings.ts'
import { startHaProxy } from '../../support/haproxy.ts'
import { peers, tempFolder } from '../../support/peer.ts'
import { openHouse, settings, site } from '../house.ts'
import { certificatesFor, contextsFor, say, tlsSettings, tlsWire } from '../tls/tls-house.ts'
import { tcpWire, until } from '../wire.ts'
import { binaryHeader, field } from './binary-header.ts'

// MR-28: the PROXY protocol, from named balancers only.

type Logged = readonly [event: string, fields: LogFields | undefined]

function logInto(lines: Logged[]): Log {
  const add = (event: string, fields?: LogFields) => void lines.push([event, fields])
  return { debug: add, info: add, warn: add, error: add }
}

async function house(over: Partial<ListenerSettings> = {}, more: Parameters<typeof openHouse>[0] = {}) {
  const lines: Logged[] = []
  const open = await openHouse({
    settings: { ...settings(), proxy: { from: ['127.0.0.1/32'], timeoutMs: 5000 }, ...over },
    log: logInto(lines),
    ...more,
  })
  onTestFinished(() => open.listener.close())
  return { ...open, lines }
}

const header = 'PROXY TCP4 192.0.2.7 10.0.0.1 56324 25\r\n'
const mail = 'EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n'

describe('a connection from a balancer', () => {
  test('is whoever its header says: for the document, the counts and the trace line', async () => {
    const { port, inlet, listener } = await house()
    const wire = await tcpWire(port)
    await wire.send(Buffer.from(header))
    await until(() => wire.came() !== '')
    expect(listener.sessions()[0]).toMatchObject({ client: '192.0.2.7' })
    await say(wire, mail, /221/)
    expect(inlet.kept[0]!.envelope.origin.client).toBe('192.0.2.7')
    expect(inlet.kept[0]!.body).toContain('from c.example ([192.0.2.7])')
  })

  test('is not greeted before its header is here, however slowly it comes, and loses nothing behind it', async () => {
    const { port, inlet } = await house()
    for (const whole of [Buffer.from(header), binaryHeader({ source: '2001:db8::7', fields: field(4, 'xx') })]) {
      const wire = await tcpWire(port)
      for (const octet of whole.subarray(0, -1)) {
        await wire.send(Buffer.from([octet]))
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(wire.came()).toBe('')
      await wire.send(Buffer.concat([whole.subarray(-1), Buffer.from(mail)]))
      await until(() => wire.closed())
      expect(wire.came()).toMatch(/^220 .*\r\n.*queued as m\d\r\n221 [^\n]*\n$/s)
    }
    expect(inlet.kept.map(({ envelope }) => envelope.origin.client)).toEqual(['192.0.2.7', '2001:db8::7'])
  })

  test('is the balancer where the header says LOCAL or UNKNOWN', async () => {
    const { port, listener } = await house()
    for (const whole of [Buffer.from('PROXY UNKNOWN\r\n'), binaryHeader({ command: 0x20 })]) {
      const wire = await tcpWire(port)
      await wire.send(whole)
      await until(() => wire.came() !== '')
      expect(listener.sessions().at(-1)).toMatchObject({ client: '127.0.0.1' })
      wire.destroy()
      await until(() => listener.sessions().length === 0)
    }
  })

  test('is cut without a word when there is no header, a wrong one, or half of one', async () => {
    const { port, lines, census } = await house()
    for (const text of ['EHLO c.example\r\n', 'PROXY TCP4 1.2.3.4\r\n', '\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0']) {
      const wire = await tcpWire(port)
      await wire.send(Buffer.from(text, 'latin1'))
      expect(await until(() => wire.closed())).toBe(true)
      expect(wire.came()).toBe('')
    }
    const half = await tcpWire(port)
    await half.send(Buffer.from('PROXY TCP4 '))
    half.end()
    expect(await until(() => half.closed())).toBe(true)
    const errors = lines.flatMap(([event, fields]) => (event === 'proxy.refused' ? [fields!['error']] : []))
    expect(errors).toEqual([
      'no PROXY header',
      'the line is not "PROXY TCP4|TCP6 source destination port port"',
      'a version that is not 2',
      'the connection ended inside of the PROXY header',
    ])
    expect(census.total).toBe(0)
  })

  test('is cut when the header does not come in time', async () => {
    const { port, lines } = await house({ proxy: { from: ['127.0.0.0/8'], timeoutMs: 100 } })
    const wire = await tcpWire(port)
    expect(await until(() => wire.closed())).toBe(true)
    expect(wire.came()).toBe('')
    expect(lines.some(([, fields]) => fields?.['error'] === 'no PROXY header in time')).toBe(true)
  })

  test('counts for the client, and not for the balancer', async () => {
    const admission = site({ limits: { sessionsPerClient: 1 } })
    const { port } = await house({}, { admission: () => admission })
    const first = await tcpWire(port)
    await first.send(Buffer.from(header))
    await until(() => first.came() !== '')
    const other = await tcpWire(port)
    await other.send(Buffer.from(header.replace('192.0.2.7', '192.0.2.8')))
    await until(() => other.came() !== '')
    expect(other.came()).toMatch(/^220 /)
    const same = await tcpWire(port)
    await same.send(Buffer.from(header))
    expect(await until(() => same.closed())).toBe(true)
    expect(same.came()).toMatch(/^421 4\.7\.0 /)
    for (const wire of [first, other]) wire.destroy()
  })

  test('is closed with its listener, header or not', async () => {
    const { port, listener } = await house()
    const wire = await tcpWire(port)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await listener.close()
    expect(await until(() => wire.closed())).toBe(true)
  })
})

test('from anybody else a header is no header, and ends the session', async () => {
  const { port, listener } = await house()
  for (const said of [header, binaryHeader({}).toString('latin1')]) {
    const wire = await tcpWire(port, '127.0.0.2')
    await until(() => wire.came() !== '')
    expect(listener.sessions().at(-1)).toMatchObject({ client: '127.0.0.2' })
    await wire.send(Buffer.from(said, 'latin1'))
    expect(await until(() => wire.closed())).toBe(true)
    expect(wire.came()).not.toContain('250')
  }
})

test('a listener that no longer has balancers takes its sessions from the connection', async () => {
  const { port, listener } = await house()
  const change = await listener.prepare(settings())
  change.commit()
  const wire = await tcpWire(port)
  await until(() => wire.came() !== '')
  expect(listener.sessions()[0]).toMatchObject({ client: '127.0.0.1' })
  wire.destroy()
})

describe.skipIf(!peers('openssl'))('before a handshake', () => {
  test('the header comes in clear text, and the handshake right behind it', async () => {
    const { pairs } = certificatesFor(tempFolder(), 'mx.example.org')
    const tls = tlsSettings({ mode: 'implicit' })
    const { port, inlet } = await house({ tls }, { tls: await contextsFor(pairs, tls) })
    const clear = await tcpWire(port)
    // In the same segment as the first octets of the handshake, as HAProxy sends it.
    clear.socket!.cork()
    clear.socket!.write(header)
    const shaken = tlsWire({ socket: clear.socket! })
    clear.socket!.uncork()
    const wire = await shaken
    await say(wire, mail, /221/)
    expect(inlet.kept[0]!.envelope.origin).toMatchObject({ client: '192.0.2.7', protocol: 'ESMTPS' })
  })

  test('a handshake without a header is refused', async () => {
    const { pairs } = certificatesFor(tempFolder(), 'mx.example.org')
    const tls = tlsSettings({ mode: 'implicit' })
    const { port } = await house({ tls }, { tls: await contextsFor(pairs, tls) })
    await expect(tlsWire({ port, host: '127.0.0.1' })).rejects.toThrow()
  })
})

describe.skipIf(!peers('haproxy'))('HAProxy', () => {
  test('hands on clients by version 1 and 2, with fields, and its own health checks', async () => {
    const { port, inlet, lines } = await house()
    const balancer = await startHaProxy(port)
    for (const at of [balancer.v1, balancer.v2, balancer.fields]) {
      const wire = await tcpWire(at, '127.0.0.9')
      await until(() => wire.came() !== '')
      await say(wire, mail, /221/)
      wire.destroy()
    }
    expect(inlet.kept.map(({ envelope }) => envelope.origin.client)).toEqual(['127.0.0.9', '127.0.0.9', '127.0.0.9'])
    const locals = () =>
      lines.filter(([event, fields]) => event === 'proxy.announced' && fields!['client'] === '127.0.0.1')
    expect(await until(() => locals().length > 0)).toBe(true)
    expect(lines.filter(([event]) => event === 'proxy.refused')).toEqual([])
  })

  test.skipIf(!peers('openssl'))('hands on clients that begin with a handshake', async () => {
    const { pairs } = certificatesFor(tempFolder(), 'mx.example.org')
    const tls = tlsSettings({ mode: 'implicit' })
    const { port, inlet } = await house({ tls }, { tls: await contextsFor(pairs, tls) })
    const balancer = await startHaProxy(port)
    for (const at of [balancer.v1, balancer.v2]) {
      const wire = await tlsWire({ port: at, host: '127.0.0.1', localAddress: '127.0.0.9' } as object)
      await say(wire, mail, /221/)
      wire.destroy()
    }
    expect(inlet.kept.map(({ envelope: { origin } }) => [origin.client, origin.protocol])).toEqual([
      ['127.0.0.9', 'ESMTPS'],
      ['127.0.0.9', 'ESMTPS'],
    ])
  })
})
