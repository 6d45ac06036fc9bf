import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/mail/clock.ts'
import { storedDomain } from '../../src/mail/domain.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import type { DestinationSettings, NextHopSettings } from '../../src/mail/next-hop-settings.ts'
import { HandClock } from '../support/hand-clock.ts'
import { client } from './client.ts'
import { message, type TestLane, testLane } from './lane.ts'
import { type Behave, behave, oddServer } from './odd-server.ts'

const pattern = 'mx-host:*.provider.test'

/** Domains `d0.test`, ... of one provider, with so many messages each, and one domain that is elsewhere. */
async function provider(
  said: NextHopSettings,
  { domains = 5, each = 2, clock = systemClock as HandClock | typeof systemClock, behaviour = behave as Behave } = {},
) {
  const server = await oddServer(behaviour)
  const other = await oddServer()
  const row: DestinationSettings = { pattern, ...said }
  const { carrier } = client({
    ports: [],
    settings: { limits: { connectionsPerNextHop: 5, connectionsOut: 50 } },
    options: {
      clock,
      hosts: async ({ key }) => {
        const isOther = key === 'mx:other.test'
        const name = isOther ? 'mx.other.test' : `${key.slice(3)}.provider.test`
        const port = isOther ? other.port : server.port
        return { kind: 'hosts', hosts: [{ name, address: '127.0.0.1' as IpAddress, port }] }
      },
      site: (_, host) => (host.endsWith('.provider.test') ? row : null),
    },
  })
  const laneOf = (name: string): TestLane => {
    const domain = storedDomain(name)
    const nextHop: NextHop = { kind: 'mx', key: `mx:${domain}`, domain, tls: 'may', port: 25 }
    return testLane(
      nextHop,
      Array.from({ length: each }, (_, n) => message({ id: `${name}-${n}`, to: [`b@${name}`] })),
    )
  }
  const lanes = Array.from({ length: domains }, (_, i) => laneOf(`d${i}.test`))
  const settled = () => lanes.reduce((sum, lane) => sum + lane.settled.length, 0)
  return {
    server,
    other,
    carrier,
    lanes,
    laneOf,
    settled,
    site: () => carrier.hops().find((hop) => hop.name === pattern),
  }
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('domains whose MX is at one provider (mx-host)', () => {
  test('have so many connections together as the document says, and each of them has its turn', async () => {
    let most = 0
    let open = 0
    const { carrier, lanes, settled, site } = await provider(
      { connections: 3 },
      {
        domains: 60,
        each: 3,
        behaviour(verb, line, session) {
          if (verb === 'EHLO') most = Math.max(most, ++open)
          if (verb === 'QUIT') open--
          return behave(verb, line, session)
        },
      },
    )
    for (const lane of lanes) carrier.wake(lane)
    await expect.poll(settled, { timeout: 20_000, interval: 10 }).toBe(180)
    expect(most).toBe(3)
    expect(site()).toMatchObject({ limit: 3, rate: null })
    expect(lanes.every(({ settled }) => settled.every(({ attempts }) => attempts[0]?.reply?.code === 250))).toBe(true)
  })

  test('share a rate, which holds up nobody whose MX is elsewhere', async () => {
    const clock = new HandClock()
    const { carrier, lanes, settled, other, laneOf, server } = await provider(
      { rate: { most: 4, perMs: 60_000 } },
      { clock, domains: 6, each: 3 },
    )
    for (const lane of lanes) carrier.wake(lane)
    const elsewhere = laneOf('other.test')
    carrier.wake(elsewhere)
    await expect.poll(settled, { timeout: 10_000 }).toBe(4)
    await elsewhere.until(() => elsewhere.settled.length === 3)
    await turns(50)
    expect(server.accepted).toHaveLength(4)
    expect(other.accepted).toHaveLength(3)
    for (const want of [8, 12, 16, 18]) {
      clock.pass(60_000)
      await expect.poll(settled, { timeout: 10_000 }).toBe(want)
      await turns(20)
      expect(server.accepted).toHaveLength(want)
    }
  })

  test('rest together when the provider wants less, also those that come to it later', async () => {
    const { carrier, lanes, other, laneOf, server, site } = await provider(
      {
        connections: 2,
        reactions: [{ match: '4.7.500', do: { kind: 'back-off', forMs: 600_000 } }],
      },
      {
        behaviour: (verb, line, session) => (verb === 'MAIL' ? '451 4.7.500 busy\r\n' : behave(verb, line, session)),
      },
    )
    for (const lane of lanes) carrier.wake(lane)
    const why = 'reaction to "451 4.7.500 busy" (4.7.500)'
    await expect.poll(() => lanes.every(({ downs }) => downs.length > 0), { timeout: 10_000 }).toBe(true)
    expect(site()).toMatchObject({ limited: why })
    const heard = server.sessions.length
    const late = laneOf('late.test')
    carrier.wake(late)
    await late.until(() => late.downs.length > 0)
    expect(late.downs[0]!.why).toContain(why)
    expect(late.downs[0]!.forMs).toBeGreaterThan(590_000)
    expect(server.sessions).toHaveLength(heard)
    const elsewhere = laneOf('other.test')
    carrier.wake(elsewhere)
    await elsewhere.until(() => elsewhere.settled.length === 2)
    expect(other.accepted).toHaveLength(2)
    // An operator has asked them.
    expect(carrier.forget((name) => name === pattern)).toBe(1)
    expect(site()).toMatchObject({ limited: null })
  })
})
