import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inject, onTestFailed, onTestFinished } from 'vitest'
import type { QueueRow, Status } from '../../src/admin/operations.ts'
import { call } from './call.ts'
import { tempFolder } from './peer.ts'

/** The built program, as users run it. */
export const program = join(import.meta.dirname, '../../dist/cli/main.js')

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

/** Runs one command of mailgw to its end, as a shell does. */
export async function mailgw(args: readonly string[], cwd?: string): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out, err }
}

/**
 * The same by the process of this run that has the program loaded, for what is asked so often that a process for each would be
 * what a test waits for. Paths have to be absolute.
 */
export async function command(args: readonly string[]): Promise<Ended> {
  return (await call<Ended>({ socketPath: inject('commands') }, 'POST', '/', args)).body
}

export type LogLine = { readonly time: string; readonly level: string; readonly event: string } & Record<
  string,
  unknown
>

export type Running = {
  readonly folder: string
  readonly stateDir: string
  readonly child: ChildProcess
  /** All lines so far, of all starts in this folder. */
  log(): readonly LogLine[]
  /** Waits for a line; `from` skips that many lines first. */
  logged(event: string, matches?: (line: LogLine) => boolean, from?: number): Promise<LogLine>
  /** One command against this gateway; its JSON. Throws when it ends with another code than 0. */
  ask<Answer>(...args: readonly string[]): Promise<Answer>
  /** What `mailgw status --json` and `mailgw queue list --json` give, without a process for each look. */
  status(): Promise<Status>
  queue(): Promise<readonly QueueRow[]>
  /** Writes the document anew and applies it. */
  apply(document: object, files?: Files): Promise<Ended>
  signal(signal: NodeJS.Signals): void
  readonly ended: Promise<number | null>
}

export type Files = Readonly<Record<string, string>>

export type GatewayOptions = {
  /** Files beside the document, such as tables. */
  readonly files?: Files
  /** The folder of an earlier start, with its state. */
  readonly folder?: string
  /** In place of the document in `folder`; `[]` starts with the graph that was active last. */
  readonly source?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Another installation than the one that was built here. */
  readonly program?: string
  /** Runs the program under another one, such as strace. */
  readonly under?: readonly string[]
}

/** Starts a gateway from a document in a folder of this test and waits until all of its listeners are open. */
export async function startGateway(document: object | string, options: GatewayOptions = {}): Promise<Running> {
  const folder = options.folder ?? tempFolder()
  const stateDir = join(folder, 'state')
  const config = typeof document === 'string' ? document : writeDocument(folder, document, options.files)
  const isOurs = options.source === undefined && options.program === undefined && config !== document
  const graph = isOurs ? await compileOnce(folder, config) : null
  const source = options.source ?? (graph === null ? ['--config', config] : ['--graph', graph])
  const [started, ...args] = [
    ...(options.under ?? []),
    process.execPath,
    options.program ?? program,
    'serve',
    ...source,
    '--state-dir',
    stateDir,
    ...(options.args ?? []),
  ]
  const child = spawn(started!, args, {
    cwd: folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  let pending = ''
  const lines: LogLine[] = []
  child.stderr.on('data', (chunk) => (errors += chunk))
  child.stdout.on('data', (chunk) => {
    const parts = (pending + chunk).split('\n')
    pending = parts.pop()!
    for (const part of parts) lines.push(JSON.parse(part) as LogLine)
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', (code) => resolve(code))
  })
  onTestFailed(() =>
    console.error(
      `${errors}${lines
        .slice(-30)
        .map((line) => JSON.stringify(line))
        .join('\n')}`,
    ),
  )
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    if (graph !== null) rmSync(graph, { force: true })
  })

  let over = false
  void ended.then(() => (over = true))
  const logged: Running['logged'] = async (event, matches = () => true, from = 0) => {
    for (;;) {
      const found = lines.slice(from).find((line) => line.event === event && matches(line))
      if (found !== undefined) return found
      if (over) throw new Error(`the gateway ended before it logged ${event}: ${errors}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const ask: Running['ask'] = async (...args) => {
    const { code, out, err } = await command([...args, '--json', '--state-dir', stateDir])
    if (code !== 0) throw new Error(`mailgw ${args.join(' ')} ended with ${code}: ${err}${out}`)
    return JSON.parse(out)
  }
  await logged('gateway.ready')
  // Mail is taken before commands are.
  const socketPath = join(stateDir, 'admin.sock')
  await until('the admin socket is there', () => existsSync(socketPath))
  const look = async <Answer>(path: string): Promise<Answer> => {
    const { status, body } = await call<Answer>({ socketPath }, 'GET', path)
    if (status !== 200) throw new Error(`GET ${path} answered ${status} ${JSON.stringify(body)}`)
    return body
  }
  return {
    folder,
    stateDir,
    child,
    log: () => lines,
    logged,
    ask,
    status: () => look('/status'),
    queue: () => look('/v1/queue?limit=100'),
    apply: (next, files) =>
      command(['apply', '--config', writeDocument(folder, next, files), '--state-dir', stateDir, '--json']),
    signal: (signal) => child.kill(signal),
    ended,
  }
}

/**
 * The document's graph; `null` when it has none. `serve --config` does the same with a process of its own, as every gateway here
 * that is started from a file of its own or from an installed package shows.
 */
async function compileOnce(folder: string, config: string): Promise<string | null> {
  const output = `${folder}.mgw`
  const { code } = await command(['graph', '--config', config, '--output', output])
  return code === 0 ? output : null
}

export function writeDocument(folder: string, document: object, files: Files = {}): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const file = join(folder, 'mailgw.config.json')
  writeFileSync(file, JSON.stringify(document, null, 2))
  return file
}

/** Waits for a condition of the world outside, such as a file; fails with `what` when it does not come true. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value> | Value,
  withinMs = 40_000,
): Promise<Value> {
  for (const end = Date.now() + withinMs; ; ) {
    const value = await look()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export const readText = (file: string): string => readFileSync(file, 'latin1')
