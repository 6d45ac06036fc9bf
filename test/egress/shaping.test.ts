import { describe, expect, test } from 'vitest'
import type { NextHop } from '../../src/mail/next-hop.ts'
import type { Reaction } from '../../src/mail/next-hop-settings.ts'
import { HandClock } from '../support/hand-clock.ts'
import { freePort } from '../support/peer.ts'
import { client, patient } from './client.ts'
import { message, testLane } from './lane.ts'
import { type Behave, behave, ehloReply, oddServer } from './odd-server.ts'

const answering =
  (verbs: Record<string, string>): Behave =>
  (verb, line, session) =>
    verbs[verb] ?? behave(verb, line, session)

const many = (count: number) => Array.from({ length: count }, (_, i) => message({ id: `Q${i}` }))
const contents = (server: { sessions: readonly { heard: readonly string[] }[] }) =>
  server.sessions.map(({ heard }) => heard.filter((line) => line === 'CONTENT').length)

describe('rates (MR-42)', () => {
  test('no more messages than the rate within its time; then the next ones, without anybody waking them', async () => {
    const clock = new HandClock()
    const server = await oddServer()
    const { carrier, lane } = client({
      ports: [server.port],
      relay: { rate: { most: 3, perMs: 60_000 } },
      options: { clock },
    })
    lane.add(...many(7))
    carrier.wake(lane)
    await lane.until(() => lane.settled.length === 3)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(lane.settled).toHaveLength(3)
    expect(carrier.hops()).toMatchObject([{ rate: { most: 3, perMs: 60_000 }, slowed: null }])
    clock.pass(60_000)
    await lane.until(() => lane.settled.length === 6)
    clock.pass(60_000)
    await lane.until(() => lane.settled.length === 7)
    expect(server.accepted).toHaveLength(7)
  })

  test('a next hop that waits for its rate holds up nobody else', async () => {
    const server = await oddServer()
    const { carrier, lane } = client({ ports: [server.port], relay: { rate: { most: 1, perMs: 3_600_000 } } })
    const other = testLane({
      ...lane.nextHop,
      key: 'other',
      relay: { ...relayOf(lane.nextHop), name: 'other' },
    } as NextHop)
    Object.assign(other.nextHop as object, { relay: { ...relayOf(lane.nextHop), rate: undefined } })
    lane.add(...many(10))
    other.add(...many(100))
    carrier.wake(lane)
    carrier.wake(other)
    await other.until(() => other.settled.length === 100)
    expect(lane.settled.length).toBeLessThanOrEqual(1)
  })

  test('lanes of one next hop share its rate: another TLS need or source address is no way around it', async () => {
    const server = await oddServer()
    const { carrier, lane } = client({ ports: [server.port], relay: { rate: { most: 4, perMs: 3_600_000 } } })
    const other = testLane({ ...lane.nextHop, key: `${lane.nextHop.key}#requiretls` })
    lane.add(...many(10))
    other.add(...many(10))
    carrier.wake(lane)
    carrier.wake(other)
    await expect.poll(() => server.accepted.length, patient).toBe(4)
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(lane.settled.length + other.settled.length).toBe(4)
  })
})

describe('messages and recipients', () => {
  test('so many messages of one connection as the document says', async () => {
    const server = await oddServer()
    const { send } = client({ ports: [server.port], relay: { connections: 1, messagesPerConnection: 2 } })
    await send(...many(5))
    expect(contents(server)).toEqual([2, 2, 1])
  })

  test('so many recipients of one transaction, by the document or by LIMITS RCPTMAX, whichever is less (D2 LIMITS)', async () => {
    const to = Array.from({ length: 7 }, (_, i) => `u${i}@dst.test`)
    const rcpts = (server: { sessions: readonly { heard: readonly string[] }[] }) =>
      server.sessions
        .flatMap(({ heard }) => heard)
        .reduce<number[]>((counts, line) => {
          if (line.startsWith('MAIL')) counts.push(0)
          if (line.startsWith('RCPT')) counts[counts.length - 1]!++
          return counts
        }, [])
    const own = await oddServer()
    expect(await client({ ports: [own.port], relay: { recipientsPerMessage: 3 } }).send(message({ to }))).toHaveLength(
      7,
    )
    expect(rcpts(own)).toEqual([3, 3, 1])
    const theirs = await oddServer(answering({ EHLO: ehloReply('PIPELINING', 'LIMITS RCPTMAX=2 MAILMAX=100') }))
    await client({ ports: [theirs.port], relay: { recipientsPerMessage: 3 } }).send(message({ to }))
    expect(rcpts(theirs)).toEqual([2, 2, 2, 1])
  })

  test('recipients of so many domains in one transaction as LIMITS RCPTDOMAINMAX says (D2 LIMITS)', async () => {
    const server = await oddServer(answering({ EHLO: ehloReply('PIPELINING', 'LIMITS RCPTDOMAINMAX=1') }))
    const { send } = client({ ports: [server.port] })
    const attempts = await send(message({ to: ['a@x.test', 'b@y.test', 'c@x.test', 'd@z.test', 'e@y.test'] }))
    expect(attempts.map((one) => one.reply?.code)).toEqual([250, 250, 250, 250, 250])
    const heard = server.sessions.flatMap((session) => session.heard).filter((line) => /^(MAIL|RCPT)/.test(line))
    expect(heard.map((line) => line.replace(/^RCPT TO:<(.*)>.*/, '$1').replace(/^MAIL.*/, '-')).join(' ')).toBe(
      '- a@x.test c@x.test - b@y.test e@y.test - d@z.test',
    )
  })
})

