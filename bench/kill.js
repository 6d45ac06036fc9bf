// kill -9 at random moments under load into the sink, and a new start each time: what was acknowledged must arrive.
// A doubled message is one that the sink had taken, and its answer was not yet read when the gateway died. What the source
// was not answered it does not send again, and that is counted apart.
//   node bench/kill.js [--kills 20] [--sessions 20] [--per-second N] [--seed N] [--json]
import { join } from 'node:path'
import { option, report } from './support/figures.js'
import { benchFolder } from './support/folder.js'
import { startLoad } from './support/load.js'
import { document, startGateway, writeDocument } from './support/mailgw.js'
import { compare, deliveries, settled } from './support/pairs.js'
import { startSink } from './support/sink.js'
import { freePort, pause } from './support/wait.js'

const kills = Number(option('kills') ?? 20)
const seed = Number(option('seed') ?? Date.now() % 1_000_000)
const sessions = Number(option('sessions') ?? 20)
const perSecond = Number(option('per-second') ?? Number.POSITIVE_INFINITY)

/** Numerical Recipes' generator: the moments of a seed are the same each time. */
let state = seed
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32

const folder = join(benchFolder(), 'kill')
const port = await freePort()
const pairs = `${folder}.pairs`
const sink = await startSink(['--pairs', pairs])
// Tried again at once: what waits for a retry is no news here.
const content = { ...document({ port, sinkPort: sink.port }), retry: { schedule: ['1s'], expireAfter: '1h' } }
const config = writeDocument(folder, content)

let gateway = await startGateway({ folder, port, source: ['--config', config] })
try {
  const load = startLoad({ port, sessions, perSecond, name: 'kill' })
  const moments = []
  for (let i = 0; i < kills; i++) {
    const before = load.acknowledged.size
    // Not before mail flows again, or the kill would prove nothing.
    while (load.acknowledged.size < before + sessions) await pause(5)
    const afterMs = Math.round(20 + random() * 980)
    await pause(afterMs)
    const doubledBefore = (await sink.counts()).duplicates
    await gateway.stop('SIGKILL')
    gateway = await startGateway({ folder, port, source: [] })
    moments.push({
      afterMs,
      greetedMs: Math.round(gateway.greetedMs),
      acknowledged: load.acknowledged.size - before,
      doubledBefore,
    })
  }
  await load.stop()
  // What was offered without an answer may come or not: it is waited for as long as anything comes.
  await settled(sink, load.acknowledged.size + load.unknown.size, 5000)
  const { duplicates } = await sink.stop()
  const after = moments.map(({ doubledBefore }) => doubledBefore).concat(duplicates)
  const mostDoubled = Math.max(...moments.map((_, i) => after[i + 1] - after[i]))
  const outcome = compare(load, deliveries(pairs))
  report({ seed, kills, sessions, moments, ...outcome, mostDoubled, reached: outcome.lost === 0 }, (r) =>
    [
      `${r.kills} times kill -9 (seed ${r.seed}) under ${r.sessions} sessions: ${r.acknowledged} messages acknowledged, ${r.lost} of them lost (bar 0: ${r.reached ? 'reached' : `MISSED, first ${r.firstLost}`}), ` +
        `${r.doubled} delivered twice, ${(r.doubled / r.kills).toFixed(1)} a kill, at most ${r.mostDoubled};`,
      `${r.unknown} were offered without an answer, ${r.unknownDelivered} of those were delivered.`,
      'Delivered twice: the sink had answered 250, and the kill came before the answer was read (RFC 5321 section 6.1 allows it).',
    ].join('\n'),
  )
} finally {
  await gateway.stop('SIGKILL')
}
