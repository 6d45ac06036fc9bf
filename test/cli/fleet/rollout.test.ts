import { describe, expect, test } from 'vitest'
import { type RolloutPlan, type RolloutResult, rollOut } from '../../../src/cli/fleet/rollout.ts'
import { planWaves } from '../../../src/cli/fleet/waves.ts'
import { deps, type FakeGateway, type FakeTime, fakeGateway, fakeTime, newGraph, oldGraph } from './fake-gateway.ts'

const gates = { rejectRate: 0.02, deferRate: null, failureRate: null, minMessages: 20 }

function fleet(): { time: FakeTime; gateways: FakeGateway[]; plan: (more?: Partial<RolloutPlan>) => RolloutPlan } {
  const time = fakeTime()
  const gateways = ['gw1', 'gw2', 'gw3'].map((name) => fakeGateway(name, time))
  const waves = planWaves(
    gateways.map(({ candidate }) => candidate),
    'gw1,all',
  )
  if (!waves.ok) throw new Error(waves.error)
  const plan = (more: Partial<RolloutPlan> = {}): RolloutPlan => ({
    hash: newGraph,
    bundle: '{}',
    waves: waves.value,
    papers: { actor: 'ann@desk', reason: 'test', commit: null, planHash: null },
    trial: { bakeMs: 10_000, withinMs: 80_000, gates, shadow: true },
    holdQueue: false,
    dryRun: false,
    ...more,
  })
  return { time, gateways, plan }
}

const active = (gateways: readonly FakeGateway[]) => gateways.map(({ state }) => state.active)
const allOld = [oldGraph, oldGraph, oldGraph]
const trip = (result: RolloutResult) => (result.kind === 'rolled-back' ? result.trip : result.kind)

describe('a roll-out', () => {
  test('prepares all, activates and watches wave after wave, and confirms all at the end', async () => {
    const { time, gateways, plan } = fleet()
    const { given, lines } = deps(time)
    const began = time.now()
    const result = await rollOut(plan(), given)
    expect(result).toMatchObject({
      kind: 'active',
      gateways: [
        { name: 'gw1', wave: 'gw1', previous: oldGraph, trial: { counts: { insideBoxes: [2, 1] } } },
        { name: 'gw2', wave: 'all' },
        { name: 'gw3', wave: 'all' },
      ],
    })
    expect(active(gateways)).toEqual([newGraph, newGraph, newGraph])
    expect(gateways.some((one) => one.hasTrial())).toBe(false)
    expect(time.now() - began).toBeGreaterThanOrEqual(20_000)
    expect(lines.filter((line) => line.startsWith('wave'))).toEqual([
      'wave 1 of 2 (gw1): gw1 active, watched for 10 s',
      'wave 2 of 2 (all): gw2, gw3 active, watched for 10 s',
    ])
    expect(gateways[0]!.state.lastActivate).toMatchObject({ confirmWithinMs: 80_000, gates, shadow: true })
    // One deadline for all: what was activated later has less time.
    expect(gateways[1]!.state.lastActivate!.confirmWithinMs).toBeLessThanOrEqual(70_000)
  })

  test('activates for good at once where nothing is to be watched', async () => {
    const { time, gateways, plan } = fleet()
    const result = await rollOut(plan({ trial: null }), deps(time).given)
    expect(result.kind).toBe('active')
    expect(gateways[0]!.state.lastActivate).toMatchObject({ confirmWithinMs: null, shadow: false })
    expect(gateways[0]!.calls).toEqual(['upload', 'prepare', 'activate'])
  })

  test('that is only tried activates nothing and leaves nothing prepared', async () => {
    const { time, gateways, plan } = fleet()
    expect(await rollOut(plan({ dryRun: true }), deps(time).given)).toMatchObject({
      kind: 'prepared',
      gateways: [{ name: 'gw1', wave: 'gw1' }, { wave: 'all' }, { wave: 'all' }],
    })
    expect(gateways.some((one) => one.hasPrepared())).toBe(false)
    expect(active(gateways)).toEqual(allOld)
  })

  test('prepares again what expired while an earlier wave was watched', async () => {
    const { time, gateways, plan } = fleet()
    gateways[1]!.state.tokenLifeMs = 35_000
    expect((await rollOut(plan(), deps(time).given)).kind).toBe('active')
    expect(gateways[1]!.calls.filter((call) => call === 'prepare')).toHaveLength(2)
  })
})

describe('before anything is activated anywhere', () => {
  test('one that cannot prepare stops all, and says why', async () => {
    const { time, gateways, plan } = fleet()
    gateways[1]!.state.refuse.set('prepare', 'relay isp: secret env:ISP: the environment variable is not set')
    expect(await rollOut(plan(), deps(time).given)).toEqual({
      kind: 'refused',
      reasons: [{ name: 'gw2', error: 'relay isp: secret env:ISP: the environment variable is not set' }],
    })
    expect(gateways.some((one) => one.hasPrepared())).toBe(false)
    expect(gateways.some(({ calls }) => calls.includes('activate'))).toBe(false)
  })

  test('one that does not answer stops all', async () => {
    const { time, gateways, plan } = fleet()
    gateways[2]!.state.dead = true
    expect(await rollOut(plan(), deps(time).given)).toMatchObject({ kind: 'refused', reasons: [{ name: 'gw3' }] })
    expect(active(gateways)).toEqual(allOld)
  })

  test('one whose graph somebody else changed stops all', async () => {
    const { time, gateways, plan } = fleet()
    gateways[0]!.state.active = newGraph.replace('b', 'c')
    expect(await rollOut(plan(), deps(time).given)).toMatchObject({
      kind: 'moved',
      gateways: [{ name: 'gw1', expected: oldGraph }],
    })
    expect(gateways[1]!.hasPrepared()).toBe(false)
  })
})

