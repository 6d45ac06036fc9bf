import { describe, expect, onTestFinished, test } from 'vitest'
import type { Caller } from '../../src/ingress/admission.ts'
import { peers } from '../support/peer.ts'
import { runClient } from './client-program.ts'
import { openHouse, settings, site } from './house.ts'
import { say } from './tls/tls-house.ts'
import { tcpWire, until } from './wire.ts'

/** Everybody who was asked about, in the order of the questions; a listener that believes 127.0.0.1 and nobody else. */
async function house() {
  const callers: Caller[] = []
  const inner = site()
  const admission = {
    ...inner,
    connect(caller: Caller) {
      callers.push(caller)
      return inner.connect(caller)
    },
    rcpt(...[caller, ...rest]: Parameters<typeof inner.rcpt>) {
      callers.push(caller)
      return inner.rcpt(caller, ...rest)
    },
  }
  const open = await openHouse({
    settings: { ...settings(), xclient: ['127.0.0.1/32'] },
    admission: () => admission,
  })
  onTestFinished(() => open.listener.close())
  return { ...open, callers }
}

async function connected(port: number, from = '127.0.0.1') {
  const wire = await tcpWire(port, from)
  await until(() => wire.came() !== '')
  return wire
}

describe('XCLIENT', () => {
  test('is offered to the hosts that the document names, and refused to others', async () => {
    const { port } = await house()
    const test = await connected(port)
    expect(await say(test, 'EHLO c.example\r\n', /^250 /m)).toContain(
      '\r\n250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT\r\n',
    )
    const other = await connected(port, '127.0.0.2')
    expect(await say(other, 'EHLO c.example\r\n', /^250 /m)).not.toContain('XCLIENT')
    expect(await say(other, 'XCLIENT ADDR=192.0.2.1\r\n', /\r\n/)).toBe(
      '550 5.7.0 you are taken for nobody else here\r\n',
    )
    for (const wire of [test, other]) wire.destroy()
  })

  test('is not known where the document names no host', async () => {
    const { listener, port } = await openHouse()
    onTestFinished(() => listener.close())
    const wire = await connected(port)
    expect(await say(wire, 'XCLIENT ADDR=192.0.2.1\r\n', /\r\n/)).toBe(
      '502 5.5.1 the command is not implemented here\r\n',
    )
    wire.destroy()
  })

  test('makes the client another one, who is greeted, asked about, and has said nothing yet', async () => {
    const { port, callers, census, listener, inlet } = await house()
    const wire = await connected(port)
    await say(wire, 'EHLO first.example\r\n', /^250 /m)
    expect(await say(wire, 'XCLIENT ADDR=192.0.2.7 NAME=h.example LOGIN=Ann+40Example.org PORT=1\r\n', /\r\n/)).toBe(
      '220 mx.example.org ESMTP\r\n',
    )
    expect(listener.sessions()[0]).toMatchObject({ client: '192.0.2.7', by: '127.0.0.1', helo: null })
    expect(callers.at(-1)).toMatchObject({ client: '192.0.2.7', login: 'ann@example.org', helo: null })
    expect(await say(wire, 'MAIL FROM:<a@example.com>\r\n', /\r\n/)).toMatch(/^503 /)
    await say(wire, 'EHLO second.example\r\n', /^250 /m)
    await say(wire, 'MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n', /354/)
    expect(callers.at(-1)).toMatchObject({ client: '192.0.2.7', helo: 'second.example' })
    await say(wire, 'x\r\n.\r\n', /queued/)
    expect(inlet.kept[0]!.envelope.origin).toMatchObject({ client: '192.0.2.7', protocol: 'ESMTPA' })
    // Who was counted in is counted out.
    await say(wire, 'QUIT\r\n', /221/)
    expect(await until(() => census.total === 0)).toBe(true)
  })

  test('may say HELO for the client, and IPv6 in both forms', async () => {
    const { port, callers } = await house()
    const wire = await connected(port)
    await say(wire, 'EHLO first.example\r\n', /^250 /m)
    for (const address of ['IPV6:2001:DB8::1', '2001:db8::1']) {
      await say(wire, `XCLIENT ADDR=${address} HELO=h.example\r\n`, /220/)
      expect(callers.at(-1)).toMatchObject({ client: '2001:db8::1', helo: 'h.example' })
      expect(await say(wire, 'MAIL FROM:<a@example.com>\r\nRSET\r\n', /250 2\.0\.0/)).toContain('250 2.1.0')
    }
    expect(await say(wire, 'XCLIENT ADDR=[UNAVAILABLE] LOGIN=[UNAVAILABLE]\r\n', /\r\n/)).toMatch(/^220 /)
    expect(callers.at(-1)).toMatchObject({ client: '2001:db8::1', login: null })
    wire.destroy()
  })

  test('changes nothing where it is not in order', async () => {
    const { port, listener } = await house()
    const wire = await connected(port)
    await say(wire, 'EHLO c.example\r\n', /^250 /m)
    for (const wrong of [
      '',
      'ADDR',
      'ADDR=',
      'ADDR=999.1.1.1',
      'ADDR=192.0.2.1 ADDR=192.0.2.2',
      'WHAT=x',
      'HELO=a+0D+0Ab',
      'HELO=+0',
      `HELO=${'x'.repeat(300)}`,
    ]) {
      expect(await say(wire, `XCLIENT ${wrong}\r\n`, /\r\n/)).toMatch(/^501 5\.5\.4 /)
    }
    await say(wire, 'MAIL FROM:<a@example.com>\r\n', /250/)
    expect(await say(wire, 'XCLIENT ADDR=192.0.2.1\r\n', /\r\n/)).toBe('503 5.5.1 a transaction is open\r\n')
    expect(listener.sessions()[0]).toMatchObject({ client: '127.0.0.1' })
    wire.destroy()
  })

  test.skipIf(!peers('swaks'))('is understood as swaks says it', async () => {
    const { port, inlet } = await house()
    const to = ['--server', `127.0.0.1:${port}`, '--from', 'a@example.com', '--to', 'b@example.org']
    const sent = await runClient('swaks', [...to, '--xclient-addr', '192.0.2.9', '--xclient-name', 'h.src.example'])
    expect(sent).toMatchObject({ code: 0 })
    expect(inlet.kept[0]!.envelope.origin.client).toBe('192.0.2.9')
  })
})
