import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LogLevel, logLevels, openLog } from '../../admin/log.ts'
import { openBallast } from '../../gateway/ballast.ts'
import type { Gateway } from '../../gateway/gateway.ts'
import { systemClock } from '../../mail/clock.ts'
import { CommandError, type Invocation, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { version } from '../version.ts'

export const run: Run = async ({ options, terminal }) => {
  const stateDir = stateDirOf(options)
  socketOf(stateDir)
  const level = (textOption(options, 'logLevel') ?? 'info') as LogLevel
  if (!logLevels.includes(level)) throw new CommandError(`--log-level: expected ${logLevels.join(', ')}, got ${level}`)
  const format = textOption(options, 'logFormat') ?? (terminal.color ? 'pretty' : 'json')
  if (format !== 'json' && format !== 'pretty')
    throw new CommandError(`--log-format: expected json or pretty, got ${format}`)

  mkdirSync(join(stateDir, 'graphs'), { recursive: true, mode: 0o700 })
  const log = openLog({ level, pretty: format === 'pretty' })
  process.on('exit', log.flush)
  const { startGateway, GatewayError } = await import('../../gateway/gateway.ts')
  // Heard from the first moment on: whoever asks for an end during the start gets it when the start is complete, and at
  // once by asking again. Nothing is lost either way.
  let gateway: Gateway | null = null
  let signals = 0
  const stop = (signal: string) => {
    signals++
    log.info('gateway.signal', { signal, action: signals === 1 ? 'drain' : 'cut' })
    if (gateway === null && signals > 1) process.exit(1)
    gateway?.stop(signals > 1)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  const ballast = openBallast(stateDir, { clock: systemClock, log })
  try {
    gateway = await startGateway({
      stateDir,
      bundle: (active) => bundleFor(options, stateDir, active),
      log,
      clock: systemClock,
      version,
    })
  } catch (error) {
    if (error instanceof GatewayError) throw new CommandError(error.message)
    throw error
  }
  ballast.keep()
  if (signals > 0) gateway.stop(signals > 1)
  else if (terminal.color) terminal.out(welcome(gateway, stateDir))
  await gateway.ended
  ballast.close()
  log.flush()
  return 0
}

/**
 * The file of the bundle to start with, or `null` for the one that was active last. The document is compiled by another
 * process: a gateway never loads the compiler.
 */
function bundleFor(options: Invocation['options'], stateDir: string, active: string | null): string | null {
  const graph = textOption(options, 'graph')
  const config = textOption(options, 'config')
  if (graph !== null && config !== null) throw new CommandError('serve: give --config or --graph, not both')
  if (graph !== null) return graph
  if (config === null && active !== null) return null
  const file = join(stateDir, 'graphs', `upload-${process.pid}-start`)
  const args = ['graph', '--output', file, ...(config === null ? [] : ['--config', config])]
  const env = textOption(options, 'env')
  if (env !== null) args.push('--env', env)
  const program = fileURLToPath(new URL('../main.js', import.meta.url))
  const compiled = spawnSync(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (compiled.status !== 0) throw new CommandError('the document cannot be served; nothing was started')
  return file
}

function welcome(gateway: Gateway, stateDir: string): string {
  const { graph, hostname, listeners, holds, tryIt } = gateway.summary()
  const rows = [
    ['graph', graph],
    ['hostname', hostname],
    ...listeners.map(({ name, addresses }) => ['listens', `${addresses.join(', ')} (${name})`]),
    ['holds', holds],
    ['state', relative('.', stateDir) || '.'],
    ['try', tryIt],
  ]
  return `${rows.map(([name = '', text]) => `  ${name.padEnd(9)} ${text}`).join('\n')}\n`
}
