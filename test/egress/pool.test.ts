import { describe, expect, test } from 'vitest'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { HostsToTry } from '../../src/route/hosts.ts'
import { HandClock } from '../support/hand-clock.ts'
import { freePort } from '../support/peer.ts'
import { client, patient, timeouts } from './client.ts'
import { message, testLane } from './lane.ts'
import { type Behave, behave, ehloReply, type OddSession, oddServer } from './odd-server.ts'

const answering =
  (verbs: Record<string, string>): Behave =>
  (verb, line, session) =>
    verbs[verb] ?? behave(verb, line, session)

const mails = (server: { sessions: readonly { heard: readonly string[] }[] }) =>
  server.sessions.flatMap((session) => session.heard).filter((line) => line.startsWith('MAIL')).length

describe('which host', () => {
  test('the first that opens a session; one that does not answer is tried last for a while', async () => {
    const dead = await freePort()
    const full = await oddServer(answering({ CONNECT: '421 4.3.2 full\r\n' }))
    const good = await oddServer()
    const { send, lane } = client({ ports: [dead, full.port, good.port], relay: { connections: 1 } })
    const [attempt] = await send(message())
    expect(attempt?.host).toContain(`:${good.port}`)
    expect(lane.downs).toEqual([])
    const again = client({ ports: [good.port, full.port] })
    await again.send(message())
    expect(full.sessions).toHaveLength(1)
  })

  test('when none opens, the lane is down once, with the last reason and reply; nothing is attempted', async () => {
    const dead = await freePort()
    const refusing = await oddServer(answering({ CONNECT: '554 5.7.1 go away\r\n' }))
    const { send, lane } = client({ ports: [dead, refusing.port] })
    await send(message(), message(), message())
    expect(lane.settled).toEqual([])
    expect(lane.downs).toHaveLength(1)
    expect(lane.downs[0]).toMatchObject({ reply: { code: 554 } })
    expect(lane.downs[0]?.why).toContain(`mx2.test[127.0.0.1]:${refusing.port}`)
  })

  test('hosts of the same preference take turns, also where messages come one at a time', async () => {
    const servers = [await oddServer(), await oddServer(), await oddServer()]
    const hosts = servers.map(({ port }, i) => ({ name: `mx${i + 1}.test`, address: '127.0.0.1' as IpAddress, port }))
    const answer: HostsToTry = { kind: 'hosts', hosts, equals: new Set(['mx1.test', 'mx2.test']) }
    const { send } = client({ ports: [servers[0]!.port], options: { hosts: async () => answer } })
    for (let i = 0; i < 20; i++) await send(message({ id: `Q${i}` }))
    expect(servers.map(({ accepted }) => accepted.length)).toEqual([10, 10, 0])
  })

  test('a refused connection says so', async () => {
    const dead = await freePort()
    const { send, lane } = client({ ports: [dead] })
    await send(message())
    expect(lane.downs[0]?.why).toBe(`4.4.1 mx1.test[127.0.0.1]:${dead}: connection refused`)
  })

  // D1.15
  test('521 of every host is final (RFC 7504); of one only, the others are asked', async () => {
    const never = await oddServer(answering({ CONNECT: '521 5.3.2 no mail here\r\n' }))
    const alone = client({ ports: [never.port] })
    const attempts = await alone.send(message(), message())
    expect(attempts.map((one) => [one.reply?.code, one.command])).toEqual([
      [521, 'connect'],
      [521, 'connect'],
    ])
    const dead = await freePort()
    const both = client({ ports: [never.port, dead] })
    await both.send(message())
    expect(both.lane.downs).toHaveLength(1)
  })

  const noHosts = (answer: HostsToTry) => ({ hosts: async () => answer })

  test('a next hop that takes no mail fails all that waits, without a connection', async () => {
    const refused: HostsToTry = { kind: 'refused', code: 556, status: '5.1.10', why: 'null MX' }
    const { send } = client({ ports: [], options: noHosts(refused) })
    const attempts = await send(...Array.from({ length: 250 }, () => message()))
    expect(attempts).toHaveLength(250)
    expect(
      attempts.every(
        (one) => one.reply?.code === 556 && one.status === '5.1.10' && one.command === 'route' && one.host === null,
      ),
    ).toBe(true)
  })

  test('a next hop that cannot be looked up is down', async () => {
    const { send, lane } = client({ ports: [], options: noHosts({ kind: 'failed', status: '4.4.3', why: 'SERVFAIL' }) })
    await send(message())
    expect(lane.downs).toEqual([{ why: '4.4.3 SERVFAIL', reply: null }])
  })

  test('a denied address is not connected to: others are, and when all are denied the mail fails with 5.7.1', async () => {
    const server = await oddServer()
    const hosts: HostsToTry = {
      kind: 'hosts',
      hosts: [
        { name: 'a.test', address: '192.0.2.1' as IpAddress, port: server.port },
        { name: 'b.test', address: '127.0.0.1' as IpAddress, port: server.port },
      ],
    }
    const denied = (address: IpAddress) => (address === '192.0.2.1' ? 'denied by rule 1' : null)
    const some = client({ ports: [], options: { hosts: async () => hosts, denied } })
    expect((await some.send(message()))[0]?.host).toContain('b.test')
    const all = client({ ports: [], options: { hosts: async () => hosts, denied: () => 'denied by rule 1' } })
    expect((await all.send(message()))[0]).toMatchObject({ reply: { code: 550 }, status: '5.7.1', host: null })
    expect(server.sessions).toHaveLength(1)
  })

  test('recipients that one host cannot take now are offered to another in the same attempt, once', async () => {
    const later: Behave = (verb, line, session) =>
      verb === 'RCPT' && line.includes('<b@') ? '450 4.7.1 greylisted\r\n' : behave(verb, line, session)
    const [first, second, third] = [await oddServer(later), await oddServer(), await oddServer()]
    const { send } = client({ ports: [first.port, second.port, third.port] })
    const attempts = await send(message({ to: ['a@dst.test', 'b@dst.test'] }))
    expect(attempts.map((one) => one.reply?.code)).toEqual([250, 250])
    expect(attempts.map((one) => one.host)).toEqual([
      `mx1.test[127.0.0.1]:${first.port}`,
      `mx2.test[127.0.0.1]:${second.port}`,
    ])
    expect(second.sessions[0]!.heard).not.toContain('RCPT TO:<a@dst.test>')

    const both = client({ ports: [first.port, first.port === 0 ? 0 : (await oddServer(later)).port, third.port] })
    expect((await both.send(message()))[0]?.reply?.code).toBe(450)
    expect(third.sessions).toEqual([])
  })

  test('a connection to another host that has nothing to do holds up nothing that comes after', async () => {
    const first = await oddServer((verb, line, session) => {
      if (verb === 'RCPT' && line.includes('<b@')) return '450 4.7.1 greylisted\r\n'
      const isKept = session.heard.filter((one) => one.startsWith('MAIL')).length > 1
      return verb === 'MAIL' && isKept ? { close: 'before' } : behave(verb, line, session)
    })
    const second = await oddServer()
    const { send, lane } = client({ ports: [first.port, second.port] })
    lane.reoffer = true
    expect((await send(message({ id: 'Q1', to: ['b@dst.test'] })))[0]?.host).toMatch(/^mx2/)
    await send(message({ id: 'Q2' }))
    // At once, and not when the idle one has left.
    await lane.until(() => lane.settled.length === 2)
    expect(lane.settled[1]?.attempts[0]?.reply?.code).toBe(250)
    expect(second.sessions[0]!.ended).toBe(false)
  })

  test('when no other host is reached, the first answer stands', async () => {
    const later = await oddServer(answering({ RCPT: '450 4.7.1 greylisted\r\n', DATA: '503 5.5.1 no\r\n' }))
    const dead = await freePort()
    expect((await client({ ports: [later.port, dead] }).send(message()))[0]?.reply?.text).toBe('greylisted')
  })

  // To ask the same host again later may make a second copy just as well, and might go on for days.
  test('a host that ends the session in place of answering the final dot does not keep the message', async () => {
    const lost = await oddServer((verb, line, session) =>
      verb === 'CONTENT' ? { close: 'before' } : behave(verb, line, session),
    )
    const other = await oddServer()
    const attempts = await client({ ports: [lost.port, other.port] }).send(message())
    expect(attempts[0]).toMatchObject({ host: `mx2.test[127.0.0.1]:${other.port}`, reply: { code: 250 } })

    const alone = await client({ ports: [lost.port] }).send(message())
    expect(alone[0]).toMatchObject({ reply: null, command: 'body' })
  })
})

