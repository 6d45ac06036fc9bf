import { describe, expect, test, vi } from 'vitest'
import { compareGraphs } from '../../src/analysis/compare.ts'
import { applyToFleet } from '../../src/cli/fleet/apply.ts'
import { askMembers, closeAll } from '../../src/cli/fleet/members.ts'
import { sourceOf } from '../../src/cli/fleet/source.ts'
import { planWaves } from '../../src/cli/fleet/waves.ts'
import { startFleet, untilAllServe } from '../support/fleet.ts'
import { startGateway, until } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { peers } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient } from './client.ts'
import { site } from './site.ts'

vi.setConfig({ testTimeout: 60_000 })

const compiler = peers('cc')
/** Port 0: gateways of one graph on one machine. */
const at = (to: number, sections: object = {}): object =>
  site({ port: 0, localMx: { '*': `127.0.0.1:${to}` }, ...sections })
const nowhere = 9
const before = at(nowhere)
const closed = at(nowhere, {
  deny: [{ when: { recipient: 'ann@here.test' }, then: { reject: { code: 550, text: '5.1.2 closed' } } }],
})

/** Asks for a recipient so many times. */
async function knock(port: number, recipient: string, times: number): Promise<string> {
  const client = await openClient(port)
  await client.say('MAIL FROM:<a@src.test>')
  let last = ''
  for (let i = 0; i < times; i++) last = await client.say(`RCPT TO:<${recipient}>`)
  client.close()
  return last
}

describe('three gateways', () => {
  test.skipIf(!compiler)('take a graph in waves under load, and nothing is lost or doubled', async () => {
    const [old, fresh] = [await startSink(), await startSink()]
    const fleet = await startFleet(at(old.port))
    const loads = (await fleet.ports()).map((port, i) =>
      startLoad({ port, sessions: 4, perSecond: 150, name: `gw${i}` }),
    )
    await until('mail flows', () => loads.every(({ acknowledged }) => acknowledged.size > 20))
    const applied = await fleet.run(at(fresh.port), 'apply', '--bake', '1s', '--gate', 'reject-rate=2%', '--json')
    expect(applied, applied.err).toMatchObject({ code: 0 })
    const result = JSON.parse(applied.out)
    expect(result).toMatchObject({
      kind: 'active',
      gateways: [
        { name: 'gw1', wave: 'canary', listeners: { kept: ['inside'] } },
        { name: 'gw2', wave: 'rest' },
        { name: 'gw3', wave: 'rest' },
      ],
    })
    expect(result.gateways[0].trial.counts.insideBoxes.reduce((sum: number, n: number) => sum + n, 0)).toBeGreaterThan(
      50,
    )
    expect(await fleet.graphs()).toEqual([result.hash, result.hash, result.hash])
    for (const load of loads) await load.stop()
    const sent = loads.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0)
    const counts = async () => [await old.counts(), await fresh.counts()]
    await until('all has arrived', async () => (await counts()).reduce((sum, { unique }) => sum + unique, 0) >= sent)
    const arrived = await counts()
    expect(arrived.map(({ duplicates }) => duplicates)).toEqual([0, 0])
    expect(arrived[0]!.unique + arrived[1]!.unique).toBe(sent)
    expect(arrived[1]!.unique).toBeGreaterThan(50)
    expect(loads.map(({ totals }) => [totals.dropped, totals.refused])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ])
  })
})

/** By which all must be back after their deadline. */
const graceMs = 2000

