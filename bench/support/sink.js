import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../sink.c', import.meta.url))

/** The program built of `sink.c`, built once for each version of it. */
export function buildSink() {
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16)
  const program = join(tmpdir(), `mailgw-sink-${process.getuid?.() ?? 0}-${hash}`)
  if (existsSync(program)) return program
  const fresh = join(mkdtempSync(join(tmpdir(), 'mailgw-sink-')), 'sink')
  const built = spawnSync('cc', ['-O2', '-Wall', '-o', fresh, source], { encoding: 'utf8' })
  if (built.error !== undefined || built.status !== 0) {
    throw new Error(`the sink could not be built: ${built.error?.message ?? built.stderr}`)
  }
  // In one step: two builders at once must not see half a program.
  renameSync(fresh, program)
  return program
}

/** A running sink. `counts()` asks it what it has; `stop()` ends it and gives the last counts. */
export async function startSink(options = []) {
  const child = spawn(buildSink(), options.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const first = await lines.next()
  if (first.done) throw new Error(`the sink ended at once, with ${await ended}`)

  // One question at a time: pending signals of one kind are one signal.
  let latest = Promise.resolve(null)
  const ask = (signal) => {
    latest = latest.then(async () => {
      child.kill(signal)
      return JSON.parse((await lines.next()).value)
    })
    return latest
  }
  return {
    port: Number(first.value.split(' ')[1]),
    pid: child.pid,
    counts: () => ask('SIGUSR1'),
    async stop() {
      const last = await ask('SIGTERM')
      await ended
      return last
    },
  }
}
