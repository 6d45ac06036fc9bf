import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApplyResult, Status } from '../../admin/operations.ts'
import { askForJson, sendToGateway } from '../admin-client.ts'
import { bundleOf, writeBundleFile } from '../bundle.ts'
import { flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ options, terminal }) => {
  const socket = socketOf(stateDirOf(options))
  // Read before the document is compiled: what becomes active in between was not seen by whoever wrote it.
  const base = textOption(options, 'base') ?? ((await askForJson(socket, 'GET', '/status')) as Status).graph
  const folder = await mkdtemp(join(tmpdir(), 'mailgw-apply-'))
  try {
    const file = join(folder, 'bundle.mgw')
    await writeBundleFile(await bundleOf(options, terminal), file)
    const query = new URLSearchParams({ base, ...(flag(options, 'dryRun') ? { 'dry-run': '1' } : {}) })
    const { status, body } = await sendToGateway(socket, `/apply?${query}`, createReadStream(file))
    const result = body as ApplyResult
    if (flag(options, 'json')) terminal.out(`${JSON.stringify(result, null, 2)}\n`)
    else if (status === 200) terminal.out(resultText(result))
    else terminal.err(resultText(result))
    return status === 200 ? 0 : status === 412 ? 2 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

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
