import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { greeted, pause } from './wait.js'

export const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Everything from loopback to the sink, as plain as a document can be. */
export const document = ({ port, sinkPort, localMx = { '*': 'relay:sink' }, tls = null }) => ({
  hostname: 'mailgw.example.test',
  postmaster: 'postmaster@example.test',
  listeners: {
    bench: { kind: 'internal', bind: `127.0.0.1:${port}`, maxSize: '50MiB', ...(tls && { tls: 'implicit' }) },
  },
  ...(tls && { certificates: { bench: { cert: tls.certificate, key: tls.key } } }),
  trusted: ['127.0.0.0/8'],
  relaying: 'two-way',
  relays: { sink: { hosts: [`127.0.0.1:${sinkPort}`], tls: 'off' } },
  localMx,
  limits: { sessions: 10000, sessionsPerClient: 10000, maxSize: '50MiB' },
})

/** Runs one command of mailgw to its end; gives its standard output, read as JSON where `--json` was asked for. */
export async function mailgw(...args) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`mailgw ${args.join(' ')} ended with ${code}: ${errors}${out}`)
  return args.includes('--json') ? JSON.parse(out) : out
}

/** Writes a document (and files beside it) into `folder`; gives its path. */
export function writeDocument(folder, content, files = {}) {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const file = join(folder, 'mailgw.config.json')
  writeFileSync(file, JSON.stringify(content))
  return file
}

/**
 * Starts a gateway below `folder`, its log in a file, and waits for its greeting. `source` is `['--config', file]` or
 * `['--graph', file]`; an empty one starts with the graph that was active last.
 */
export async function startGateway({ folder, port, source, greetsAt = port, flags = [], env = {} }) {
  if (!existsSync(program)) throw new Error('dist is missing: run npm run build first')
  const stateDir = join(folder, 'state')
  const log = join(folder, 'log')
  const startedAt = performance.now()
  // As `npm start` does.
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=4', ...flags, program, 'serve', ...source, '--state-dir', stateDir],
    {
      stdio: ['ignore', openSync(log, 'a'), 'inherit'],
      env: { ...process.env, ...env },
    },
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  process.once('exit', () => child.kill('SIGKILL'))
  if (!(await greeted(greetsAt, { withinMs: 60_000, everyMs: 2, gaveUp: () => child.exitCode !== null }))) {
    child.kill('SIGKILL')
    throw new Error(`mailgw did not start: ${readFileSync(log, 'utf8').slice(-1000)}`)
  }
  const greetedMs = performance.now() - startedAt
  // Ready for commands a moment later than for mail.
  while (!existsSync(join(stateDir, 'admin.sock')) && child.exitCode === null) await pause(2)
  return {
    name: 'mailgw',
    port,
    pid: child.pid,
    stateDir,
    greetedMs,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await ended
    },
  }
}

/** The contestant: a gateway that relays everything to the sink. With `tls` (a pair) it is greeted through a front. */
export const startMailgw = ({ folder, port, sinkPort, tls, greetsAt }) =>
  startGateway({
    folder,
    port,
    ...(greetsAt && { greetsAt }),
    source: ['--config', writeDocument(folder, document({ port, sinkPort, tls }))],
  })
