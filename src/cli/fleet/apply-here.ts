import { Readable } from 'node:stream'
import type { ApplyResult, Status } from '../../admin/operations.ts'
import { type Bundle, writeBundle } from '../../graph/bundle.ts'
import { askForJson, sendToGateway } from '../admin-client.ts'
import { flag, type Invocation, type Terminal } from '../run.ts'
import { actorHere } from './apply-options.ts'

/** Puts a graph live on one gateway of this machine in one call: prepare and activate, without a trial. */
export async function applyHere(
  socket: string,
  base: string,
  { bundle, commit }: { readonly bundle: Bundle; readonly commit: string | null },
  options: Invocation['options'],
  terminal: Terminal,
): Promise<number> {
  const query = new URLSearchParams({
    base,
    actor: actorHere(process.env),
    ...(commit === null ? {} : { commit }),
    ...(flag(options, 'dryRun') ? { 'dry-run': '1' } : {}),
  })
  const { status, body } = await sendToGateway(socket, `/apply?${query}`, Readable.from([writeBundle(bundle)]))
  const result = body as ApplyResult
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(result, null, 2)}\n`)
  else if (status === 200) terminal.out(resultText(result))
  else terminal.err(resultText(result))
  return status === 200 ? 0 : status === 412 ? 2 : 1
}

/** The graph that a gateway of this machine serves now. */
export const activeHere = async (socket: string): Promise<string> =>
  ((await askForJson(socket, 'GET', '/status')) as Status).graph

function resultText(result: ApplyResult | { readonly kind?: undefined; readonly error: string }): string {
  switch (result.kind) {
    case 'refused':
      return `refused: ${result.error}\nstill active: ${result.active}\n`
    case 'base-moved':
      return `the base moved: expected ${result.expected}, active is ${result.active}; nothing was changed\n`
    case 'unchanged':
      return `unchanged: ${result.hash} was active already\n`
    case 'active':
    case 'prepared': {
      const { opened, closed } = result.listeners
      const sockets = [...opened.map((name) => `opened ${name}`), ...closed.map((name) => `closed ${name}`)]
      const took = `${Math.round(result.tookMs)} ms, longest gap of the event loop ${result.eventLoopGapMs.toFixed(1)} ms`
      const verb = result.kind === 'active' ? 'active' : 'would be active'
      return `${verb}: ${result.hash} (before: ${result.previous})\n${sockets.map((line) => `${line}\n`).join('')}${took}\n`
    }
    default:
      return `the gateway failed: ${result.error}\n`
  }
}
