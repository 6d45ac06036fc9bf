// 20 applies at 100,000 routes while a load of at least 10,000 messages runs: nothing may be dropped, lost or doubled.
// The load is paced, as everything shares two cores here; the gap still tells who got a core, so the time that the thread
// itself ran is told beside it.
//   node bench/apply.js [--routes 100000] [--applies 20] [--messages 10000] [--per-second 500] [--json]
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { option, report, spread } from './support/figures.js'
import { benchFolder } from './support/folder.js'
import { startLoad } from './support/load.js'
import { document, mailgw, startGateway, writeDocument } from './support/mailgw.js'
import { compare, deliveries, settled } from './support/pairs.js'
import { routes } from './support/routes.js'
import { startSink } from './support/sink.js'
import { freePort, pause } from './support/wait.js'

const count = Number(option('routes') ?? 100_000)
const applies = Number(option('applies') ?? 20)
const messages = Number(option('messages') ?? 10_000)
const perSecond = Number(option('per-second') ?? 500)
const barMs = 10

const folder = join(benchFolder(), 'apply')
const port = await freePort()
const pairs = `${folder}.pairs`
const sink = await startSink(['--pairs', pairs])
const graphs = []
for (const variant of [0, 1]) {
  const content = document({ port, sinkPort: sink.port, localMx: { $table: 'routes.tsv' } })
  const config = writeDocument(join(folder, `document-${variant}`), content, { 'routes.tsv': routes(count, variant) })
  const graph = join(folder, `graph-${variant}.mgw`)
  await mailgw('graph', '--config', config, '--output', graph)
  graphs.push(graph)
}

const ownTime = `${folder}.own-time`
const gateway = await startGateway({
  folder,
  port,
  source: ['--graph', graphs[0]],
  flags: ['-r', fileURLToPath(new URL('./support/own-time.cjs', import.meta.url))],
  env: { OWN_TIME: ownTime },
})
try {
  const load = startLoad({ port, sessions: 20, perSecond, name: 'apply' })
  while (load.acknowledged.size < 500) await pause(20)
  const results = []
  const windows = []
  // A gateway that has just begun loads what it will need.
  await pause(2000)
  for (let i = 1; i <= applies; i++) {
    const begunAt = Date.now()
    const result = await mailgw('apply', '--graph', graphs[i % 2], '--state-dir', gateway.stateDir, '--json')
    if (result.kind !== 'active') throw new Error(`apply ${i} was ${result.kind}`)
    results.push(result)
    windows.push([begunAt, Date.now()])
  }
  const during = load.acknowledged.size
  while (load.acknowledged.size < messages) await pause(20)
  await load.stop()
  await settled(sink, load.acknowledged.size)
  const { eventLoopGapMs: sinceStartMs } = await mailgw('status', '--json', '--state-dir', gateway.stateDir)
  await sink.stop()
  const outcome = compare(load, deliveries(pairs))
  const gapsMs = results.map(({ eventLoopGapMs }) => eventLoopGapMs)
  const worstMs = Math.max(...gapsMs)
  const looks = readFileSync(ownTime, 'utf8').trim().split('\n')
  const stretches = looks
    .map((line) => line.split(' ').map(Number))
    .filter(([at]) => windows.some(([begunAt, endedAt]) => at >= begunAt && at <= endedAt))
  const ranMs = Math.max(0, ...stretches.map(([, , ran]) => ran))
  report(
    {
      routes: count,
      applies,
      perSecond,
      messages: outcome.acknowledged,
      duringApplies: during,
      dropped: load.totals.dropped,
      refused: load.totals.refused,
      lost: outcome.lost,
      doubled: outcome.doubled,
      gapsMs,
      worstMs,
      ranMs,
      sinceStartMs,
      tookMs: results.map(({ tookMs }) => tookMs),
      barMs,
      reached: worstMs < barMs && load.totals.dropped + load.totals.refused + outcome.lost + outcome.doubled === 0,
    },
    (r) =>
      `${r.applies} applies at ${r.routes} routes during ${r.messages} messages (${r.perSecond}/s): ${r.dropped} sessions dropped, ${r.refused} refused, ${r.lost} lost, ${r.doubled} doubled; ` +
      `an apply takes ${spread(r.tookMs)} ms, the event loop stood still for at most ${r.worstMs.toFixed(1)} ms in one (bar ${r.barMs}); the thread itself ran for at most ${r.ranMs.toFixed(1)} ms at a stretch, the rest is waiting for a core; ` +
      `${r.sinceStartMs.toFixed(1)} ms since the start: ${r.reached ? 'reached' : 'MISSED'}`,
  )
} finally {
  await gateway.stop('SIGKILL')
}
