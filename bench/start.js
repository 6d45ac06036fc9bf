// From the start of the process to its greeting, with 100,000 routes: with the graph of the last time (as after a
// reboot), and with a graph file that it sees for the first time.
//   node bench/start.js [--routes 100000] [--starts 5] [--json]
import { join } from 'node:path'
import { median, option, report, spread } from './support/figures.js'
import { benchFolder } from './support/folder.js'
import { document, mailgw, startGateway, writeDocument } from './support/mailgw.js'
import { routes } from './support/routes.js'
import { freePort } from './support/wait.js'

const count = Number(option('routes') ?? 100_000)
const starts = Number(option('starts') ?? 5)
const barMs = 300

const folder = join(benchFolder(), 'start')
const port = await freePort()
const content = document({ port, sinkPort: 9, localMx: { $table: 'routes.tsv' } })
const config = writeDocument(folder, content, { 'routes.tsv': routes(count) })
const graph = join(folder, 'graph.mgw')
const compileStarted = performance.now()
await mailgw('graph', '--config', config, '--output', graph)
const compileMs = performance.now() - compileStarted

const first = await startGateway({ folder, port, source: ['--graph', graph] })
const firstMs = first.greetedMs
await first.stop()
const againMs = []
for (let i = 0; i < starts; i++) {
  const gateway = await startGateway({ folder, port, source: [] })
  againMs.push(gateway.greetedMs)
  await gateway.stop()
}
const medianMs = median(againMs)
report(
  { routes: count, compileMs, firstMs, againMs, medianMs, barMs, reached: medianMs <= barMs },
  (r) =>
    `${r.routes} routes: greeting ${spread(r.againMs)} ms after the start (bar ${r.barMs}: ${r.reached ? 'reached' : 'MISSED'}), ` +
    `${r.firstMs.toFixed(0)} ms with a graph file never seen; document to graph file ${r.compileMs.toFixed(0)} ms`,
)
