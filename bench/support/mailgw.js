import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { greeted } from './wait.js'

export const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Everything from loopback to the sink, as plain as a document can be. */
export const document = ({ port, sinkPort, localMx = { '*': 'relay:sink' } }) => ({
  hostname: 'mailgw.example.test',
  postmaster: 'postmaster@example.test',
  listeners: { bench: { kind: 'internal', bind: `127.0.0.1:${port}`, maxSize: '50MiB' } },
  trusted: ['127.0.0.0/8'],
  relaying: 'two-way',
  relays: { sink: { hosts: [`127.0.0.1:${sinkPort}`], tls: 'off' } },
  localMx,
  limits: { sessions: 10000, sessionsPerClient: 10000, maxSize: '50MiB' },
})

/** Runs one command of mailgw to its end; its JSON output when there is `--json`. */
export function mailgw(args) {
  const ran = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (ran.status !== 0) throw new Error(`mailgw ${args.join(' ')} ended with ${ran.status}: ${ran.stderr}${ran.stdout}`)
  return args.includes('--json') ? JSON.parse(ran.stdout) : ran.stdout
}

/** Starts a gateway that writes its log to a file of `folder`, and waits for its greeting. */
export async function startMailgw({ folder, port, sinkPort, config = null, graph = null, wait = true }) {
  if (!existsSync(program)) throw new Error('dist is missing: run npm run build first')
  mkdirSync(folder, { recursive: true })
  const stateDir = join(folder, 'state')
  const source = config ?? join(folder, 'mailgw.config.json')
  if (config === null && graph === null) writeFileSync(source, JSON.stringify(document({ port, sinkPort })))
  const log = openSync(join(folder, 'log'), 'a')
  const what = graph === null ? ['--config', source] : ['--graph', graph]
  const child = spawn(process.execPath, [program, 'serve', ...what, '--state-dir', stateDir], {
    stdio: ['ignore', log, 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  if (wait && !(await greeted(port, { withinMs: 60_000, gaveUp: () => child.exitCode !== null }))) {
    throw new Error(`mailgw did not start; see ${join(folder, 'log')}`)
  }
  return {
    name: 'mailgw',
    port,
    pid: child.pid,
    stateDir,
    status: () => mailgw(['status', '--json', '--state-dir', stateDir]),
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await ended
    },
  }
}
