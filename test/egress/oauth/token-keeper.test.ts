import { beforeEach, describe, expect, test } from 'vitest'
import type { Fetched } from '../../../src/egress/oauth/fetch-token.ts'
import { TokenKeeper } from '../../../src/egress/oauth/token-keeper.ts'
import { silentLog } from '../../../src/mail/log.ts'
import { HandClock } from '../../support/hand-clock.ts'

const hour = 3_600_000
const failed = (why: string, more: Partial<Extract<Fetched, { kind: 'failed' }>> = {}): Fetched => ({
  kind: 'failed',
  why,
  isFinal: false,
  waitMs: null,
  ...more,
})

let clock: HandClock
let answers: Fetched[]
let asked: number
let backs: number
/** A keeper whose endpoint gives `answers` in turn, then tokens T1, T2 ... that last for an hour. */
function keeper(): TokenKeeper {
  const one = new TokenKeeper({
    grant: 'client-credentials',
    provider: 'id.example',
    fetch: async () => {
      asked++
      return answers.shift() ?? { kind: 'token', token: `T${asked}`, lifetimeMs: hour }
    },
    clock,
    log: silentLog,
    random: () => 0.5,
    onBack: () => void backs++,
  })
  one.relays = ['ms', 'other']
  return one
}
/** Lets time pass, and what begins in it end. */
async function pass(ms: number): Promise<void> {
  clock.pass(ms)
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

beforeEach(() => {
  clock = new HandClock()
  answers = []
  asked = 0
  backs = 0
})

describe('a token that is there', () => {
  test('is given to all who ask, and fetched once however many ask at one moment', async () => {
    const one = keeper()
    expect(await Promise.all([one.token(), one.token(), one.token()])).toEqual(['T1', 'T1', 'T1'])
    expect(await one.token()).toBe('T1')
    expect(asked).toBe(1)
  })

  test('is renewed before it ends, while nobody asks', async () => {
    const one = keeper()
    await one.token()
    expect(one.health()).toMatchObject({
      state: 'ok',
      validUntil: clock.now() + hour,
      nextAt: clock.now() + 0.75 * hour,
    })
    await pass(0.74 * hour)
    expect(asked).toBe(1)
    await pass(0.02 * hour)
    expect(asked).toBe(2)
    expect(await one.token()).toBe('T2')
  })

  test('is used to its end when the endpoint fails meanwhile, and not longer', async () => {
    const one = keeper()
    await one.token()
    answers = Array(1000).fill(failed('id.example answers 503'))
    await pass(0.8 * hour)
    expect(await one.token()).toBe('T1')
    expect(one.health()).toMatchObject({ state: 'renewing', lastError: { why: 'id.example answers 503' } })
    await pass(0.2 * hour)
    await expect(one.token()).rejects.toMatchObject({ status: '4.7.0', message: expect.stringContaining('503') })
    expect(one.health().state).toBe('failing')
  })

  test('of a few seconds is still given, for nine tenths of them', async () => {
    answers = [{ kind: 'token', token: 'short', lifetimeMs: 30_000 }]
    const one = keeper()
    expect(await one.token()).toBe('short')
    clock.time += 26_000
    expect(await one.token()).toBe('short')
    clock.time += 1_500
    expect(await one.token()).toBe('T2')
  })

  test('is given up when the clock of this machine leaps over its end', async () => {
    const one = keeper()
    await one.token()
    clock.time += 30 * hour
    expect(await one.token()).toBe('T2')
  })
})

describe('an endpoint that fails', () => {
  test('is asked again after waits that double, and who wants a token meanwhile gets the reason and asks nobody', async () => {
    answers = Array(4).fill(failed('id.example answers 500'))
    const one = keeper()
    const waits: number[] = []
    await expect(one.token()).rejects.toThrow('no access token: id.example answers 500')
    for (let round = 0; round < 3; round++) {
      waits.push(one.health().nextAt! - clock.now())
      await expect(one.token()).rejects.toThrow()
      await pass(waits.at(-1)!)
    }
    expect(waits).toEqual([5500, 11_000, 22_000])
    expect(asked).toBe(4)
    expect(backs).toBe(0)
    await pass(44_000)
    expect(await one.token()).toBe('T5')
    expect(backs).toBe(1)
  })

  test('waits longer between tries where somebody has to change something, and as long as the endpoint asks', async () => {
    answers = [failed('refuses (invalid_client)', { isFinal: true }), failed('answers 429', { waitMs: 600_000 })]
    const one = keeper()
    await one.renew()
    expect(one.health().nextAt! - clock.now()).toBe(66_000)
    await pass(66_000)
    expect(one.health().nextAt! - clock.now()).toBe(600_000)
  })

  test('never waits longer than five minutes, or a quarter of an hour for what is final', async () => {
    for (const [isFinal, most] of [
      [false, 5 * 60_000],
      [true, 15 * 60_000],
    ] as const) {
      answers = Array(30).fill(failed('no', { isFinal }))
      const one = keeper()
      await one.renew()
      for (let round = 0; round < 20; round++) await pass(one.health().nextAt! - clock.now())
      expect(one.health().nextAt! - clock.now()).toBe(Math.round(most * 1.1))
      one.close()
    }
  })
})

describe('a token that a host refuses', () => {
  test('is replaced at once, once; a second refusal of a new one is the relay and not the token', async () => {
    const one = keeper()
    await one.token()
    expect(one.refused('ms', 'T1')).toBe(true)
    expect(await one.token()).toBe('T2')
    expect(one.refused('ms', 'T2')).toBe(false)
    expect(await one.token()).toBe('T2')
    expect(asked).toBe(2)
    expect(one.health()).toMatchObject({ state: 'refused', refusedBy: ['ms'] })
  })

  test('and was taken before is replaced again: it was revoked', async () => {
    const one = keeper()
    await one.token()
    for (const token of ['T1', 'T2', 'T3']) {
      expect(one.refused('ms', token)).toBe(true)
      await one.token()
      one.accepted('ms')
    }
    expect(asked).toBe(4)
    expect(one.health().state).toBe('ok')
  })

  test('by one relay stays good for another one', async () => {
    const one = keeper()
    await one.token()
    one.refused('ms', 'T1')
    await one.token()
    one.refused('ms', 'T2')
    one.accepted('other')
    expect(one.refused('ms', 'T2')).toBe(false)
    expect(await one.token()).toBe('T2')
    expect(one.health().refusedBy).toEqual(['ms'])
  })

  test('is worth another try when there is a newer one by now', async () => {
    const one = keeper()
    await one.token()
    await one.renew()
    expect(one.refused('ms', 'T1')).toBe(true)
    expect(asked).toBe(2)
  })

  test('stays for the others when no new one can be had', async () => {
    const one = keeper()
    await one.token()
    answers = [failed('id.example answers 500')]
    one.refused('ms', 'T1')
    expect(await one.token()).toBe('T1')
    expect(asked).toBe(2)
  })

  test('has another chance with the next one that comes in its time', async () => {
    const one = keeper()
    await one.token()
    one.refused('ms', 'T1')
    await one.token()
    one.refused('ms', 'T2')
    await pass(0.8 * hour)
    expect(await one.token()).toBe('T3')
    expect(one.refused('ms', 'T3')).toBe(true)
  })
})

test('one that is closed fetches nothing more', async () => {
  const one = keeper()
  await one.token()
  one.close()
  await pass(10 * hour)
  expect(asked).toBe(1)
})
