import { userInfo } from 'node:os'
import type { ResurrectRequest } from '../../admin/archive-operations.ts'
import { parseDuration } from '../../mail/duration.ts'
import type { Resurrected, Resurrection } from '../../queue/archive/resurrect.ts'
import { askForJson } from '../admin-client.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

const shownRows = 20

/** Puts failed mail back into the queue, out of the archive of failed messages. */
export const run: Run = async (invocation) => {
  const { options, terminal } = invocation
  const request = requestOf(invocation, Date.now())
  const socket = socketOf(stateDirOf(options))
  const answer = await askForJson(socket, 'POST', '/v1/archive/resurrect', JSON.stringify(request))
  const done = answer as Resurrection
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(done, null, 2)}\n`)
  else {
    const what = `${count(done.messages, 'message')}, ${count(done.recipients, 'recipient')}`
    terminal.out(request.dryRun ? `${what} would be put back into the queue\n` : `${what} put back into the queue\n`)
    for (const row of done.rows.slice(0, shownRows)) terminal.out(rowText(row))
    if (done.messages > shownRows) terminal.out(`  and ${done.messages - shownRows} more\n`)
  }
  for (const problem of done.problems) terminal.err(`${problem}\n`)
  return done.problems.length > 0 || (done.messages === 0 && !request.all && !request.dryRun) ? 1 : 0
}

function requestOf({ arguments: ids, options }: Invocation, now: number): ResurrectRequest {
  const [recipient, domain, sender] = (['recipient', 'domain', 'sender'] as const).map((name) =>
    textOption(options, name),
  ) as [string | null, string | null, string | null]
  const within = textOption(options, 'within')
  const parsed = within === null ? null : parseDuration(within)
  if (parsed?.ok === false) throw new CommandError(`--within: ${parsed.error}`)
  const all = flag(options, 'all')
  const isNarrow = ids.length > 0 || [recipient, domain, sender, within].some((one) => one !== null)
  if (isNarrow === all) {
    throw new CommandError(
      'queue resurrect: name ids, or say which by --recipient, --domain, --sender or --within; or --all, alone, for all of the archive',
    )
  }
  const wrong = ids.find((id) => !/^[0-9A-Za-z]{1,40}$/.test(id))
  if (wrong !== undefined)
    throw new CommandError(`queue resurrect: expected the id of a message, got ${JSON.stringify(wrong)}`)
  return {
    ids,
    all,
    recipient,
    domain,
    sender,
    since: parsed?.ok ? now - parsed.value : null,
    dryRun: flag(options, 'dryRun'),
    onBehalfOf: userInfo().username,
  }
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`

const rowText = ({ id, as, sender, recipients, reply }: Resurrected): string =>
  `  ${id}${as === null ? '' : ` as ${as}`}  ${sender} -> ${recipients.slice(0, 3).join(', ')}${recipients.length > 3 ? ' ...' : ''}${reply === null ? '' : `  (${reply})`}\n`