describe('when something trips, all go back', () => {
  const faults: [fault: string, cause: (gateways: readonly FakeGateway[]) => void, reason: RegExp][] = [
    ['a gate', ([gw1]) => gw1!.trip('reject rate 5% over 2%'), /^went back: reject rate 5% over 2%$/],
    ['a restart', ([gw1]) => gw1!.restart(), /started anew/],
    ['silence', ([gw1]) => void (gw1!.state.dead = true), /no gateway is running there/],
    ['a confirm by somebody else', ([gw1]) => void gw1!.client.confirm(newGraph), /somebody else confirmed it/],
  ]
  test.each(faults)('%s in the first wave leaves the others alone', async (_fault, cause, reason) => {
    const { time, gateways, plan } = fleet()
    time.at(4000, () => cause(gateways))
    const result = await rollOut(plan(), deps(time).given)
    expect(trip(result)).toMatchObject({ name: 'gw1', reason: expect.stringMatching(reason) })
    expect(active(gateways).slice(1)).toEqual(allOld.slice(1))
    expect(gateways.slice(1).some(({ calls }) => calls.includes('activate'))).toBe(false)
    expect(gateways.slice(1).some((one) => one.hasPrepared())).toBe(false)
    // Whoever is silent has a deadline of its own.
    await time.sleep(80_000)
    expect(gateways[0]!.state.active).toBe(oldGraph)
  })

  test('a gate on one of the second wave takes back the first wave too', async () => {
    const { time, gateways, plan } = fleet()
    time.at(14_000, () => gateways[2]!.trip('reject rate 5% over 2%'))
    const result = await rollOut(plan(), deps(time).given)
    expect(result).toMatchObject({
      kind: 'rolled-back',
      trip: { name: 'gw3' },
      gateways: [
        { name: 'gw1', graph: oldGraph, note: 'rolled back' },
        { name: 'gw2', graph: oldGraph, note: 'rolled back' },
        { name: 'gw3', graph: oldGraph, note: 'went back by itself' },
      ],
    })
    expect(active(gateways)).toEqual(allOld)
  })

  test('one that refuses to activate takes back those that did', async () => {
    const { time, gateways, plan } = fleet()
    gateways[1]!.state.refuse.set('activate', 'the graph cannot be stored: no space left')
    const result = await rollOut(plan(), deps(time).given)
    expect(trip(result)).toMatchObject({ name: 'gw2', reason: expect.stringContaining('no space left') })
    expect(active(gateways)).toEqual(allOld)
  })

  test('one that activated without saying so goes back as well', async () => {
    const { time, gateways, plan } = fleet()
    gateways[1]!.state.swallow.add('activate')
    const result = await rollOut(plan(), deps(time).given)
    expect(trip(result)).toMatchObject({ name: 'gw2' })
    expect(active(gateways)).toEqual(allOld)
    expect(gateways[1]!.calls).toContain('rollback')
  })

  test('one that does not confirm takes back even those that did', async () => {
    const { time, gateways, plan } = fleet()
    gateways[1]!.state.refuse.set('confirm', 'the graph cannot be stored: no space left')
    const result = await rollOut(plan(), deps(time).given)
    expect(trip(result)).toMatchObject({ name: 'gw2', reason: expect.stringContaining('not confirmed') })
    expect(active(gateways)).toEqual(allOld)
  })

  test('a confirm whose answer was lost is asked for again', async () => {
    const { time, gateways, plan } = fleet()
    gateways[1]!.state.swallow.add('confirm')
    expect((await rollOut(plan(), deps(time).given)).kind).toBe('active')
    expect(active(gateways)).toEqual([newGraph, newGraph, newGraph])
  })

  test('an interrupt takes back what is active', async () => {
    const { time, gateways, plan } = fleet()
    const interrupt = new AbortController()
    time.at(12_000, () => interrupt.abort())
    const result = await rollOut(plan(), deps(time, interrupt.signal).given)
    expect(trip(result)).toEqual({ name: 'apply', reason: 'interrupted' })
    expect(active(gateways)).toEqual(allOld)
  })

  test('a gateway that cannot be asked is told with the time at which it goes back by itself', async () => {
    const { time, gateways, plan } = fleet()
    time.at(4000, () => {
      gateways[0]!.state.dead = true
    })
    const deadline = new Date(time.now() + 80_000).toISOString()
    const result = await rollOut(plan(), deps(time).given)
    expect(result).toMatchObject({
      gateways: [{ name: 'gw1', graph: null, note: expect.stringContaining('it goes back by itself by') }],
    })
    expect(JSON.stringify(result)).toContain(deadline.slice(0, 16))
  })
})

test('a gateway that is silent for a moment only is waited for', async () => {
  const { time, gateways, plan } = fleet()
  time.at(9500, () => {
    gateways[0]!.state.dead = true
  })
  time.at(11_000, () => {
    gateways[0]!.state.dead = false
  })
  expect((await rollOut(plan(), deps(time).given)).kind).toBe('active')
})