describe('reactions (MR-43)', () => {
  const reactions = (...list: Reaction[]) => ({ reactions: list })

  test('a refusal that matches has everything wait for so long, and what is on the wire makes it no longer', async () => {
    const server = await oddServer((verb, line, session) =>
      verb === 'MAIL' ? '450 4.7.28 unusual rate of mail\r\n' : behave(verb, line, session),
    )
    const { carrier, lane, log } = client({
      ports: [server.port],
      relay: { connections: 1, ...reactions({ match: '4.7.* rate', do: { kind: 'back-off', forMs: 600_000 } }) },
    })
    lane.add(...many(50))
    carrier.wake(lane)
    await lane.until(() => lane.downs.length === 1)
    expect(lane.downs[0]).toMatchObject({ forMs: 600_000, reply: { code: 450 } })
    expect(lane.downs[0]?.why).toBe('reaction to "450 4.7.28 unusual rate of mail" (4.7.* rate)')
    expect(lane.settled.length).toBeLessThanOrEqual(2)
    expect(log.filter(({ event }) => event === 'next-hop.reaction')).toHaveLength(1)
  })

  test('the first that matches counts, also of what a host says in place of a greeting', async () => {
    const server = await oddServer(answering({ CONNECT: '421 4.7.0 too many connections\r\n' }))
    const { carrier, lane } = client({
      ports: [server.port],
      relay: reactions(
        { match: '421 4.7.* connections', do: { kind: 'back-off', forMs: 60_000 } },
        { match: '421', do: { kind: 'back-off', forMs: 1_000_000 } },
      ),
    })
    lane.add(message())
    carrier.wake(lane)
    await lane.until(() => lane.downs.length > 0)
    expect(lane.downs[0]?.forMs).toBe(60_000)
  })

  test('a slower rate for a while; then the one of before', async () => {
    const clock = new HandClock()
    let refuse = true
    const server = await oddServer((verb, line, session) => {
      if (verb !== 'MAIL' || !refuse) return behave(verb, line, session)
      refuse = false
      return '451 4.7.1 slow down\r\n'
    })
    const { carrier, lane } = client({
      ports: [server.port],
      relay: {
        connections: 1,
        ...reactions({ match: 'slow down', do: { kind: 'slow', rate: { most: 1, perMs: 60_000 }, forMs: 150_000 } }),
      },
      options: { clock },
    })
    lane.add(...many(3))
    carrier.wake(lane)
    // One was refused, and one may go in the first minute.
    await lane.until(() => lane.settled.length === 2)
    expect(carrier.hops()[0]?.slowed).toMatchObject({ why: 'reaction to "451 4.7.1 slow down" (slow down)' })
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(lane.settled).toHaveLength(2)
    clock.pass(60_000)
    await lane.until(() => lane.settled.length === 3)
    lane.add(...many(5))
    carrier.wake(lane)
    clock.pass(90_001)
    await lane.until(() => lane.settled.length === 8)
    expect(carrier.hops()[0]?.slowed).toBeNull()
  })

  test('suspending is told to whoever does it, once; nobody is told of what was taken or of our own refusals', async () => {
    const suspended: [string, number][] = []
    const server = await oddServer((verb, line, session) =>
      verb === 'RCPT' && line.includes('<bad@') ? '554 5.7.1 blocked by list\r\n' : behave(verb, line, session),
    )
    const { send } = client({
      ports: [server.port],
      relay: reactions({ match: '5.7.1 blocked', do: { kind: 'suspend', forMs: 86_400_000 } }),
      options: { suspend: ({ key }, forMs) => suspended.push([key, forMs]) > 0 },
    })
    await send(message({ to: ['good@dst.test'] }))
    expect(suspended).toEqual([])
    await send(message({ to: ['good@dst.test', 'bad@dst.test', 'bad@dst.test'] }), message({ to: ['bad@dst.test'] }))
    expect(suspended).toEqual([['relay', 86_400_000]])
  })
})