describe('how many connections', () => {
  test('never more than the relay allows, nor than all may have together', async () => {
    const server = await oddServer()
    const { send } = client({ ports: [server.port], relay: { connections: 3 } })
    await send(...Array.from({ length: 200 }, (_, i) => message({ id: `Q${i}` })))
    expect(server.accepted).toHaveLength(200)
    expect(server.sessions.length).toBeLessThanOrEqual(3)
    const narrow = client({
      ports: [server.port],
      settings: { limits: { connectionsPerNextHop: 5, connectionsOut: 1 } },
    })
    const before = server.sessions.length
    await narrow.send(...Array.from({ length: 50 }, (_, i) => message({ id: `Q${i}` })))
    expect(server.sessions.length - before).toBe(1)
  })

  // MR-30
  test('none while both directions together have no room, and again when there is', async () => {
    const server = await oddServer()
    let room = false
    const { carrier, lane } = client({ ports: [server.port], options: { hasRoom: () => room } })
    lane.add(message())
    carrier.wake(lane)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.sessions).toHaveLength(0)
    // Nobody tells that a session has left.
    room = true
    await lane.until(() => lane.settled.length === 1)
    expect(server.accepted).toHaveLength(1)
  })

  test('a connection is kept and used again; after `messagesPerConnection` it is not', async () => {
    const server = await oddServer()
    const { send } = client({ ports: [server.port], relay: { connections: 1 }, options: { messagesPerConnection: 2 } })
    for (let i = 0; i < 5; i++) await send(message())
    expect(server.sessions.map((session) => session.heard.filter((line) => line === 'CONTENT').length)).toEqual([
      2, 2, 1,
    ])
    expect(server.sessions[0]!.heard.at(-1)).toBe('QUIT')
  })

  test('lanes take turns when places are short, and a free connection of another lane makes room at once', async () => {
    const server = await oddServer()
    const limits = { connectionsPerNextHop: 5, connectionsOut: 1 }
    const { carrier, lane } = client({ ports: [server.port], settings: { limits } })
    const other = testLane({ ...lane.nextHop, key: 'other' } as typeof lane.nextHop)
    lane.add(...Array.from({ length: 300 }, (_, i) => message({ id: `A${i}` })))
    other.add(...Array.from({ length: 300 }, (_, i) => message({ id: `B${i}` })))
    carrier.wake(lane)
    carrier.wake(other)
    await other.until(() => other.settled.length > 0)
    // The first lane was not served to its end before.
    expect(lane.settled.length).toBeLessThan(300)
    await lane.until(() => lane.settled.length === 300)
    await other.until(() => other.settled.length === 300)
    expect(server.accepted).toHaveLength(600)
  })

  test('lanes of one next hop take turns in the connections that it has, and one that idles makes room', async () => {
    const server = await oddServer()
    const { carrier, lane } = client({ ports: [server.port], relay: { connections: 1 } })
    const others = ['#from=a', '#from=b'].map((what) =>
      testLane({ ...lane.nextHop, key: `${lane.nextHop.key}${what}` } as typeof lane.nextHop),
    )
    const lanes = [lane, ...others]
    for (const [i, one] of lanes.entries()) {
      one.add(...Array.from({ length: 300 }, (_, at) => message({ id: `${i}${at}` })))
      carrier.wake(one)
    }
    await others[0]!.until(() => others[0]!.settled.length > 0)
    expect(lane.settled.length).toBeLessThan(300)
    for (const one of lanes) await one.until(() => one.settled.length === 300)
    expect(carrier.connections()).toBe(1)
    // Each in turn finds the only connection kept by another.
    for (const one of lanes) {
      one.add(message({ id: 'again' }))
      carrier.wake(one)
      await one.until(() => one.settled.length === 301)
    }
  })

  test('a host that is silent holds up nobody else', async () => {
    const silent = await oddServer(() => null)
    const server = await oddServer()
    const { carrier, lane } = client({
      ports: [],
      options: {
        hosts: async (nextHop) => ({
          kind: 'hosts',
          hosts: [
            {
              name: 'x.test',
              address: '127.0.0.1' as IpAddress,
              port: nextHop.key === 'relay' ? silent.port : server.port,
            },
          ],
        }),
      },
    })
    const other = testLane({ ...lane.nextHop, key: 'other' } as typeof lane.nextHop)
    lane.add(message(), message())
    carrier.wake(lane)
    other.add(...Array.from({ length: 100 }, () => message()))
    carrier.wake(other)
    await other.until(() => other.settled.length === 100)
    expect(lane.settled).toEqual([])
    expect(silent.sessions).toHaveLength(1)
  })

  test('a host that is quick gets what waits over one connection, however long it has been waiting', async () => {
    const clock = new HandClock()
    let seen = 0
    const server = await oddServer((verb, line, session) => {
      if (verb === 'CONTENT') {
        clock.pass(1)
        if (++seen % 10 === 0) carrier.wake(lane)
      }
      return behave(verb, line, session)
    })
    const { carrier, lane, send } = client({ ports: [server.port], options: { clock } })
    await send(...Array.from({ length: 200 }, (_, i) => message({ id: `Q${i}` })))
    expect(server.accepted).toHaveLength(200)
    expect(server.sessions).toHaveLength(1)
  })

  test('a message that the host does not answer holds up the one behind it, and others go by connections of their own', async () => {
    let seen = 0
    let silent: OddSession | null = null
    const server = await oddServer((verb, line, session) => {
      if (verb === 'CONTENT' && ++seen === 2) silent = session
      return session === silent ? null : behave(verb, line, session)
    })
    const { carrier, lane } = client({ ports: [server.port] })
    lane.add(...Array.from({ length: 20 }, (_, i) => message({ id: `Q${i}` })))
    carrier.wake(lane)
    await lane.until(() => lane.settled.length === 18)
    expect(server.sessions.length).toBeGreaterThan(1)
    expect(server.accepted).toHaveLength(18)
  })

  test('with one connection working, a host that takes no second one is not down', async () => {
    const server = await oddServer((verb, line, session) => {
      if (verb === 'CONNECT' && session.number > 0) return '421 4.7.0 one is enough\r\n'
      return behave(verb, line, session)
    })
    const { send, lane } = client({ ports: [server.port], relay: { connections: 5 } })
    const attempts = await send(...Array.from({ length: 60 }, (_, i) => message({ id: `Q${i}` })))
    expect(attempts.every((one) => one.reply?.code === 250)).toBe(true)
    expect(lane.downs).toEqual([])
  })
})

