import { createConnection } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Admission, Verdict } from '../../src/ingress/admission.ts'
import { Census } from '../../src/ingress/census.ts'
import type { ListenerOptions } from '../../src/ingress/listener.ts'
import type { Log } from '../../src/mail/log.ts'
import { reply } from '../../src/mail/reply.ts'
import { HandClock } from '../support/hand-clock.ts'
import { MemoryInlet, openHouse, settings, site } from './house.ts'
import { tcpWire, until } from './wire.ts'

const envelope = 'HELO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n'
const granted =
  '220 mx.example.org ESMTP\r\n250 mx.example.org\r\n250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n354 end with <CRLF>.<CRLF>\r\n'
const greeting = '220 mx.example.org ESMTP\r\n'

class KeptLog implements Log {
  lines: [string, string, Record<string, unknown>][] = []
  debug = (event: string, fields = {}) => void this.lines.push(['debug', event, fields])
  info = (event: string, fields = {}) => void this.lines.push(['info', event, fields])
  warn = (event: string, fields = {}) => void this.lines.push(['warn', event, fields])
  error = (event: string, fields = {}) => void this.lines.push(['error', event, fields])
  of = (event: string) => this.lines.filter((line) => line[1] === event).map((line) => line[2])
}

async function house(over: Partial<ListenerOptions> & { inlet?: MemoryInlet } = {}) {
  const clock = new HandClock()
  const log = new KeptLog()
  const open = await openHouse({ clock, log, ...over })
  onTestFinished(() => open.listener.close())
  const connect = async () => {
    const wire = await tcpWire(open.port)
    onTestFinished(() => wire.destroy())
    const say = (text: string) => wire.send(Buffer.from(text, 'latin1'))
    const hears = async (text: string) => {
      await until(() => wire.came().length >= text.length || wire.closed())
      expect(wire.came()).toBe(text)
    }
    const closes = async () => expect(await until(() => wire.closed())).toBe(true)
    return { ...wire, say, hears, closes }
  }
  return { ...open, clock, log, connect }
}

const refuseAll = (code: number, status: string | null, text: string): Admission => ({
  ...site(),
  connect: () => ({ kind: 'refuse', reply: reply(code, status, text), at: 'deny[0]' }),
})