describe('a fault leaves all three on the old graph', () => {
  test('a gate that trips in the second wave takes back the first wave too', async () => {
    const fleet = await startFleet(before)
    const [old] = await fleet.graphs()
    const apply = fleet.start(closed, 'apply', '--bake', '3s', '--gate', 'reject-rate=20%', '--json')
    await until('gw3 is on trial', async () => (await fleet.status(2)).pending.kind === 'trial')
    const [, , third] = await fleet.ports()
    // Reviewed, and not good after all. A session of its own for each ten: errors are counted there too.
    expect(await knock(third!, 'ann@here.test', 10)).toBe('550 5.1.2 closed')
    await Promise.all([knock(third!, 'ann@here.test', 10), knock(third!, 'ann@here.test', 10)])
    const tookMs = await untilAllServe(fleet, old!)
    expect(tookMs).toBeLessThan(graceMs)
    const { code, out } = await apply.ended
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      kind: 'rolled-back',
      trip: { name: 'gw3', reason: expect.stringMatching(/^went back: reject rate/) },
      gateways: [
        { name: 'gw1', graph: old },
        { name: 'gw2', graph: old },
        { name: 'gw3', graph: old },
      ],
    })
  })

  test('a coordinator that is killed between activation and confirm', async () => {
    const fleet = await startFleet(before)
    const [old] = await fleet.graphs()
    const apply = fleet.start(closed, 'apply', '--bake', '1s', '--confirm-within', '4s')
    const { pending } = await until('gw3 is on trial', async () => {
      const status = await fleet.status(2)
      return status.pending.kind === 'trial' ? status : null
    }).then((status) => status!)
    apply.kill('SIGKILL')
    expect((await apply.ended).code).toBe(null)
    expect(await fleet.graphs()).not.toContain(old)
    await untilAllServe(fleet, old!)
    const deadline = pending.kind === 'trial' ? pending.confirmBy : 0
    expect(Date.now() - deadline).toBeLessThan(graceMs)
    expect(Date.now()).toBeGreaterThanOrEqual(deadline)
  })

  test('a secret that is missing on one: nothing is activated anywhere, and it says which', async () => {
    const fleet = await startFleet(before, { env: (index) => (index < 2 ? { ISP_PASS: 'x' } : {}) })
    const graphs = await fleet.graphs()
    const relays = { isp: { hosts: '127.0.0.1:2', auth: { user: 'gw', pass: { $secret: 'env:ISP_PASS' } } } }
    const refused = await fleet.run(site({ port: 0, localMx: { '*': { relay: 'isp' } }, relays }), 'apply')
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/refused; nothing was changed on any gateway\n.*\ngw3 .*env:ISP_PASS/)
    expect(refused.err).not.toMatch(/\ngw[12] .*ISP_PASS/)
    expect(await fleet.graphs()).toEqual(graphs)
    expect((await fleet.status(0)).pending).toEqual({ kind: 'none' })
  })

  test('a third that is not there: nothing is activated anywhere, and it says which', async () => {
    const fleet = await startFleet(before)
    const [old] = await fleet.graphs()
    fleet.gateways[2]!.signal('SIGKILL')
    await fleet.gateways[2]!.ended
    const refused = await fleet.run(closed, 'apply', '--json')
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.out)).toMatchObject({
      kind: 'refused',
      reasons: [{ name: 'gw3', error: expect.stringContaining('no gateway is running there') }],
    })
    await untilAllServe(fleet, old!, [0, 1])
  })

  test('one that is killed on trial: the others go back, and so does it when it starts again', async () => {
    const fleet = await startFleet(before)
    const [old] = await fleet.graphs()
    const apply = fleet.start(closed, 'apply', '--bake', '20s', '--confirm-within', '50s')
    // The coordinator has heard of it, too: else its call breaks off, which is another story.
    await until('gw1 is on trial', () => apply.told().includes('gw1 active'))
    expect((await fleet.status(0)).pending.kind).toBe('trial')
    fleet.gateways[0]!.signal('SIGKILL')
    await fleet.gateways[0]!.ended
    const again = await startGateway('', { folder: fleet.gateways[0]!.folder, source: [] })
    expect((await again.status()).graph).toBe(old)
    const { code, err } = await apply.ended
    expect(code).toBe(1)
    expect(err).toContain('it was started anew, with the graph before')
    expect(await fleet.graphs()).toEqual([old, old, old])
  })

  test('a decision outside of the reviewed boxes', async () => {
    const fleet = await startFleet(before)
    const [old] = await fleet.graphs()
    fleet.write(closed)
    const terminal = { out() {}, err() {}, color: false, errColor: false }
    const source = await sourceOf({ config: `${fleet.folder}/mailgw.config.json` }, terminal)
    const members = await askMembers(source.document!, source.folder)
    const waves = planWaves(members, 'all')
    const running = applyToFleet(
      {
        fleet: members,
        waves: waves.ok ? waves.value : [],
        next: source.bundle,
        ...{ base: null, expected: null, maxChanged: null, acknowledged: null, holdQueue: false, dryRun: false },
        papers: { actor: 'test', reason: 'test', commit: null },
        trial: { bakeMs: 15_000, withinMs: 30_000, gates: null, shadow: true },
        // An analysis with a mistake in it: it has not seen what changes for ann.
        compare: (from, to) => ({ ...compareGraphs(from, to), changes: [] }),
      },
      {
        clock: { now: Date.now },
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        signal: new AbortController().signal,
        silentMs: 5000,
        tell() {},
      },
    )
    await until('all are on trial', async () => !(await fleet.graphs()).includes(old!))
    const [, second] = await fleet.ports()
    await knock(second!, 'bob@here.test', 3)
    expect((await fleet.graphs()).includes(old!)).toBe(false)
    await knock(second!, 'ann@here.test', 1)
    expect(await untilAllServe(fleet, old!)).toBeLessThan(graceMs)
    expect(await running).toMatchObject({
      kind: 'rolled-back',
      trip: { name: 'gw2', reason: expect.stringMatching(/not reviewed: .* to ann@here.test/) },
    })
    await closeAll(members)
  })
})