test('a host that drops every session in its first transaction costs a few messages an attempt, not all that wait', async () => {
  for (const answer of [{ close: 'after', text: '421 4.3.2 not you\r\n' } as const, { close: 'before' } as const]) {
    const server = await oddServer((verb, line, session) => (verb === 'MAIL' ? answer : behave(verb, line, session)))
    const { carrier, lane } = client({ ports: [server.port] })
    lane.add(...Array.from({ length: 50 }, (_, i) => message({ id: `Q${i}` })))
    carrier.wake(lane)
    await lane.until(() => lane.downs.length === 1)
    expect(lane.settled.length).toBeLessThanOrEqual(5)
    expect(lane.downs[0]?.why).toMatch(/^4\.4\.2 .*drops every session/)
  }
})

describe('time', () => {
  const silentAt: { verb: string; timeout: number; want: 'down' | string }[] = [
    { verb: 'CONNECT', timeout: timeouts.greetingMs, want: 'down' },
    { verb: 'EHLO', timeout: timeouts.replyMs, want: 'down' },
    { verb: 'MAIL', timeout: timeouts.replyMs, want: 'time-out: answer to MAIL' },
    { verb: 'RCPT', timeout: timeouts.replyMs, want: 'time-out: answer to RCPT' },
    { verb: 'DATA', timeout: timeouts.replyMs, want: 'time-out: answer to DATA' },
    {
      verb: 'CONTENT',
      timeout: timeouts.dataDoneMs,
      want: 'time-out: answer to the final dot after the final dot; it may arrive twice',
    },
  ]
  for (const { verb, timeout, want } of silentAt) {
    // D1.11
    test(`silence at ${verb} ends after its time-out: ${want}`, async () => {
      const clock = new HandClock()
      let reached = false
      const server = await oddServer((heard, line, session) => {
        // Silent from then on: what was sent behind the command is not answered either.
        reached ||= heard === verb
        return reached ? null : behave(heard, line, session)
      })
      const { carrier, lane } = client({ ports: [server.port], options: { clock } })
      lane.add(message())
      carrier.wake(lane)
      await expect.poll(() => reached, patient).toBe(true)
      // The answers before it are read now.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      clock.pass(timeout - 1)
      expect(lane.settled.length + lane.downs.length).toBe(0)
      clock.pass(2500)
      await lane.until(() => lane.settled.length + lane.downs.length > 0)
      if (want === 'down') expect(lane.downs[0]?.why).toMatch(/^4\.4\.[12] .*time-out/)
      else expect(lane.settled[0]?.attempts[0]).toMatchObject({ reply: null, status: '4.4.2', why: want })
    })
  }

  test('a host that takes no more content in time loses the connection before the end', async () => {
    const clock = new HandClock()
    const server = await oddServer((verb, line, session) => {
      if (verb === 'EHLO') return ehloReply('PIPELINING')
      if (verb === 'DATA') session.stop?.()
      return behave(verb, line, session)
    })
    const { carrier, lane } = client({ ports: [server.port], options: { clock } })
    let readBytes = 0
    const entry = message({ content: `${'x'.repeat(998)}\r\n`.repeat(30_000), spooled: true })
    const body = {
      ...entry.body,
      async *read() {
        for await (const piece of entry.body.read()) {
          readBytes += piece.length
          yield piece
        }
      },
    }
    lane.add({ ...entry, body })
    carrier.wake(lane)
    await expect.poll(() => server.sessions[0]?.heard.includes('DATA'), patient).toBe(true)
    for (let tries = 0; tries < 400 && lane.settled.length === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      clock.pass(1000)
    }
    expect(lane.settled[0]?.attempts[0]).toMatchObject({
      reply: null,
      why: 'time-out: room for content before the end of the message',
    })
    // No more was read than the sockets of both sides hold: memory stays flat.
    expect(readBytes).toBeLessThan(20_000_000)
    expect(server.accepted).toEqual([])
  })

  test('an unused connection is left politely after idleMs', async () => {
    const clock = new HandClock()
    const server = await oddServer()
    const { carrier, send } = client({ ports: [server.port], options: { clock } })
    await send(message())
    clock.pass(timeouts.idleMs - 1)
    expect(carrier.connections()).toBe(1)
    clock.pass(3000)
    await expect.poll(() => carrier.connections(), patient).toBe(0)
    expect(server.sessions[0]!.heard.at(-1)).toBe('QUIT')
  })
})

