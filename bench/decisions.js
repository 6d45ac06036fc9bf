import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildFlat } from '../dist/graph/build-flat.js'
import { readBundle } from '../dist/graph/bundle.js'
import { loadFlat, saveFlat } from '../dist/graph/flat.js'
import { interpreter } from '../dist/graph/interpret.js'
import { flatEvaluator } from '../dist/graph/runtime.js'
import { bundleOfRoutes, questionsFor, sessionFacts } from './routes.js'

/**
 * Decisions per second on one core: one decision is the walk of `rcpt` and the walk of `route` for a random client, sender
 * and recipient, each with its winning row read (at, file, line, column). Sets of distinct questions are the same size
 * for every number of routes, so that only the tables differ. Needs `npm run build`.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean' }, seconds: { type: 'string', default: '1' } } })
const sizes = [10, 1_000, 100_000]
const questionCount = 65_536

const folder = await mkdtemp(join(tmpdir(), 'mailgw-bench-'))
const results = []
for (const routes of sizes) {
  const bundleFile = join(folder, `${routes}.mgw`)
  const flatFile = join(folder, `${routes}.flat`)
  const text = bundleOfRoutes(routes)
  await writeFile(bundleFile, text)
  const gap = gapMeter()
  const before = performance.now()
  const built = await buildFlat({ path: bundleFile })
  const buildMs = performance.now() - before
  const buildGapMs = await gap.stop()
  if (!built.ok) throw new Error(built.error)
  await saveFlat(built.value.buffer, flatFile)
  const loads = []
  let flat = null
  for (let i = 0; i < 9; i++) {
    const start = performance.now()
    flat = await loadFlat(flatFile, built.value.hash)
    loads.push(performance.now() - start)
  }
  const evaluator = flatEvaluator(flat)
  const questions = questionsFor(routes, questionCount)
  const bundle = readBundle(text).value
  agree(
    evaluator,
    interpreter(bundle.graph, bundle.sources, bundle.hash),
    questions.slice(0, routes > 1_000 ? 20 : 2_000),
  )
  decide(evaluator, questions)
  const rates = []
  for (let round = 0; round < 5; round++) rates.push(rate(evaluator, questions, Number(values.seconds) * 1000))
  results.push({
    routes,
    decisionsPerSecond: Math.round(median(rates)),
    buildMs: round(buildMs),
    eventLoopGapWhileBuildingMs: round(buildGapMs),
    loadMs: round(median(loads)),
    flatBytes: (await stat(flatFile)).size,
    bundleBytes: text.length,
  })
}
await rm(folder, { recursive: true, force: true })

if (values.json) console.log(JSON.stringify(results, null, 2))
else console.table(results)

/** One pass over all questions; the sum keeps the work from being left out. */
function decide(evaluator, questions) {
  const facts = sessionFacts()
  let sum = 0
  for (const { client, sender, recipient } of questions) {
    facts.client = client
    facts.sender = sender
    facts.recipient = recipient
    const rcpt = evaluator.start('rcpt', facts)
    const admitted = evaluator.winner()
    sum += rcpt + admitted.line + admitted.at.length
    const route = evaluator.start('route', facts)
    const winner = evaluator.winner()
    sum += route + winner.line + winner.at.length
  }
  return sum
}

/** By the processor time of this process, which other programs on the machine disturb less than they do the clock. */
function rate(evaluator, questions, forMs) {
  let decisions = 0
  const start = process.cpuUsage()
  for (;;) {
    decide(evaluator, questions)
    decisions += questions.length
    const { user, system } = process.cpuUsage(start)
    const tookMs = (user + system) / 1000
    if (tookMs >= forMs) return (decisions / tookMs) * 1000
  }
}

function agree(evaluator, specification, questions) {
  for (const question of questions) {
    const facts = { ...sessionFacts(), ...question }
    for (const stage of ['rcpt', 'route']) {
      const [a, b] = [evaluator, specification].map((one) => JSON.stringify([one.start(stage, facts), one.winner()]))
      if (a !== b) throw new Error(`${stage}: ${a} is not ${b}`)
    }
  }
}

/** The longest time that a timer of 1 ms was late. */
function gapMeter() {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last - 1)
    last = now
  }, 1)
  return {
    async stop() {
      await new Promise((resolve) => setTimeout(resolve, 5))
      clearInterval(timer)
      return longest
    },
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function round(ms) {
  return Math.round(ms * 100) / 100
}
