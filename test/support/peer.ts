import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFailed, onTestFinished } from 'vitest'

/** Debian keeps some servers outside of a plain user's PATH. */
export const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/local/sbin`

/**
 * True when all `programs` are installed. In CI a missing peer is a failure; elsewhere the caller skips, and the reason
 * is printed: `test.skipIf(!peers('smtp-sink'))(...)`.
 */
export function peers(...programs: string[]): boolean {
  const missing = programs.filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH: path } }).status !== 0,
  )
  if (missing.length === 0) return true
  const reason = `peer not installed: ${missing.join(', ')} (npm test installs them as root)`
  if (process.env['CI']) throw new Error(reason)
  console.warn(`SKIP: ${reason}`)
  return false
}

/** A port that was free a moment ago, on `host`. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A folder for this test, removed when it passes and kept (its path printed) when it fails. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailgw-test-'))
  let failed = false
  onTestFailed(() => {
    failed = true
    console.error(`kept: ${folder}`)
  })
  onTestFinished(() => {
    if (!failed) rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

export type Peer = {
  readonly child: ChildProcess
  output(): string
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts a program and waits until `port` takes connections. Ended with the test, unless `stop` was called before. */
export async function startPeer(
  program: string,
  args: readonly string[],
  options: { port?: number; host?: string; cwd?: string; env?: Record<string, string>; ready?: RegExp } = {},
): Promise<Peer> {
  let output = ''
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, PATH: path, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(null))
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return await ended
  }
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const up = async () =>
    (options.port === undefined || (await accepts(options.port, options.host))) &&
    (!options.ready || options.ready.test(output))
  for (let tries = 0; !(await up()); tries++) {
    if (tries > 500 || child.exitCode !== null) throw new Error(`${program} ${args.join(' ')} did not start: ${output}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { child, output: () => output, stop }
}

/** True when something accepts a connection there now. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