describe('time-outs', () => {
  test('a client that says nothing is told 421 and cut', async () => {
    const { connect, clock, census } = await house()
    const client = await connect()
    await client.hears(greeting)
    clock.pass(299_000)
    await client.hears(greeting)
    clock.pass(1250)
    await client.hears(`${greeting}421 4.4.2 timeout, nothing came\r\n`)
    await client.closes()
    client.destroy()
    expect(await until(() => census.total === 0)).toBe(true)
  })

  test('half a command gives no time: who sends an octet a minute is cut', async () => {
    const { connect, clock } = await house()
    const client = await connect()
    await client.hears(greeting)
    for (const octet of 'NOOP') {
      clock.pass(70_000)
      await client.say(octet)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    clock.pass(70_000)
    await client.hears(`${greeting}421 4.4.2 timeout, nothing came\r\n`)
  })

  test('a whole command gives new time', async () => {
    const { connect, clock } = await house()
    const client = await connect()
    await client.hears(greeting)
    clock.pass(299_000)
    await client.say('NOOP\r\n')
    await client.hears(`${greeting}250 2.0.0 ok\r\n`)
    clock.pass(299_000)
    await client.say('NOOP\r\n')
    await client.hears(`${greeting}250 2.0.0 ok\r\n250 2.0.0 ok\r\n`)
  })

  test('content that stops is waited for as long as dataMs, and then dropped', async () => {
    const { connect, clock, inlet } = await house()
    const client = await connect()
    await client.say(envelope)
    await client.hears(granted)
    await client.say('Subject: x\r\n')
    clock.pass(179_000)
    await client.hears(granted)
    clock.pass(2000)
    await client.hears(`${granted}421 4.4.2 timeout, nothing came\r\n`)
    expect(inlet.aborted).toBe(1)
    expect(inlet.kept).toEqual([])
  })

  test('the whole session has its limit, however busy it is', async () => {
    const admission = site({ timeouts: { sessionMs: 1000 } })
    const { connect, clock } = await house({ admission: () => admission })
    const client = await connect()
    await client.hears(greeting)
    await client.say('NOOP\r\n')
    await client.hears(`${greeting}250 2.0.0 ok\r\n`)
    clock.pass(1000)
    await client.hears(`${greeting}250 2.0.0 ok\r\n421 4.4.2 the session took too long\r\n`)
  })

  test('a client is not cut while its message is being stored', async () => {
    const inlet = new MemoryInlet()
    const held: (() => void)[] = []
    inlet.hold = (done) => held.push(done)
    const { connect, clock } = await house({ inlet })
    const client = await connect()
    await client.say(`${envelope}x\r\n.\r\n`)
    await client.hears(granted)
    await until(() => held.length === 1)
    clock.pass(10_000_000)
    await client.hears(granted)
    held[0]!()
    await client.hears(`${granted}250 2.0.0 queued as m1\r\n`)
  })

  test('a client that does not close after our last reply is cut, and one that said QUIT is not waited for', async () => {
    const { connect, clock, census } = await house()
    const client = await connect()
    await client.say('GET / HTTP/1.1\r\n')
    await client.closes()
    expect(census.total).toBe(1)
    clock.pass(3000)
    expect(await until(() => census.total === 0)).toBe(true)
    const polite = await connect()
    await polite.say('QUIT\r\n')
    await polite.closes()
    expect(await until(() => census.total === 0)).toBe(true)
  })
})

describe('limits of sessions', () => {
  test('one client may have so many, and another one is still let in', async () => {
    const admission = site({ limits: { sessionsPerClient: 2 } })
    const { connect, port, census } = await house({ admission: () => admission })
    const first = await connect()
    await first.hears(greeting)
    await (await connect()).hears(greeting)
    const third = await connect()
    await third.hears('421 4.7.0 too many sessions from your address\r\n')
    await third.closes()

    let other = ''
    const socket = createConnection({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
    socket.on('data', (chunk) => (other += chunk))
    onTestFinished(() => void socket.destroy())
    await until(() => other !== '')
    expect(other).toBe(greeting)

    first.destroy()
    await until(() => census.total === 2)
    await (await connect()).hears(greeting)
  })

  test('all listeners together may have so many', async () => {
    const admission = site({ limits: { sessions: 1 } })
    const census = new Census()
    const { connect } = await house({ admission: () => admission, census })
    const other = await house({ admission: () => admission, census })
    await (await connect()).hears(greeting)
    const second = await other.connect()
    await second.hears('421 4.3.2 too many sessions, try again later\r\n')
    await second.closes()
  })
})

describe('the greeting', () => {
  test('a client that is refused with 554 may only say QUIT', async () => {
    const admission = refuseAll(554, '5.7.1', 'no mail from you')
    const { connect, log } = await house({ admission: () => admission })
    const client = await connect()
    await client.say('EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nQUIT\r\n')
    await client.hears(
      '554 5.7.1 no mail from you\r\n503 5.5.1 only QUIT is left\r\n503 5.5.1 only QUIT is left\r\n221 2.0.0 mx.example.org closes the session\r\n',
    )
    await client.closes()
    expect(log.of('session.refused')[0]).toMatchObject({ client: '127.0.0.1', code: 554, at: 'deny[0]' })
  })

  test('a host that takes no mail says 521 and closes', async () => {
    const admission = refuseAll(521, null, 'mx.example.org takes no mail')
    const { connect } = await house({ admission: () => admission })
    const client = await connect()
    await client.hears('521 mx.example.org takes no mail\r\n')
    await client.closes()
  })

  test('nothing is read before it, and who talks before it is noted', async () => {
    let decide: (verdict: Verdict) => void = () => {}
    const admission: Admission = { ...site(), connect: () => new Promise((resolve) => (decide = resolve)) }
    const { connect, log, listener } = await house({ admission: () => admission })
    const client = await connect()
    await client.say('HELO c.example\r\nNOOP\r\n')
    await until(() => listener.sessions().length === 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await client.hears('')
    decide({ kind: 'accept', recipients: [], at: '' })
    await client.hears(`${greeting}250 mx.example.org\r\n250 2.0.0 ok\r\n`)
    expect(log.of('session.early')).toHaveLength(1)
  })
})

describe('a message', () => {
  test('gets a Received line by RFC 5321 §4.4, and the log says who let it in', async () => {
    const { connect, inlet, log } = await house()
    const client = await connect()
    await client.say(`${envelope}Subject: x\r\n.\r\n`)
    await client.hears(`${granted}250 2.0.0 queued as m1\r\n`)
    expect(inlet.kept[0]!.body).toBe(
      'Received: from c.example ([127.0.0.1])\r\n by mx.example.org with SMTP id m1\r\n for <b@example.org>; Fri, 21 Nov 2025 09:43:20 +0000\r\nSubject: x\r\n',
    )
    expect(inlet.kept[0]!.envelope.origin).toEqual({
      client: '127.0.0.1',
      listener: 'mx',
      helo: 'c.example',
      identity: null,
      protocol: 'SMTP',
      graphHash: 'hash1',
    })
    expect(log.of('message.accepted')).toEqual([
      {
        id: 'm1',
        from: 'a@example.com',
        recipients: 1,
        sizeBytes: 12,
        client: '127.0.0.1',
        listener: 'mx',
        helo: 'c.example',
        graph: 'hash1',
        at: 'test',
      },
    ])
  })

  test('is not answered 250 before it is on stable storage', async () => {
    const inlet = new MemoryInlet()
    const held: (() => void)[] = []
    inlet.hold = (done) => held.push(done)
    const { connect } = await house({ inlet })
    const client = await connect()
    await client.say(`${envelope}x\r\n.\r\nNOOP\r\n`)
    await until(() => held.length === 1)
    await client.say('NOOP\r\n')
    await new Promise((resolve) => setTimeout(resolve, 20))
    await client.hears(granted)
    held[0]!()
    await client.hears(`${granted}250 2.0.0 queued as m1\r\n250 2.0.0 ok\r\n250 2.0.0 ok\r\n`)
  })

  test('that could not be stored is answered 451, and the session goes on', async () => {
    const inlet = new MemoryInlet()
    inlet.broken = true
    const { connect, log } = await house({ inlet })
    const client = await connect()
    await client.say(`${envelope}x\r\n.\r\n`)
    const refused = `${granted}451 4.3.0 the message could not be stored\r\n`
    await client.hears(refused)
    expect(log.of('message.not-stored')).toEqual([{ id: 'm1', error: 'disk full' }])
    await client.say('NOOP\r\n')
    await client.hears(`${refused}250 2.0.0 ok\r\n`)
  })

  test('for which there is no room is answered 452 in place of 354', async () => {
    const inlet = new MemoryInlet()
    inlet.full = true
    const { connect } = await house({ inlet })
    const client = await connect()
    await client.say(envelope)
    const refused = granted.replace(/354.*\r\n/, '452 4.3.1 no room for a message now\r\n')
    await client.hears(refused)
    inlet.full = false
    await client.say('DATA\r\n')
    await client.hears(`${refused}354 end with <CRLF>.<CRLF>\r\n`)
  })

  test('for which there is no room is no message by BDAT either, and no part of one', async () => {
    const inlet = new MemoryInlet()
    inlet.full = true
    const { connect } = await house({ inlet })
    const client = await connect()
    await client.say(`${envelope.replace('DATA\r\n', '')}BDAT 3\r\na\r\n`)
    const refused = granted.replace(/354.*\r\n/, '452 4.3.1 no room for a message now\r\n')
    await client.hears(refused)
    inlet.full = false
    await client.say('BDAT 3 LAST\r\nb\r\n')
    await client.hears(`${refused}503 5.5.1 send MAIL first\r\n`)
    expect(inlet.kept).toEqual([])
  })

  test('waits in the client while the store is slow', async () => {
    const inlet = new MemoryInlet()
    inlet.stallEveryBytes = 1000
    const admission = site({ limits: { maxSizeBytes: 10_000_000 } })
    const { connect } = await house({ inlet, admission: () => admission })
    const client = await connect()
    await client.say(envelope)
    await client.hears(granted)
    const line = `${'x'.repeat(998)}\r\n`
    await client.say(`${line.repeat(2000)}.\r\n`)
    while (inlet.kept.length === 0) {
      expect(await until(() => inlet.waiting.length > 0 || inlet.kept.length > 0)).toBe(true)
      // Paused: nothing more may be written until the store says so.
      expect(inlet.waiting.length).toBeLessThanOrEqual(1)
      for (const ready of inlet.waiting.splice(0)) ready()
    }
    expect(inlet.kept[0]!.body.length).toBeGreaterThan(2_000_000)
    await client.hears(`${granted}250 2.0.0 queued as m1\r\n`)
  })

  test('that is too large is not stored to its end', async () => {
    const inlet = new MemoryInlet()
    const { connect } = await house({ inlet })
    const client = await connect()
    await client.say(envelope)
    await client.hears(granted)
    await client.say(`${'x'.repeat(998)}\r\n`.repeat(400))
    expect(await until(() => inlet.aborted === 1)).toBe(true)
    await client.say('.\r\n')
    await client.hears(`${granted}552 5.3.4 message too large\r\n`)
  })

  test('keeps the graph that was active at its MAIL, and the next one has the new', async () => {
    let admission = site({ hash: 'old' })
    const { connect, inlet } = await house({ admission: () => admission })
    const client = await connect()
    await client.say(envelope)
    await client.hears(granted)
    admission = site({ hash: 'new' })
    await client.say(`x\r\n.\r\n${envelope}y\r\n.\r\n`)
    await until(() => inlet.kept.length === 2)
    expect(inlet.kept.map((kept) => kept.envelope.origin.graphHash)).toEqual(['old', 'new'])
  })

  test('that was committed is kept when the client is gone meanwhile', async () => {
    const inlet = new MemoryInlet()
    const held: (() => void)[] = []
    inlet.hold = (done) => held.push(done)
    const { connect, log, census } = await house({ inlet })
    const client = await connect()
    await client.say(`${envelope}x\r\n.\r\n`)
    await until(() => held.length === 1)
    client.destroy()
    await until(() => census.total === 0)
    held[0]!()
    expect(inlet.aborted).toBe(0)
    expect(log.of('message.accepted')).toHaveLength(1)
  })
})

test('a client that never reads its replies is not read from any more', async () => {
  const { port, listener } = await house()
  const socket = createConnection({ port, host: '127.0.0.1' })
  onTestFinished(() => void socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.pause()
  const flood = Buffer.from('HELP\r\n'.repeat(10_000))
  // Until the server's socket, the kernel and ours are full: then writing stops, as nobody reads.
  let written = 0
  let stuck = 0
  while (stuck < 20 && written < 2000) {
    if (socket.writableLength < 1_000_000) {
      socket.write(flood)
      written++
      stuck = 0
    } else stuck++
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(written).toBeLessThan(2000)
  expect(listener.sessions()).toHaveLength(1)
})

test('a bug in a decision ends its session with 421, and no other', async () => {
  const admission: Admission = {
    ...site(),
    rcpt: () => {
      throw new Error('bug')
    },
  }
  const { connect, log } = await house({ admission: () => admission })
  const other = await connect()
  const client = await connect()
  await client.say(envelope)
  await client.hears(`${granted.slice(0, granted.indexOf('250 2.1.5'))}421 4.3.0 an error of ours, try again later\r\n`)
  await client.closes()
  expect(log.of('session.bug')).toHaveLength(1)
  await other.say('NOOP\r\n')
  await other.hears(`${greeting}250 2.0.0 ok\r\n`)
})

describe('a listener', () => {
  test('lists its sessions', async () => {
    const { connect, listener } = await house()
    const client = await connect()
    await client.say('EHLO c.example\r\n')
    await until(() => client.came().includes('250 HELP'))
    expect(listener.sessions()).toEqual([
      expect.objectContaining({
        listener: 'mx',
        client: '127.0.0.1',
        helo: 'c.example',
        state: 'command',
        messages: 0,
      }),
    ])
  })

  test('that drains ends idle sessions at once, and the others after their transaction', async () => {
    const { connect, listener, port, inlet } = await house()
    const idle = await connect()
    const busy = await connect()
    await idle.hears(greeting)
    await busy.say(envelope)
    await busy.hears(granted)
    let drained = false
    const drain = listener.drain().then(() => (drained = true))
    await idle.hears(`${greeting}421 4.3.2 shutting down\r\n`)
    await idle.closes()
    expect(await tcpWire(port).catch(() => null)).toBe(null)
    expect(drained).toBe(false)
    await busy.say('x\r\n.\r\n')
    await busy.hears(`${granted}250 2.0.0 queued as m1\r\n421 4.3.2 shutting down\r\n`)
    expect(inlet.kept).toHaveLength(1)
    idle.destroy()
    busy.destroy()
    await drain
  })

  test('that drains refuses a new transaction', async () => {
    const { connect, listener } = await house()
    const client = await connect()
    await client.hears(greeting)
    await client.say('HELO c.example\r\nMAIL FROM:<a@example.com>\r\n')
    await until(() => client.came().includes('sender ok'))
    const drain = listener.drain()
    await client.say('RSET\r\nMAIL FROM:<a@example.com>\r\n')
    await until(() => client.closed())
    expect(client.came()).toMatch(/sender ok\r\n250 2\.0\.0 ok\r\n421 4\.3\.2 shutting down\r\n$/)
    client.destroy()
    await drain
  })

  test('that is closed cuts its sessions', async () => {
    const { connect, listener, census } = await house()
    const client = await connect()
    await client.hears(greeting)
    await listener.close()
    await client.closes()
    expect(await until(() => census.total === 0)).toBe(true)
  })

  test('takes new settings without touching its socket or its sessions', async () => {
    const { connect, listener } = await house()
    const before = listener.addresses()
    const old = await connect()
    await old.hears(greeting)
    const change = await listener.prepare({ ...settings(), hostname: 'new.example.org' })
    await (await connect()).hears(greeting)
    change.commit()
    expect(listener.addresses()).toEqual(before)
    await old.say('HELO c.example\r\n')
    await old.hears(`${greeting}250 mx.example.org\r\n`)
    await (await connect()).hears('220 new.example.org ESMTP\r\n')
  })

  test('binds new addresses before it leaves old ones, and nothing changes when it cannot', async () => {
    const { listener, port, connect } = await house()
    const taken = await house()
    const bad = { ...settings(), hostname: 'new.example.org', bind: [{ host: '127.0.0.1', port: taken.port }] }
    await expect(listener.prepare(bad)).rejects.toThrow(/EADDRINUSE/)
    await (await connect()).hears(greeting)
    const elsewhere = { ...settings(), bind: [{ host: '127.0.0.2', port: 0 }] }
    ;(await listener.prepare(elsewhere)).abort()
    await (await connect()).hears(greeting)
    ;(await listener.prepare(elsewhere)).commit()
    expect(listener.addresses()).toEqual([{ host: '127.0.0.2', port: expect.any(Number) }])
    expect(await tcpWire(port).catch(() => null)).toBe(null)
  })

  test('that cannot be bound throws what the system says', async () => {
    const { port } = await house()
    const bind = [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port },
    ]
    await expect(openHouse({ settings: { ...settings(), bind } })).rejects.toThrow(/EADDRINUSE/)
  })
})
