import { expect, onTestFinished, test } from 'vitest'
import { createSmtpCarrier, type SmtpCarrier } from '../../src/egress/smtp-carrier.ts'
import { systemClock } from '../../src/mail/clock.ts'
import { storedDomain } from '../../src/mail/domain.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import { HandClock } from '../support/hand-clock.ts'
import { client, timeouts } from './client.ts'
import { deafPort } from './deaf-port.ts'
import { message, type TestLane, testLane } from './lane.ts'
import { behave, oddServer } from './odd-server.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

type Outcome = { readonly p99Ms: number; readonly down: number; readonly carrier: SmtpCarrier }

/**
 * `healthy` domains with `each` messages, and as many sick ones between them: dead (no answer to SYN), silent (no greeting),
 * tarpits (no answer to MAIL), and nameless (no answer of their name servers). Gives the 99th percentile of what healthy ones waited.
 */
async function mixture(
  healthy: number,
  sick: number,
  each: number,
  connectionsOut: number,
  kinds: readonly ('dead' | 'silent' | 'tarpit' | 'nameless')[] = ['dead', 'silent', 'tarpit'],
): Promise<Outcome> {
  const good = await oddServer()
  const silent = await oddServer(() => null)
  const tarpit = await oddServer((verb, line, session) =>
    session.heard.some((heard) => heard.startsWith('MAIL')) ? null : behave(verb, line, session),
  )
  const deaf = await deafPort('127.0.0.1')
  const all = { dead: deaf, silent: silent.port, tarpit: tarpit.port, nameless: 0 }
  const ports = kinds.map((kind) => all[kind])
  const portOf = new Map<string, number>()
  const carrier = createSmtpCarrier({
    settings: () => ({
      hostname: 'gw.test',
      timeouts: { ...timeouts, connectMs: 30_000, greetingMs: 300_000, replyMs: 300_000 },
      limits: { connectionsPerNextHop: 20, connectionsOut },
    }),
    hosts: async ({ key }) => {
      const port = portOf.get(key)!
      if (port === 0) return await new Promise<never>(() => {})
      return { kind: 'hosts', hosts: [{ name: key, address: '127.0.0.1' as IpAddress, port }] }
    },
    denied: () => null,
    secrets: async () => '',
    clock: systemClock,
    log: quiet,
  })
  onTestFinished(() => carrier.close())
  const lanes: TestLane[] = []
  const good_: TestLane[] = []
  for (let i = 0; i < healthy + sick; i++) {
    const isSick = i % 2 === 1 && i < 2 * sick
    const domain = storedDomain(`d${i}.test`)
    const nextHop: NextHop = { kind: 'mx', key: `mx:${domain}`, domain, tls: 'may', port: 25 }
    portOf.set(nextHop.key, isSick ? ports[((i - 1) / 2) % ports.length]! : good.port)
    const lane = testLane(
      nextHop,
      Array.from({ length: each }, (_, n) => message({ id: `${i}-${n}` })),
    )
    lanes.push(lane)
    if (!isSick) good_.push(lane)
  }
  const begun = performance.now()
  const delays: number[] = []
  const done = good_.map((lane) =>
    Promise.all(
      Array.from({ length: each }, (_, n) =>
        lane.until(() => lane.settled.length > n).then(() => delays.push(performance.now() - begun)),
      ),
    ),
  )
  for (const lane of lanes) carrier.wake(lane)
  await Promise.all(done)
  expect(good_.every((lane) => lane.settled.every(({ attempts }) => attempts[0]?.reply?.code === 250))).toBe(true)
  delays.sort((a, b) => a - b)
  const p99Ms = Math.round(delays[Math.floor(delays.length * 0.99)]!)
  return { p99Ms, down: lanes.filter(({ downs }) => downs.length > 0).length, carrier }
}

test('250 sick next hops of 500 cost the healthy ones nothing: dead, silent and slow ones hold their own connections', async () => {
  const alone = await mixture(250, 0, 8, 500)
  alone.carrier.close()
  const among = await mixture(250, 250, 8, 500)
  console.log(
    `99th percentile of 2,000 messages to 250 domains: alone ${alone.p99Ms} ms, among as many sick ones ${among.p99Ms} ms`,
  )
  expect(among.p99Ms).toBeLessThan(alone.p99Ms * 3 + 1000)
}, 40_000)

test('also where there are fewer connections than sick next hops: they give their places up within seconds', async () => {
  const { p99Ms, down, carrier } = await mixture(12, 12, 4, 8, ['dead', 'silent', 'nameless'])
  console.log(`8 connections, 12 sick next hops of 24: 99th percentile ${p99Ms} ms, ${down} given up`)
  // A dead host has 30 s, a silent one 5 minutes, and name servers may take minutes for 50 MX hosts.
  expect(p99Ms).toBeLessThan(15_000)
  expect(carrier.connections()).toBeLessThanOrEqual(8)
}, 40_000)

test('hosts that answer nothing for 20 s give a connection up to who waits for it, and no more than that', async () => {
  const clock = new HandClock()
  const held = new Set<number>()
  const tarpit = await oddServer((verb, line, session) => {
    if (verb === 'MAIL') held.add(session.number)
    return held.has(session.number) ? null : behave(verb, line, session)
  })
  const good = await oddServer()
  const { carrier, lane } = client({
    ports: [],
    settings: { timeouts: longTimeouts, limits: { connectionsPerNextHop: 1, connectionsOut: 4 } },
    options: {
      clock,
      hosts: async ({ key }) => ({
        kind: 'hosts',
        hosts: [{ name: 'x.test', address: '127.0.0.1' as IpAddress, port: key === 'relay' ? good.port : tarpit.port }],
      }),
    },
  })
  const slow = Array.from({ length: 4 }, (_, i) =>
    testLane({ ...lane.nextHop, key: `slow${i}` } as NextHop, [message()]),
  )
  for (const one of slow) carrier.wake(one)
  await expect.poll(() => held.size, { timeout: 15_000 }).toBe(4)
  lane.add(message())
  carrier.wake(lane)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(good.sessions).toEqual([])
  for (let i = 0; i < 22; i++) clock.pass(1000)
  await lane.until(() => lane.settled.length === 1)
  const ended = slow.flatMap(({ settled }) => settled.flatMap(({ attempts }) => attempts))
  expect(ended.length).toBe(1)
  expect(ended[0]).toMatchObject({
    reply: null,
    why: 'no answer for a long time, and others waited for the connection',
  })
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
