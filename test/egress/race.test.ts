import { describe, expect, test } from 'vitest'
import type { Door } from '../../src/egress/knock.ts'
import { attemptDelayMs, reach, rivalOf, type Young } from '../../src/egress/reach.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { HostsToTry, HostToTry } from '../../src/route/hosts.ts'
import { HandClock } from '../support/hand-clock.ts'
import { client } from './client.ts'
import { deafPort } from './deaf-port.ts'
import { message } from './lane.ts'
import { oddServer } from './odd-server.ts'

const host = (name: string, address: string, port = 25): HostToTry => ({ name, address: address as IpAddress, port })

describe('families are raced (RFC 8305)', () => {
  const found = (...hosts: HostToTry[]) => ({ hosts: async (): Promise<HostsToTry> => ({ kind: 'hosts', hosts }) })

  test('an IPv6 address that answers nothing costs a quarter of a second once, and nothing after that', async () => {
    const good = await oddServer()
    await deafPort('::1', good.port)
    const { send, carrier } = client({
      ports: [],
      relay: { connections: 2, messagesPerConnection: 1 },
      options: found(host('mx.test', '::1', good.port), host('mx.test', '127.0.0.1', good.port)),
    })
    const begun = performance.now()
    const [attempt] = await send(message())
    expect(attempt).toMatchObject({ reply: { code: 250 }, host: `mx.test[127.0.0.1]:${good.port}` })
    const first = performance.now() - begun
    expect(first).toBeGreaterThanOrEqual(attemptDelayMs - 20)
    expect(first).toBeLessThan(5000)
    // It is the last that is tried, for a while.
    expect(carrier.hops()[0]?.shunned.map((one) => one.host)).toEqual([`mx.test[::1]:${good.port}`])
    const again = performance.now()
    await send(message())
    expect(performance.now() - again).toBeLessThan(attemptDelayMs)
    expect(carrier.connections()).toBeLessThanOrEqual(2)
  })

  test('where the document allows one connection there is never a second one, not for a moment', async () => {
    const good = await oddServer()
    await deafPort('::1', good.port)
    const { lane, carrier } = client({
      ports: [],
      relay: { connections: 1 },
      settings: { timeouts: { ...short, connectMs: 1000 } },
      options: found(host('mx.test', '::1', good.port), host('mx.test', '127.0.0.1', good.port)),
    })
    lane.add(message())
    carrier.wake(lane)
    await new Promise((resolve) => setTimeout(resolve, attemptDelayMs + 200))
    expect(good.sessions).toEqual([])
    await lane.until(() => lane.settled.length === 1)
    expect(lane.settled[0]?.attempts[0]?.host).toBe(`mx.test[127.0.0.1]:${good.port}`)
  })

  test('the other family of the same host and port is raced, and no other host', () => {
    const six = host('a.test', '2001:db8::1')
    expect(rivalOf(six, [host('b.test', '192.0.2.1'), host('a.test', '192.0.2.2', 26)])).toBeNull()
    expect(rivalOf(six, [host('a.test', '2001:db8::2'), host('a.test', '192.0.2.3')])?.address).toBe('192.0.2.3')
  })
})

describe('who is kept', () => {
  type Hand = Young & { stand(): void; fail(): void; closed: boolean; forgotten: number }

  const door = (address: string) => ({ host: host('mx.test', address) }) as Door

  function lab(places = 1) {
    const clock = new HandClock()
    const wires = new Map<string, Hand>()
    let taken = 0
    const open = ({ host: { address } }: Door): Young => {
      let stand = () => {}
      let fail = () => {}
      const connecting = new Promise<void>((resolve, reject) => {
        stand = resolve
        fail = () => reject(new Error('refused'))
      })
      connecting.catch(() => {})
      const hand = {
        closed: false,
        forgotten: 0,
        forget: () => void hand.forgotten++,
        wire: { connected: () => connecting, isConnected: false, close: () => void (hand.closed = true) },
        stand: () => {
          hand.wire.isConnected = true
          stand()
        },
        fail,
      }
      wires.set(address, hand as unknown as Hand)
      return hand as unknown as Young
    }
    const room = () => {
      if (places === 0) return null
      places--
      taken++
      return () => {
        places++
        taken--
      }
    }
    const racing = reach(door('2001:db8::1'), async () => door('192.0.2.1'), { open, room, clock })
    const settled = () => new Promise((resolve) => setImmediate(resolve))
    return { clock, wires, racing, settled, taken: () => taken }
  }

  test('whoever stands within 250 ms is alone: nobody else is asked', async () => {
    const { clock, wires, racing } = lab()
    clock.pass(attemptDelayMs - 1)
    wires.get('2001:db8::1')!.stand()
    expect((await racing).door.host.address).toBe('2001:db8::1')
    expect(wires.size).toBe(1)
  })

  test('a refusal within that time is told at once', async () => {
    const { wires, racing } = lab()
    wires.get('2001:db8::1')!.fail()
    expect((await racing).door.host.address).toBe('2001:db8::1')
    expect(wires.size).toBe(1)
  })

  for (const [winner, loser] of [
    ['192.0.2.1', '2001:db8::1'],
    ['2001:db8::1', '192.0.2.1'],
  ] as const) {
    test(`${winner} stands first: the other is closed with nothing said, and its place is free again`, async () => {
      const { clock, wires, racing, settled, taken } = lab()
      clock.pass(attemptDelayMs)
      await settled()
      expect(taken()).toBe(1)
      wires.get(winner)!.stand()
      const { door: kept, young } = await racing
      expect(kept.host.address).toBe(winner)
      expect(young).toBe(wires.get(winner))
      expect(wires.get(loser)).toMatchObject({ closed: true, forgotten: 1 })
      expect(wires.get(winner)).toMatchObject({ closed: false, forgotten: 0 })
      expect(taken()).toBe(0)
    })
  }

  test('one that fails does not end the race; when both have failed the first is told', async () => {
    const { clock, wires, racing, settled, taken } = lab()
    clock.pass(attemptDelayMs)
    await settled()
    wires.get('2001:db8::1')!.fail()
    await settled()
    wires.get('192.0.2.1')!.fail()
    expect((await racing).door.host.address).toBe('2001:db8::1')
    expect(taken()).toBe(0)
  })

  test('without a place there is no race', async () => {
    const { clock, wires, racing } = lab(0)
    clock.pass(attemptDelayMs)
    wires.get('2001:db8::1')!.stand()
    await racing
    expect(wires.size).toBe(1)
  })
})

const short = {
  commandMs: 60_000,
  dataMs: 60_000,
  sessionMs: 60_000,
  connectMs: 10_000,
  greetingMs: 10_000,
  replyMs: 10_000,
  dataBlockMs: 10_000,
  dataDoneMs: 10_000,
  idleMs: 60_000,
}