describe('the end', () => {
  test('drain finishes what is on the wire, takes nothing new, and says QUIT', async () => {
    const server = await oddServer()
    const { carrier, lane } = client({ ports: [server.port], relay: { connections: 2 } })
    lane.add(...Array.from({ length: 2000 }, (_, i) => message({ id: `Q${i}` })))
    carrier.wake(lane)
    await lane.until(() => lane.settled.length >= 10)
    await carrier.drain()
    expect(lane.settled.every(({ attempts }) => attempts[0]?.reply?.code === 250)).toBe(true)
    expect(server.accepted).toHaveLength(lane.settled.length)
    expect(lane.ready).toBe(2000 - lane.settled.length)
    expect(carrier.connections()).toBe(0)
    expect(server.sessions.every((session) => session.heard.at(-1) === 'QUIT')).toBe(true)
  })

  test('drain does not wait for a host that does not greet', async () => {
    const silent = await oddServer(() => null)
    const { carrier, lane } = client({ ports: [silent.port] })
    lane.add(message())
    carrier.wake(lane)
    await expect.poll(() => silent.sessions.length, patient).toBe(1)
    await carrier.drain()
    expect(lane.settled.length + lane.downs.length).toBe(0)
  })

  test('close settles what is on the wire as lost, each delivery once', async () => {
    const server = await oddServer((verb, line, session) =>
      session.heard.includes('CONTENT') ? null : behave(verb, line, session),
    )
    const { carrier, lane } = client({ ports: [server.port], relay: { connections: 1 } })
    lane.add(message({ id: 'Q1' }), message({ id: 'Q2' }), message({ id: 'Q3' }))
    carrier.wake(lane)
    await expect.poll(() => server.sessions[0]?.heard.includes('CONTENT'), patient).toBe(true)
    carrier.close()
    expect(lane.settled.map(({ entry, attempts }) => [entry.id, attempts[0]?.reply])).toEqual([['Q1', null]])
    expect(lane.putBacks.map((entry) => entry.id)).toEqual(['Q2'])
    expect(lane.ready).toBe(1)
  })

  test('retire lets kept connections go, and the next message takes a new one', async () => {
    const server = await oddServer()
    const { carrier, send } = client({ ports: [server.port], relay: { connections: 1 } })
    await send(message())
    carrier.retire()
    await expect.poll(() => carrier.connections(), patient).toBe(0)
    await send(message())
    expect(server.sessions).toHaveLength(2)
    expect(mails(server)).toBe(2)
  })

  test('a host that leaves an unused connection, with 421 or without, is no failure', async () => {
    const server = await oddServer((verb, line, session) =>
      verb === 'CONTENT' && session.number === 0 ? '250 2.0.0 taken\r\n' : behave(verb, line, session),
    )
    const { carrier, send, lane } = client({ ports: [server.port], relay: { connections: 1 } })
    await send(message())
    await server.close()
    await expect.poll(() => carrier.connections(), patient).toBe(0)
    expect(lane.settled).toHaveLength(1)
    expect(lane.downs).toEqual([])
  })

  test('keywords under LIMITS end a connection after MAILMAX messages', async () => {
    const server = await oddServer(answering({ EHLO: ehloReply('PIPELINING', 'LIMITS MAILMAX=3') }))
    const { send } = client({ ports: [server.port], relay: { connections: 1 } })
    await send(...Array.from({ length: 7 }, () => message()))
    expect(server.sessions.map((session) => session.heard.filter((line) => line === 'CONTENT').length)).toEqual([
      3, 3, 1,
    ])
  })
})
