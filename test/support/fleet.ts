import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { StatusAnswer } from '../../src/admin/protocol.ts'
import { call, socketOf } from './admin.ts'
import {
  type Ended,
  type GatewayOptions,
  mailgw,
  program,
  type Running,
  startGateway,
  until,
  writeDocument,
} from './gateway.ts'
import { tempFolder } from './peer.ts'

export type FleetOptions = {
  /** Environment of the gateway with this index. */
  readonly env?: (index: number) => GatewayOptions['env']
  readonly count?: number
}

export type Fleet = {
  readonly gateways: readonly Running[]
  /** Where the coordinator works: the document that names all gateways lies here. */
  readonly folder: string
  ports(): Promise<readonly number[]>
  /** The graph that each gateway serves now, asked for directly. */
  graphs(): Promise<readonly string[]>
  status(index: number): Promise<StatusAnswer>
  /** Writes the document, with its gateways, and runs a command in its folder. */
  run(document: object, ...args: readonly string[]): Promise<Ended>
  /** As `run`, in the background. */
  start(
    document: object,
    ...args: readonly string[]
  ): {
    kill(signal: NodeJS.Signals): void
    /** What it has told so far. */
    told(): string
    readonly ended: Promise<Ended>
  }
  write(document: object): void
}

/** Gateways gw1, gw2 ... of one machine that serve one document; gw1 is the canary. Each listens on a port of its own. */
export async function startFleet(document: object, { env, count = 3 }: FleetOptions = {}): Promise<Fleet> {
  const folder = tempFolder()
  const gateways = await Promise.all(
    Array.from({ length: count }, (_, i) => startGateway(document, env === undefined ? {} : { env: env(i) ?? {} })),
  )
  const entries = gateways.map(({ stateDir }, i) => [
    `gw${i + 1}`,
    { unix: stateDir, groups: i === 0 ? 'canary' : 'rest' },
  ])
  const write = (next: object) => void writeDocument(folder, { ...next, gateways: Object.fromEntries(entries) })
  const status = async (index: number) =>
    (await call<StatusAnswer>(socketOf(gateways[index]!), 'GET', '/v1/status')).body
  write(document)
  return {
    ...{ gateways, folder, status, write },
    ports: () =>
      Promise.all(
        gateways.map(async (_, i) => Number((await status(i)).listeners[0]!.addresses[0]!.split(':').at(-1))),
      ),
    graphs: () => Promise.all(gateways.map(async (_, i) => (await status(i)).graph)),
    run(next, ...args) {
      write(next)
      return mailgw(args, folder)
    },
    start(next, ...args) {
      write(next)
      const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
      let out = ''
      let err = ''
      child.stdout.on('data', (chunk) => (out += chunk))
      child.stderr.on('data', (chunk) => (err += chunk))
      const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })))
      onTestFinished(async () => {
        child.kill('SIGKILL')
        await ended
      })
      return { kill: (signal) => void child.kill(signal), told: () => err, ended }
    },
  }
}

/** Waits until all of these gateways serve this graph, and gives how long it took in ms. */
export async function untilAllServe(fleet: Fleet, graph: string, indexes?: readonly number[]): Promise<number> {
  const began = performance.now()
  const all = indexes ?? fleet.gateways.map((_, i) => i)
  await until(`all serve ${graph}`, async () => {
    const graphs = await Promise.all(all.map(async (i) => (await fleet.status(i)).graph))
    return graphs.every((one) => one === graph)
  })
  return performance.now() - began
}

export const socketFile = (gateway: Running): string => join(gateway.stateDir, 'admin.sock')
