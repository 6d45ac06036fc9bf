import { createWriteStream } from 'node:fs'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { QueuedMessage } from '../../admin/queue-operations.ts'
import { askForJson, openAnswer } from '../admin-client.ts'
import { queryOf, selectorOf } from '../queue/conditions.ts'
import { queueRows } from '../queue/rows.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

/** Copies messages out; the queue keeps them. Files are named by ids, which are letters and digits alone. */
export const run: Run = async (invocation) => {
  const { options, terminal } = invocation
  const folder = resolve(textOption(options, 'to') ?? missing())
  const socket = socketOf(stateDirOf(options))
  const ids = await idsOf(invocation, socket)
  if (flag(options, 'dryRun')) {
    terminal.out(
      flag(options, 'json') ? `${JSON.stringify({ exported: 0, ids })}\n` : `${ids.length} messages would be written\n`,
    )
    return 0
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const exported: string[] = []
  const gone: string[] = []
  for (const id of ids) ((await exportOne(socket, id, folder)) ? exported : gone).push(id)
  if (flag(options, 'json'))
    terminal.out(`${JSON.stringify({ exported: exported.length, ids: exported, gone, folder })}\n`)
  else terminal.out(`${exported.length} messages written to ${folder}\n`)
  if (gone.length > 0) terminal.err(`${gone.length} had left the queue: ${gone.slice(0, 10).join(', ')}\n`)
  return exported.length > 0 || flag(options, 'all') ? 0 : 1
}

function missing(): never {
  throw new CommandError('queue export: say where to by --to')
}

async function idsOf(invocation: Invocation, socket: string): Promise<readonly string[]> {
  const { ids, all, ...conditions } = selectorOf(invocation, 'queue export')
  if (ids.length > 0) return [...new Set(ids)]
  const query = queryOf(conditions)
  query.set('limit', '1000000')
  const found = new Set<string>()
  for await (const rows of queueRows(socket, query)) for (const { id } of rows) found.add(id)
  return [...found]
}

/** `false`: it is not in the queue any more. What is there already is never written over. */
async function exportOne(socket: string, id: string, folder: string): Promise<boolean> {
  const [mail, facts] = [join(folder, `${id}.eml`), join(folder, `${id}.json`)]
  for (const file of [mail, facts]) {
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      throw new CommandError(`${file} is there already`)
  }
  let message: QueuedMessage
  try {
    message = (await askForJson(socket, 'GET', `/v1/queue/${id}`)) as QueuedMessage
    const content = await openAnswer(socket, `/v1/queue/${id}/content`)
    await pipeline(content, createWriteStream(mail, { flags: 'wx', mode: 0o600 }))
  } catch (error) {
    if (error instanceof CommandError && error.message.endsWith('is not in the queue')) return false
    await rm(mail, { force: true })
    throw error
  }
  const { header: _, ...rest } = message
  await writeFile(facts, `${JSON.stringify(rest, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
  return true
}