describe('what is learnt (MR-42, MR-43)', () => {
  test('421 in the middle of sessions halves the connections, and the messages go by those that stay', async () => {
    let storm = true
    const server = await oddServer((verb, line, session) => {
      if (verb === 'DATA' && storm && session.heard.includes('CONTENT') && session.number > 0) {
        storm = false
        return { close: 'after', text: '421 4.3.2 too busy\r\n' }
      }
      return behave(verb, line, session)
    })
    const { carrier, lane } = client({ ports: [server.port], relay: { connections: 8 } })
    lane.feed(
      (
        (left) => () =>
          left-- > 0 ? message() : null
      )(4000),
    )
    carrier.wake(lane)
    await expect.poll(() => carrier.hops()[0]?.limited, patient).toMatch(/421 too busy/)
    expect(carrier.hops()[0]!.limit).toBeLessThan(8)
    expect(lane.downs).toEqual([])
  })

  test('421 to MAIL behind other messages is where a session ends: no attempt of the message, and shorter sessions after it', async () => {
    const server = await oddServer((verb, line, session) =>
      verb === 'MAIL' && session.heard.filter((heard) => heard === 'CONTENT').length === 3
        ? { close: 'after', text: '421 4.7.0 enough for one session\r\n' }
        : behave(verb, line, session),
    )
    const { carrier, lane } = client({ ports: [server.port], relay: { connections: 1 } })
    lane.reoffer = true
    lane.add(...many(10))
    carrier.wake(lane)
    await lane.until(() => lane.settled.length === 10)
    expect(lane.settled.every(({ attempts }) => attempts[0]?.reply?.code === 250)).toBe(true)
    expect(contents(server)).toEqual([3, 3, 3, 1])
    // Only the first session was ended by the host.
    expect(
      server.sessions.slice(1).every(({ heard }) => heard.filter((line) => line.startsWith('MAIL')).length <= 3),
    ).toBe(true)
    expect(carrier.hops()[0]).toMatchObject({ limited: null })
  })

  test('greylisting is no trouble of the next hop, however much of it; MAIL refused twenty times in a row is', async () => {
    const grey = await oddServer(answering({ RCPT: '450 4.7.1 greylisted, come back in 300 s\r\n' }))
    const patiently = client({ ports: [grey.port], relay: { connections: 1 } })
    await patiently.send(...many(100))
    expect(patiently.lane.settled).toHaveLength(100)
    expect(patiently.lane.downs).toEqual([])

    const ill = await oddServer(
      answering({ MAIL: '451 4.3.0 no room\r\n', RCPT: '503 5.5.1 MAIL first\r\n', DATA: '503 5.5.1 MAIL first\r\n' }),
    )
    const { carrier, lane } = client({ ports: [ill.port], relay: { connections: 1 } })
    lane.add(...many(100))
    carrier.wake(lane)
    await lane.until(() => lane.downs.length === 1)
    expect(lane.settled.length).toBeLessThanOrEqual(22)
    expect(lane.downs[0]).toMatchObject({ why: 'it refuses everything for now: 451 no room', reply: { code: 451 } })
  })

  test('a tarpit loses connections to those who answer, and is left in peace', async () => {
    const clock = new HandClock()
    const held = new Set<number>()
    const server = await oddServer((verb, line, session) => {
      if (verb === 'RCPT' && session.heard.includes('CONTENT')) held.add(session.number)
      return held.has(session.number) ? null : behave(verb, line, session)
    })
    const { carrier, lane, log } = client({
      ports: [server.port],
      relay: { connections: 4 },
      settings: { timeouts: { ...longTimeouts } },
      options: { clock },
    })
    lane.add(...many(10))
    carrier.wake(lane)
    await expect.poll(() => held.size, patient).toBeGreaterThan(0)
    for (let i = 0; i < 21; i++) clock.pass(1000)
    expect(log.filter(({ event }) => event === 'connection.slow')).toHaveLength(held.size)
    expect(carrier.hops()[0]).toMatchObject({ limit: 1, limited: expect.stringMatching(/no answer for 2\d s/) })
    carrier.forget((name) => name === 'relay')
    expect(carrier.hops()[0]).toMatchObject({ limit: 4, limited: null })
  })
})

