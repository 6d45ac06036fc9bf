// `npm run fuzz`: octets of strangers, made up for as long as wanted, against the rules of test/fuzz.
//   npm run fuzz -- [NAME ...] [--minutes N | --seconds N] [--seed N]
// Each target runs in a process of its own. Ends with 1 when one breaks a rule, does not come back within ten seconds, or
// keeps memory; then the input is printed, and the command line that gives it again.
import { fork } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const folder = fileURLToPath(new URL('../test/fuzz/', import.meta.url))
const hangMs = 10_000
/** Until the sources of a target are translated, on a machine that has other work too. */
const loadMs = 60_000
/** What may be kept beyond the first measure: the corpus, and what the engine keeps of compiled code. */
const growthBytes = 40 * 1024 * 1024

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'target.ts')
  .map((name) => name.slice(0, -3))

if (process.send === undefined) await main()
else process.once('message', (order) => void work(order))

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    },
  })
  const unknown = positionals.find((name) => !names.includes(name))
  const seconds = Number(values.seconds ?? Number(values.minutes ?? 1) * 60)
  const seed = Number(values.seed)
  if (unknown !== undefined || !(seconds > 0) || !Number.isInteger(seed)) {
    process.stderr.write(`usage: npm run fuzz -- [${names.join('|')} ...] [--minutes N | --seconds N] [--seed N]\n`)
    process.exit(1)
  }
  let failed = false
  for (const name of positionals.length > 0 ? positionals : names) {
    const { line, ok } = await runOne(name, seconds, seed)
    process.stdout.write(`${line}\n`)
    failed ||= !ok
  }
  process.exit(failed ? 1 : 0)
}

/** Watches a child from outside: what hangs cannot say so itself. */
function runOne(name, seconds, seed) {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), [], { execArgv: ['--expose-gc'] })
    let last = { runs: 0, input: '' }
    let timer
    const end = (ok, line) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      const again = `again: npm run fuzz -- ${name} --seed ${seed} --seconds ${seconds}`
      resolve({ ok, line: ok ? line : `${line}\n  ${again}` })
    }
    const patience = (ms) => {
      clearTimeout(timer)
      timer = setTimeout(() => end(false, `${name}: HANGS after ${last.runs} runs, at ${last.input}`), ms)
    }
    child.on('message', (said) => {
      patience(hangMs)
      if (said.kind === 'alive') last = said
      else if (said.kind === 'broken') end(false, `${name}: BROKEN by ${said.input}\n${said.error}`)
      else if (said.kind === 'grown')
        end(false, `${name}: KEEPS MEMORY, ${said.from} -> ${said.to} MB in ${said.runs} runs`)
      else
        end(
          true,
          `${name}: ${said.runs} runs in ${seconds} s, seed ${seed}, heap ${said.from} -> ${said.to} MB, no fault`,
        )
    })
    child.on('exit', (code, signal) =>
      end(false, `${name}: CRASHED (${signal ?? code}) after ${last.runs} runs, at ${last.input}`),
    )
    patience(loadMs)
    child.send({ name, seconds, seed })
  })
}

async function work({ name, seconds, seed }) {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(import.meta.url, { fsCache: false })
  const { mutated, randomFrom } = await jiti.import('../test/fuzz/target.ts')
  const { target } = await jiti.import(`../test/fuzz/${name}.ts`)
  const random = randomFrom(seed)
  const corpus = [...target.seeds]
  const endsAt = Date.now() + seconds * 1000
  const warmAt = Date.now() + Math.min(20_000, seconds * 300)
  let measured = null
  let toldAt = 0
  const heap = () => {
    globalThis.gc()
    return process.memoryUsage().heapUsed + process.memoryUsage().external
  }
  const megabytes = (bytes) => Math.round(bytes / 1024 / 1024)
  let runs = 0
  const attempt = async (input) => {
    runs++
    if (Date.now() - toldAt > 500) {
      toldAt = Date.now()
      process.send({ kind: 'alive', runs, input: input.toString('hex') })
    }
    try {
      await target.once(input, random)
      return true
    } catch (error) {
      process.send({ kind: 'broken', input: input.toString('hex'), error: error.stack ?? String(error) })
      return false
    }
  }
  for (const input of target.seeds) if (!(await attempt(input))) return
  while (Date.now() < endsAt) {
    const [one, other] = [corpus[random(corpus.length)], corpus[random(corpus.length)]]
    const input = mutated(one, other, target.words, random)
    if (!(await attempt(input))) return
    // The corpus has an end, so that memory has one.
    if (random(10) === 0) corpus[corpus.length < 2000 ? corpus.length : random(2000)] = Buffer.from(input)
    if (measured === null && Date.now() > warmAt) measured = heap()
  }
  const last = heap()
  const sizes = { runs, from: megabytes(measured ?? last), to: megabytes(last) }
  process.send({ kind: last - (measured ?? last) > growthBytes ? 'grown' : 'done', ...sizes })
}
