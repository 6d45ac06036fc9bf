// `npm run exact`: is the plan exact? Random pairs of documents, the plain interpreter against the boxes of the plan.
//   npm run exact -- [--pairs 10000] [--messages 400] [--seed N]
// Ends with 1 and the seed of the pair when a message behaves differently outside of the boxes, or does not inside.
import { parseArgs } from 'node:util'
import { createJiti } from 'jiti'

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10000' },
    messages: { type: 'string', default: '400' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const wanted = Number(values.pairs)
const messages = Number(values.messages)
const first = Number(values.seed)

// The tests' own generator, from its source.
const { exactnessOf, noTally } = await createJiti(import.meta.url, { fsCache: false }).import(
  '../test/analysis/exactness.ts',
)
const tally = noTally()
let shown = 0
for (let seed = first; tally.pairs < wanted; seed++) {
  const wrong = attempt(seed)
  if (wrong !== null) {
    process.stderr.write(`\nseed ${seed}: ${wrong}\n`)
    process.stderr.write(`again: npm run exact -- --seed ${seed} --pairs 1 --messages ${messages}\n`)
    process.exit(1)
  }
  if (process.stderr.isTTY && Date.now() - shown > 500) {
    shown = Date.now()
    process.stderr.write(`\r${tally.pairs} of ${wanted} pairs`)
  }
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
process.stdout.write(
  `exact: ${tally.pairs} pairs from seed ${first}, ${tally.messages} messages, ${tally.changed} of them changed, ` +
    `${tally.boxes} boxes (${tally.mostBoxes} at most in one plan), no mismatch, no overlap; ` +
    `${tally.skipped} pairs skipped, as a document of them is refused\n`,
)

/** An error that is thrown is a mismatch too: the analysis checks its own witnesses. */
function attempt(seed) {
  try {
    return exactnessOf(seed, messages, tally)
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}
