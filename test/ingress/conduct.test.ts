import { describe, expect, onTestFinished, test } from 'vitest'
import type { Offence } from '../../src/credentials/offence.ts'
import type { Guard } from '../../src/ingress/guard.ts'
import type { ListenerOptions } from '../../src/ingress/listener.ts'
import type { Log } from '../../src/mail/log.ts'
import { type Reply, reply } from '../../src/mail/reply.ts'
import { HandClock } from '../support/hand-clock.ts'
import { type MemoryInlet, openHouse, settings, site } from './house.ts'
import { tcpWire, until } from './wire.ts'

const greeting = '220 mx.example.org ESMTP\r\n'
const helo = '250 mx.example.org\r\n'

class KeptLog implements Log {
  lines: [string, Record<string, unknown>][] = []
  debug = (event: string, fields = {}) => void this.lines.push([event, fields])
  info = this.debug
  warn = this.debug
  error = this.debug
  of = (event: string) => this.lines.filter((line) => line[0] === event).map((line) => line[1])
}

/** A guard that counts, and bans at the `most`th offence. */
function counting(most: number) {
  const counted: Offence[] = []
  const state: { ban: Reply | null } = { ban: null }
  const guard: Guard = {
    turnsAway: () => state.ban,
    offended(_client, offence) {
      counted.push(offence)
      if (counted.length >= most) state.ban = reply(421, '4.7.0', 'banned')
      return state.ban
    },
    login: { locked: () => null, failed: () => ({ delayMs: 0, last: null }), succeeded() {} },
  }
  return { guard, counted, state }
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

describe('a banned client', () => {
  test('is sent away by one line in place of the greeting, and nothing is made for it', async () => {
    const { guard, state } = counting(1)
    state.ban = reply(421, '4.7.0', 'too many errors from your address, try later (autoban-00000001)')
    const { connect, census, listener } = await house({ guard })
    const client = await connect()
    await client.hears('421 4.7.0 too many errors from your address, try later (autoban-00000001)\r\n')
    await client.closes()
    expect(census.total).toBe(0)
    expect(listener.sessions()).toEqual([])
  })

  test('hears the answer to its last offence, and then that it is banned', async () => {
    const { guard, counted } = counting(2)
    const { connect } = await house({ guard })
    const client = await connect()
    await client.say('HELO c.example\r\n')
    await client.hears(`${greeting}${helo}`)
    await client.say('XYZZY\r\n')
    await client.hears(`${greeting}${helo}500 5.5.1 the command is not known\r\n`)
    await client.say('XYZZY\r\n')
    const unknown = '500 5.5.1 the command is not known\r\n'
    await client.hears(`${greeting}${helo}${unknown}${unknown}421 4.7.0 banned\r\n`)
    await client.closes()
    expect(counted).toEqual(['protocol', 'protocol'])
  })

  test('cannot go on in another session that it has open', async () => {
    const { guard } = counting(1)
    const { connect } = await house({ guard })
    const first = await connect()
    const second = await connect()
    await first.hears(greeting)
    await second.hears(greeting)
    await first.say('XYZZY\r\n')
    await first.closes()
    await second.say('XYZZY\r\n')
    await second.hears(`${greeting}500 5.5.1 the command is not known\r\n421 4.7.0 banned\r\n`)
    await second.closes()
  })
})

describe('what is counted', () => {
  const cases: [name: string, said: string[], counted: Offence[]][] = [
    ['an unknown command', ['XYZZY'], ['protocol']],
    ['a wrong argument', ['MAIL FROM:a@b'], ['protocol']],
    ['a command that is not offered', ['AUTH PLAIN AGEAYg=='], ['protocol']],
    ['a recipient that does not exist', ['MAIL FROM:<a@b.example>', 'RCPT TO:<nobody@example.org>'], ['recipient']],
    ['an HTTP request', ['GET / HTTP/1.1'], ['http']],
    ['a recipient that is refused for another reason: not', ['MAIL FROM:<a@b.example>', 'RCPT TO:<x@else.test>'], []],
    [
      'a sender that is refused: not, nor the rest of its group',
      ['MAIL FROM:<spammer@b.example>', 'RCPT TO:<b@example.org>', 'DATA'],
      [],
    ],
    [
      'DATA when no recipient was accepted: not again',
      ['MAIL FROM:<a@b.example>', 'RCPT TO:<nobody@example.org>', 'DATA'],
      ['recipient'],
    ],
    [
      'a bare LF in content',
      ['MAIL FROM:<a@b.example>', 'RCPT TO:<b@example.org>', 'DATA', 'x\n.\r\n\r\n.'],
      ['protocol'],
    ],
    ['mail in order: nothing', ['MAIL FROM:<a@b.example>', 'RCPT TO:<b@example.org>', 'RSET', 'NOOP'], []],
  ]
  for (const [name, said, wanted] of cases) {
    test(name, async () => {
      const { guard, counted } = counting(100)
      const { connect } = await house({ guard })
      const client = await connect()
      await client.hears(greeting)
      for (const line of ['EHLO c.example', ...said]) {
        const before = client.came().length
        await client.say(`${line}\r\n`)
        await until(() => /^\d{3} .*\r\n$/m.test(client.came().slice(before)) || client.closed())
      }
      await until(() => counted.length >= wanted.length)
      expect(counted).toEqual(wanted)
    })
  }
})

describe('a client that talks when it is not its turn', () => {
  const refusing = { ...settings(), greetingDelayMs: 5000, earlyTalkers: 'refuse' as const }

  test('waits for a greeting that is delayed', async () => {
    const { connect, clock } = await house({ settings: refusing })
    const client = await connect()
    await until(() => clock.time === 0, 50)
    expect(client.came()).toBe('')
    clock.pass(4999)
    expect(client.came()).toBe('')
    clock.pass(1)
    await client.hears(greeting)
    await client.say('HELO c.example\r\n')
    await client.hears(`${greeting}${helo}`)
  })

  test('before the greeting is refused, noted and counted', async () => {
    const { guard, counted } = counting(100)
    const { connect, clock, log, listener } = await house({ settings: refusing, guard })
    const client = await connect()
    await client.say('EHLO spam.example\r\nMAIL FROM:<a@b.example>\r\n')
    await until(() => listener.sessions().length === 1)
    await until(() => client.closed(), 50)
    clock.pass(5000)
    await client.hears('554 5.5.0 something came before the greeting\r\n')
    await client.closes()
    expect(log.of('session.early')).toHaveLength(1)
    expect(counted).toEqual(['protocol'])
  })

  test('is only noted where the document observes', async () => {
    const { connect, clock, log, listener } = await house({ settings: { ...settings(), greetingDelayMs: 5000 } })
    const client = await connect()
    await client.say('HELO c.example\r\nNOOP\r\n')
    await until(() => listener.sessions().length === 1)
    await until(() => client.closed(), 50)
    clock.pass(5000)
    await client.hears(`${greeting}${helo}250 2.0.0 ok\r\n`)
    expect(log.of('session.early')).toMatchObject([{ text: 'something came before the greeting' }])
  })

  const groups: [name: string, said: string][] = [
    ['behind HELO', 'HELO c.example\r\nNOOP\r\n'],
    ['behind EHLO, whose answer says whether it may', 'EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n'],
    ['half a command behind EHLO', 'EHLO c.example\r\nMAI'],
    ['before EHLO', 'NOOP\r\nNOOP\r\n'],
  ]
  for (const [name, said] of groups) {
    test(`sends commands together ${name}, and is refused`, async () => {
      const { connect } = await house({ settings: { ...settings(), earlyTalkers: 'refuse' } })
      const client = await connect()
      await client.hears(greeting)
      await client.say(said)
      await client.hears(`${greeting}503 5.5.0 commands came together that have to wait for each other\r\n`)
      await client.closes()
    })
  }

  test('does not after HELO when it waits for each answer, and after EHLO it may send groups', async () => {
    const { connect, log } = await house({ settings: { ...settings(), earlyTalkers: 'refuse' } })
    const client = await connect()
    await client.hears(greeting)
    await client.say('HELO c.example\r\n')
    await client.hears(`${greeting}${helo}`)
    await client.say('NOOP\r\n')
    await client.hears(`${greeting}${helo}250 2.0.0 ok\r\n`)
    await client.say('EHLO c.example\r\n')
    await until(() => client.came().endsWith('250 HELP\r\n'))
    await client.say('NOOP\r\nMAIL FROM:<a@b.example>\r\nRSET\r\n')
    await until(() => client.came().endsWith('250 2.0.0 ok\r\n250 2.1.0 sender ok\r\n250 2.0.0 ok\r\n'))
    expect(client.came()).toMatch(/250 2\.0\.0 ok\r\n250 2\.1\.0 sender ok\r\n250 2\.0\.0 ok\r\n$/)
    expect(log.of('session.early')).toEqual([])
  })
})

describe('the rate of commands', () => {
  test('beyond the limit is a wait and no refusal, and other sessions do not wait', async () => {
    const admission = site({ limits: { commandsPerMinute: 6 } })
    const { connect, clock } = await house({ admission: () => admission })
    const client = await connect()
    await client.hears(greeting)
    const ok = '250 2.0.0 ok\r\n'
    await client.say('NOOP\r\n'.repeat(8))
    await client.hears(`${greeting}${ok.repeat(6)}`)
    const other = await connect()
    await other.say('NOOP\r\n')
    await other.hears(`${greeting}${ok}`)
    // One more each ten seconds.
    clock.pass(9_999)
    await until(() => client.closed(), 30)
    expect(client.came()).toBe(`${greeting}${ok.repeat(6)}`)
    clock.pass(1)
    await client.hears(`${greeting}${ok.repeat(7)}`)
    clock.pass(10_000)
    await client.hears(`${greeting}${ok.repeat(8)}`)
  })

  test('does not make a session last longer than any may', async () => {
    const admission = site({ limits: { commandsPerMinute: 6 }, timeouts: { sessionMs: 25_000, commandMs: 1000 } })
    const { connect, clock } = await house({ admission: () => admission })
    const client = await connect()
    await client.say('NOOP\r\n'.repeat(100))
    const ok = '250 2.0.0 ok\r\n'
    await client.hears(`${greeting}${ok.repeat(6)}`)
    clock.pass(10_000)
    await client.hears(`${greeting}${ok.repeat(7)}`)
    clock.pass(10_000)
    await client.hears(`${greeting}${ok.repeat(8)}`)
    clock.pass(5_000)
    await client.hears(`${greeting}${ok.repeat(8)}421 4.4.2 the session took too long\r\n`)
    await client.closes()
  })

  test('a session that ends while it waits leaves nothing behind', async () => {
    const admission = site({ limits: { commandsPerMinute: 6 } })
    const { connect, clock, census } = await house({ admission: () => admission })
    const client = await connect()
    await client.say('NOOP\r\n'.repeat(7))
    await client.hears(`${greeting}${'250 2.0.0 ok\r\n'.repeat(6)}`)
    client.destroy()
    // A socket that is not read from does not tell that its peer is gone: it is seen after the wait.
    clock.pass(10_000)
    expect(await until(() => census.total === 0)).toBe(true)
    clock.pass(60_000)
  })
})

describe('content that comes slowly', () => {
  const envelope = 'HELO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n'
  const granted = `${greeting}${helo}250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n354 end with <CRLF>.<CRLF>\r\n`

  test('slower than the floor over a whole minute ends the session, however steadily it comes', async () => {
    const admission = site({ limits: { minBytesPerSecond: 10 } })
    const { connect, clock, inlet } = await house({ admission: () => admission })
    const client = await connect()
    await client.say(envelope)
    await client.hears(granted)
    for (let second = 0; second < 60; second += 10) {
      await client.say('x'.repeat(90))
      await until(() => client.closed(), 20)
      clock.pass(10_000)
    }
    await client.hears(`${granted}421 4.4.2 the content comes too slowly\r\n`)
    await client.closes()
    expect(inlet.aborted).toBe(1)
  })

  test('as fast as the floor is taken, however long it is', async () => {
    const admission = site({ limits: { minBytesPerSecond: 10 } })
    const { connect, clock, inlet } = await house({ admission: () => admission })
    const client = await connect()
    await client.say(envelope)
    await client.hears(granted)
    for (let second = 0; second < 180; second += 10) {
      await client.say(`${'x'.repeat(108)}\r\n`)
      await until(() => client.closed(), 20)
      clock.pass(10_000)
    }
    await client.say('.\r\n')
    await client.hears(`${granted}250 2.0.0 queued as m1\r\n`)
    expect(inlet.kept).toHaveLength(1)
  })
})
