import type { KnownMessage } from '../../admin/operations.ts'
import { lineWords } from '../../graph/message-text.ts'
import { noFacts, routeOf } from '../../graph/route-of.ts'
import { parseMailbox } from '../../mail/path.ts'
import { askForJson } from '../admin-client.ts'
import { routeWords } from '../plan/queue-impact.ts'
import { CommandError, type Invocation } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { bytesText, durationText } from '../text.ts'
import type { Side } from './sides.ts'

/** Why a message is here, what was tried, and where it goes next by each of the graphs. */
export type ExplainedId = KnownMessage & {
  readonly next: readonly {
    readonly recipient: string
    readonly ways: readonly {
      /** `running`, or the document. */
      readonly by: string
      readonly graph: string
      readonly says: string
      readonly at: string
      readonly file: string | null
      readonly line: number
      readonly column: number
    }[]
  }[]
}

export async function explainId(
  id: string,
  options: Invocation['options'],
  sides: readonly Side[],
): Promise<ExplainedId> {
  const socket = socketOf(stateDirOf(options))
  const known = (await askForJson(socket, 'GET', `/v1/messages/${encodeURIComponent(id)}`)) as KnownMessage
  const waiting = (known.queued?.recipients ?? []).filter(
    ({ state }) => state !== 'delivered' && state !== 'failed' && state !== 'discarded',
  )
  return {
    ...known,
    next: waiting.map(({ recipient }) => ({
      recipient,
      ways: sides.map((side) => wayOf(side, recipient, known.queued?.sender ?? '')),
    })),
  }
}

function wayOf(
  { name, bundle, evaluator }: Side,
  recipient: string,
  sender: string,
): ExplainedId['next'][number]['ways'][number] {
  const mailbox = parseMailbox(recipient)
  if (!mailbox.ok) throw new CommandError(`the queue holds ${recipient}: ${mailbox.error}`)
  const from = sender === '' ? null : parseMailbox(sender)
  const facts = { ...noFacts(), sender: from?.ok ? from.value : null }
  const route = routeOf(evaluator, mailbox.value, facts)
  return { by: name, graph: bundle.hash, says: routeWords(route), ...evaluator.winner() }
}

export function explainedIdText({ id, queued, decisions, next }: ExplainedId, now: number): string {
  const lines = [`message ${id}`, '', 'why it is here']
  for (const { to, from, client, listener, at, graph, time, hashed, ...rest } of decisions) {
    const when = new Date(time).toISOString()
    lines.push(`  ${to} from ${from}: client ${client} at ${listener}${lineWords(rest)}, ${when}`)
    lines.push(`    let in by ${at === '' ? 'no row: nothing refused it' : at}`)
    lines.push(`    graph ${graph}${hashed === true ? ', local parts hashed' : ''}`)
  }
  if (decisions.length === 0) lines.push(queued === null ? '  nothing is known' : `  ${originText(queued)}`)
  if (queued === null) {
    lines.push(
      '',
      'it is not in the queue any more: every recipient is delivered, failed or discarded; the log has each',
    )
    return `${lines.join('\n')}\n`
  }
  const from = queued.sender === '' ? '<>' : queued.sender
  lines.push(
    '',
    `in the queue for ${durationText(now - queued.queuedAt)}, ${bytesText(queued.sizeBytes)}, from ${from}`,
  )
  for (const one of queued.recipients) {
    const named = one.original === one.recipient ? '' : ` (named as ${one.original})`
    lines.push(`  ${one.recipient}${named}: ${one.state}, ${one.attempts} attempts`)
    if (one.lastReply !== null || one.lastHost !== null) {
      lines.push(`    last ${[one.lastHost, one.lastReply].filter((text) => text !== null).join(': ')}`)
    }
    if (one.why !== null) lines.push(`    ${one.state === 'held' ? 'held by' : 'because of'} ${one.why}`)
    if (one.dueAt !== null) {
      const due = one.dueAt <= now ? 'now' : `in ${durationText(one.dueAt - now)}`
      lines.push(
        `    ${one.state === 'held' ? 'goes on' : 'next attempt'} ${due}${one.nextHop === null ? '' : ` at ${one.nextHop}`}`,
      )
    }
  }
  if (next.length > 0) lines.push('', 'where it goes next')
  for (const { recipient, ways } of next) {
    for (const { by, says, at, file, line, column } of ways) {
      const where = file === null ? '' : ` ${file}:${line}:${column}`
      lines.push(`  ${recipient}, ${by}: ${says}${at === '' ? '' : `, by ${at}${where}`}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function originText({ origin }: NonNullable<KnownMessage['queued']>): string {
  const { client, listener, helo, identity, graphHash } = origin
  if (client === null) return `made by this gateway, graph ${graphHash}`
  const who = identity === null ? '' : `, and logged in as ${identity}`
  return `client ${client} at ${listener}, which said ${helo}${who}; graph ${graphHash}; the envelope log has no more of it`
}