describe('source addresses', () => {
  const pools = (...addresses: { address: string; weight?: number; hostname?: string }[]) => ({
    egress: [{ name: 'main', addresses, hostname: 'pool.gw.test' }],
  })

  test('connections come from the addresses of the pool, in turns, with the name of each in EHLO (MR-11, MR-35)', async () => {
    const server = await oddServer()
    const { send } = client({
      ports: [server.port],
      relay: { connections: 1, messagesPerConnection: 1, egress: 'main' },
      settings: pools({ address: '127.0.0.2', hostname: 'out2.gw.test' }, { address: '127.0.0.3' }),
    })
    await send(...many(4))
    expect(
      server.sessions.map(({ from, heard }) => `${from} ${heard.find((line) => line.startsWith('EHLO'))}`),
    ).toEqual([
      '127.0.0.2 EHLO out2.gw.test',
      '127.0.0.3 EHLO pool.gw.test',
      '127.0.0.2 EHLO out2.gw.test',
      '127.0.0.3 EHLO pool.gw.test',
    ])
  })

  test('an address that is not ours is passed over, aloud; the host is not blamed for it', async () => {
    const server = await oddServer()
    const { carrier, send, log } = client({
      ports: [server.port],
      relay: { connections: 1, messagesPerConnection: 1, egress: 'main' },
      settings: pools({ address: '192.0.2.77' }, { address: '127.0.0.3' }),
    })
    const attempts = await send(...many(3))
    expect(attempts.map((one) => one.reply?.code)).toEqual([250, 250, 250])
    expect(new Set(server.sessions.map(({ from }) => from))).toEqual(new Set(['127.0.0.3']))
    expect(log.filter(({ event }) => event === 'egress.source-unusable')).toMatchObject([
      { fields: { address: '192.0.2.77', why: 'cannot be bound (EADDRNOTAVAIL)' } },
    ])
    expect(carrier.sources()).toMatchObject([{ address: '192.0.2.77' }])
    expect(carrier.hops()[0]?.shunned).toEqual([])
  })

  test('with no usable address in the pool nothing is sent from another one: the lane is down, and says why', async () => {
    const server = await oddServer()
    const { send, lane } = client({
      ports: [server.port],
      relay: { egress: 'main' },
      settings: pools({ address: '192.0.2.77' }),
    })
    await send(message())
    expect(lane.downs).toMatchObject([
      { why: expect.stringContaining('the pool main: 192.0.2.77 cannot be bound (EADDRNOTAVAIL)') },
    ])
    expect(server.sessions).toEqual([])
  })

  test('mail of a lane that leaves from where it came in comes from there (MR-10)', async () => {
    const server = await oddServer()
    const { carrier, lane } = client({
      ports: [server.port],
      relay: { egress: 'main' },
      settings: pools({ address: '127.0.0.2' }),
    })
    const own = testLane({ ...lane.nextHop, key: 'relay#from=127.0.0.9', from: '127.0.0.9' } as NextHop)
    own.add(message())
    carrier.wake(own)
    await own.until(() => own.settled.length === 1)
    expect(server.sessions.map(({ from }) => from)).toEqual(['127.0.0.9'])
  })
})

test('what was learnt of a next hop can be forgotten: hosts that did not answer are tried in their order again (EX-43)', async () => {
  const dead = await freePort()
  const good = await oddServer()
  const { carrier, send } = client({ ports: [dead, good.port], relay: { connections: 1, messagesPerConnection: 1 } })
  await send(message())
  expect(carrier.hops()[0]?.shunned.map(({ host }) => host)).toEqual([`mx1.test[127.0.0.1]:${dead}`])
  expect(carrier.forget((name) => name === 'other')).toBe(0)
  expect(carrier.forget((name) => name === 'relay')).toBe(1)
  expect(carrier.hops()[0]?.shunned).toEqual([])
})

const longTimeouts = {
  commandMs: 300_000,
  dataMs: 300_000,
  sessionMs: 300_000,
  connectMs: 300_000,
  greetingMs: 300_000,
  replyMs: 300_000,
  dataBlockMs: 300_000,
  dataDoneMs: 300_000,
  idleMs: 300_000,
}

function relayOf(nextHop: NextHop) {
  if (nextHop.kind !== 'relay') throw new Error('a relay')
  return nextHop.relay
}
