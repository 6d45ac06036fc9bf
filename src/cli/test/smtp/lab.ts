import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeBundle, writeBundle } from '../../../graph/bundle.ts'
import type { Graph } from '../../../graph/graph.ts'
import { noSources } from '../../../graph/sources.ts'
import { askForJson } from '../../admin-client.ts'
import { CommandError } from '../../run.ts'
import { socketOf } from '../../state-dir.ts'
import { labGraph, mxTarget, type Source } from './lab-graph.ts'
import { type Arrived, isNotification, type StubHost, startStubHost, testHeader } from './stub-host.ts'
import { startStubResolver } from './stub-resolver.ts'

/** A gateway on loopback with stubs for everything that it speaks to. */
export type Lab = {
  readonly portOf: (listener: string) => number
  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void>
  /** What stubs were given so far. */
  readonly arrived: readonly Arrived[]
  /** Recipients of a message that are held. */
  held(id: string): Promise<readonly string[]>
  /** Folders of mailboxes in which a submission lies, below the state folder. */
  mailboxes(): Promise<ReadonlyMap<number, readonly string[]>>
  close(): Promise<void>
}

/** Targets get a stub each; whatever else the graph knows leads to the one for all others. */
export async function openLab(graph: Graph, sources: readonly Source[], targets: readonly string[]): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'mailgw-test-'))
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one()
  }
  try {
    const arrived: Arrived[] = []
    const stubs = new Map<string, StubHost>()
    for (const target of new Set([...targets, mxTarget, elsewhere])) {
      const stub = await startStubHost(target, (message) => void arrived.push(message))
      closers.push(() => stub.close())
      stubs.set(target, stub)
    }
    const resolver = await startStubResolver()
    closers.push(() => resolver.close())
    const changed = labGraph(graph, sources, {
      portOf: (target) => (stubs.get(target) ?? stubs.get(elsewhere)!).port,
      mxPort: stubs.get(mxTarget)!.port,
      resolver: { host: '127.0.0.1', port: resolver.port },
    })
    const stateDir = join(folder, 'state')
    await mkdir(join(stateDir, 'graphs'), { recursive: true })
    const file = join(folder, 'lab.mgw')
    await writeFile(file, writeBundle(makeBundle(changed, noSources)))
    const gateway = startProgram(file, stateDir)
    closers.push(() => gateway.kill())
    const admin = socketOf(stateDir)
    const ports = new Map(
      (await ready(admin, gateway)).map(({ name, addresses }) => [name, Number(/\d+$/.exec(addresses[0] ?? '')?.[0])]),
    )
    return {
      portOf: (listener) => ports.get(listener)!,
      settled: () => settled(admin),
      arrived,
      async held(id) {
        const rows = (await askForJson(admin, 'GET', '/queue?state=held&limit=100000')) as QueueRow[]
        return rows.filter((row) => row.id === id).map(({ recipient }) => recipient)
      },
      mailboxes: () => mailboxesIn(stateDir),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

export const elsewhere = 'elsewhere'

type Program = { readonly ended: () => string | null; kill(): Promise<void> }

/** A gateway in a process of its own, as in earnest: whatever becomes of it, this command ends. */
function startProgram(graph: string, stateDir: string): Program {
  const main = fileURLToPath(new URL('../../main.js', import.meta.url))
  const args = [
    main,
    'serve',
    '--graph',
    graph,
    '--state-dir',
    stateDir,
    '--log-level',
    'error',
    '--log-format',
    'json',
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const cut = () => void child.kill('SIGKILL')
  process.once('exit', cut)
  let said = ''
  let why: string | null = null
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < 10_000) said += text
  })
  const gone = new Promise<void>((resolve) => {
    const end = (reason: string) => {
      process.off('exit', cut)
      why = said.trim() || reason
      resolve()
    }
    child.once('error', (error) => end(error.message))
    child.once('close', (code) => end(`it ended with ${code}`))
  })
  return {
    ended: () => why,
    async kill() {
      cut()
      await gone
    },
  }
}

type Listening = { readonly name: string; readonly addresses: readonly string[] }

async function ready(admin: string, gateway: Program): Promise<readonly Listening[]> {
  for (const end = Date.now() + patienceMs; ; ) {
    const status = (await askForJson(admin, 'GET', '/status').catch(() => null)) as { listeners: Listening[] } | null
    if (status !== null) return status.listeners
    const why = gateway.ended()
    if (why !== null) throw new Error(why)
    if (Date.now() > end) throw new Error(`it does not answer after ${patienceMs / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

type QueueRow = { readonly id: string; readonly recipient: string; readonly state: string }

const patienceMs = 30_000

async function settled(admin: string): Promise<void> {
  for (const end = Date.now() + patienceMs; ; ) {
    const { queue } = (await askForJson(admin, 'GET', '/status')) as { queue: Readonly<Record<string, number>> }
    if ((queue['waiting'] ?? 0) + (queue['active'] ?? 0) === 0) return
    if (Date.now() > end) {
      throw new CommandError(
        `--smtp: messages are still on their way after ${patienceMs / 1000} s (${JSON.stringify(queue)})`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function mailboxesIn(stateDir: string): Promise<ReadonlyMap<number, readonly string[]>> {
  const found = new Map<number, string[]>()
  const root = join(stateDir, 'boxes')
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isFile() || !/[/\\]new$/.test(entry.parentPath)) continue
    const text = await readFile(join(entry.parentPath, entry.name), 'latin1')
    const test = new RegExp(`^${testHeader}: (\\d+)$`, 'm').exec(text.replaceAll('\r', ''))
    if (test === null || isNotification(text)) continue
    const mailbox = relative(stateDir, entry.parentPath).replace(/[/\\]new$/, '')
    found.set(Number(test[1]), [...(found.get(Number(test[1])) ?? []), mailbox])
  }
  return found
}
