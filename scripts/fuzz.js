// Fuzzes one target of test/fuzz for so many seconds: inputs are made of seeds and of earlier inputs, and every one must
// hold the target's rules, take no longer than `slowMs`, and leave no memory behind.
//   node scripts/fuzz.js command [--seconds 60] [--seed 1]
// A failure prints the seed and the input in hexadecimal, and ends with 1; `--input HEX` runs that one alone.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createJiti } from 'jiti'

const folder = fileURLToPath(new URL('../test/fuzz/', import.meta.url))
/** No input of at most 20,000 octets takes so long, unless the machine is busy with other things. */
const slowMs = 2000
/** Without a sign of life for so long: a hang. */
const hangMs = 20_000
const growthBytes = 16 * 1024 * 1024
const corpusSize = 200

if (isMainThread) watch()
else await fuzz(workerData)

/** Runs the target in a thread that can be ended whatever it does. */
function watch() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string' }, seed: { type: 'string' }, input: { type: 'string' } },
  })
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'target.ts')
    .map((name) => name.slice(0, -3))
  const [name] = positionals
  if (!names.includes(name)) {
    console.error(`usage: node scripts/fuzz.js ${names.join('|')} [--seconds 60] [--seed N]`)
    process.exit(1)
  }
  const seed = Number(values.seed ?? Date.now() % 2 ** 32)
  const beat = new Int32Array(new SharedArrayBuffer(4))
  const current = new SharedArrayBuffer(20_004)
  const options = { name, seed, seconds: Number(values.seconds ?? 60), input: values.input ?? null, beat, current }
  const worker = new Worker(new URL(import.meta.url), { workerData: options })
  const inputNow = () => {
    const length = new DataView(current).getUint32(0)
    return Buffer.from(current, 4, length).toString('hex')
  }
  const fail = (why) => {
    console.error(`${name}: ${why}\nseed ${seed}, input ${inputNow()}`)
    process.exit(1)
  }
  let last = 0
  let since = Date.now()
  setInterval(() => {
    if (beat[0] !== last) [last, since] = [beat[0], Date.now()]
    else if (Date.now() - since > hangMs) fail('hangs')
  }, 1000)
  worker.on('error', (error) => fail(error.stack))
  worker.on('message', (text) => {
    console.log(`${name}: ${text}, seed ${seed}`)
    process.exit(0)
  })
}

async function fuzz({ name, seed, seconds, input, beat, current }) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const jiti = createJiti(import.meta.url, { fsCache: false })
  const { mutated, randomFrom } = await jiti.import(`${folder}target.ts`)
  const { target } = await jiti.import(`${folder}${name}.ts`)
  const random = randomFrom(seed)
  const once = async (octets) => {
    new DataView(current).setUint32(0, octets.length)
    Buffer.from(current, 4).set(octets)
    const begun = performance.now()
    await target.once(octets, random)
    const tookMs = performance.now() - begun
    if (tookMs > slowMs) throw new Error(`took ${Math.round(tookMs)} ms`)
    Atomics.add(beat, 0, 1)
  }
  if (input !== null) {
    await once(Buffer.from(input, 'hex'))
    parentPort.postMessage('the input holds')
    return
  }
  for (const one of target.seeds) await once(one)
  const corpus = [...target.seeds]
  const endsAt = Date.now() + seconds * 1000
  const warmUntil = Date.now() + Math.min(10_000, seconds * 250)
  let base = null
  let runs = 0
  for (; Date.now() < endsAt; runs++) {
    const octets = mutated(corpus[random(corpus.length)], corpus[random(corpus.length)], target.words, random)
    await once(octets)
    // What was met lately is mutated further, beside the seeds.
    if (random(5) === 0)
      corpus[
        corpus.length < corpusSize ? corpus.length : target.seeds.length + random(corpusSize - target.seeds.length)
      ] = octets
    if (base === null && Date.now() > warmUntil && corpus.length === corpusSize) {
      collect()
      base = process.memoryUsage().heapUsed
    }
  }
  collect()
  const grown = process.memoryUsage().heapUsed - (base ?? process.memoryUsage().heapUsed)
  if (grown > growthBytes) throw new Error(`keeps memory: ${Math.round(grown / 1024)} KiB more after ${runs} inputs`)
  const growth =
    base === null ? 'too short to tell of memory' : `heap ${grown >= 0 ? '+' : ''}${Math.round(grown / 1024)} KiB`
  parentPort.postMessage(`${runs} inputs in ${seconds} s, no failure, ${growth}`)
}
