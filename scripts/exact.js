// `npm run exact`: is the plan exact? Random pairs of documents, the plain interpreter against the boxes of the plan.
//   npm run exact -- [--pairs 10000] [--messages 400] [--seed N] [--jobs 2]
// Ends with 1 and the seed of the pair when a message behaves differently outside of the boxes, or does not inside.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createJiti } from 'jiti'

if (isMainThread) await main()
else await work(workerData)

async function main() {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '10000' },
      messages: { type: 'string', default: '400' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      jobs: { type: 'string', default: String(Math.max(1, availableParallelism())) },
    },
  })
  const [pairs, messages, first] = [values.pairs, values.messages, values.seed].map(Number)
  const jobs = Math.min(Number(values.jobs), pairs)
  const started = performance.now()
  const tallies = Array.from({ length: jobs }, () => null)
  let shown = 0
  const show = () => {
    if (!process.stderr.isTTY || Date.now() - shown < 500) return
    shown = Date.now()
    process.stderr.write(`\r${sum('pairs')} of ${pairs} pairs`)
  }
  const sum = (key) => tallies.reduce((total, tally) => total + (tally?.[key] ?? 0), 0)
  // Each job takes every so manyth seed: the pairs of a seed are the same, however many jobs there are.
  await Promise.all(
    tallies.map(
      (_, job) =>
        new Promise((resolve, reject) => {
          const wanted = Math.ceil((pairs - job) / jobs)
          const worker = new Worker(fileURLToPath(import.meta.url), {
            workerData: { first: first + job, step: jobs, wanted, messages },
          })
          worker.on('message', ({ tally, wrong, seed }) => {
            tallies[job] = tally ?? tallies[job]
            show()
            if (wrong === undefined) return
            process.stderr.write(`\nseed ${seed}: ${wrong}\n`)
            process.stderr.write(`again: npm run exact -- --seed ${seed} --pairs 1 --messages ${messages}\n`)
            process.exit(1)
          })
          worker.on('error', reject)
          worker.on('exit', resolve)
        }),
    ),
  )
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  process.stdout.write(
    `exact: ${sum('pairs')} pairs from seed ${first}, ${sum('messages')} messages, ${sum('changed')} of them changed, ` +
      `${sum('boxes')} boxes (${Math.max(...tallies.map(({ mostBoxes }) => mostBoxes))} at most in one plan), ` +
      `no mismatch, no overlap; ${sum('skipped')} pairs skipped, as a document of them is refused; ` +
      `${Math.round((performance.now() - started) / 1000)} s\n`,
  )
}

async function work({ first, step, wanted, messages }) {
  // The tests' own generator, from its source.
  const { exactnessOf, noTally } = await createJiti(import.meta.url, { fsCache: false }).import(
    '../test/analysis/exactness.ts',
  )
  const tally = noTally()
  for (let seed = first; tally.pairs < wanted; seed += step) {
    const wrong = attempt(seed)
    if (wrong !== null) return parentPort.postMessage({ wrong, seed })
    if (tally.pairs % 20 === 0) parentPort.postMessage({ tally })
  }
  parentPort.postMessage({ tally })

  /** An error that is thrown is a mismatch too: the analysis checks its own witnesses. */
  function attempt(seed) {
    try {
      return exactnessOf(seed, messages, tally)
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
  }
}
