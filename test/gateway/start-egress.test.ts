import { expect, test } from 'vitest'
import type { OverlayRequest } from '../../src/admin/overlay-store.ts'
import { egressParts, unusableSource } from '../../src/gateway/start-egress.ts'
import type { Control } from '../../src/graph/control.ts'
import type { Overlay } from '../../src/graph/overlay.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import { HandClock } from '../support/hand-clock.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function parts() {
  const clock = new HandClock()
  const overlays: Overlay[] = []
  const add = async (request: OverlayRequest) => {
    const overlay = { id: `hold-${overlays.length}`, since: clock.now(), ...request, ...request.restriction } as Overlay
    overlays.push(overlay)
    return { ok: true as const, value: overlay }
  }
  const { suspend } = egressParts({
    live: () => {
      throw new Error('not asked')
    },
    overlays: { add, list: () => overlays.map((one) => ({ ...one, held: 0 })) },
    clock,
    log: quiet,
  })
  const hop = (key: string) => ({ key }) as NextHop
  return { clock, overlays, suspend: (key: string, why: string) => suspend(hop(key), 60_000, why) }
}

test('a reaction suspends a next hop by its name, once, for its time, with what was said as ordinary text', () => {
  const { clock, overlays, suspend } = parts()
  expect(suspend('relay:isp#0a1b2c3d', `reaction to "554 go\r\naway \u001b[31m" ${'x'.repeat(500)}`)).toBe(true)
  expect(suspend('relay:isp#requiretls', 'again')).toBe(true)
  expect(overlays).toHaveLength(1)
  expect(overlays[0]).toMatchObject({
    kind: 'hold',
    nextHop: 'relay:isp',
    domain: null,
    owner: 'gateway',
    until: clock.now() + 60_000,
  })
  expect(overlays[0]!.reason).toMatch(/^reaction to "554 go away {2}\[31m" x+$/)
  expect(overlays[0]!.reason.length).toBe(300)
})

test('strangers cannot fill the list that operators need: beyond a hundred, a suspension is a back-off', () => {
  const { overlays, suspend } = parts()
  for (let i = 0; i < 100; i++) expect(suspend(`mx:d${i}.test`, 'blocked')).toBe(true)
  expect(suspend('mx:d100.test', 'blocked')).toBe(false)
  // One that is suspended stays so.
  expect(suspend('mx:d7.test', 'blocked')).toBe(true)
  expect(overlays).toHaveLength(100)
})

test('a source address is usable when a socket can be bound to it', async () => {
  const control = (...addresses: string[]) =>
    ({ egress: [{ name: 'main', addresses: addresses.map((address) => ({ address })) }] }) as unknown as Control
  expect(await unusableSource({} as Control)).toBeNull()
  expect(await unusableSource(control('127.0.0.1', '127.0.0.9', '::1'))).toBeNull()
  expect(await unusableSource(control('127.0.0.1', '2001:db8::77'))).toBe(
    'egress.main: connections cannot come from 2001:db8::77: it is no address of this machine',
  )
})
