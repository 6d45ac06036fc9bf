import type { QueuedMessage, QueuedRecipient, RetryPlan } from '../../admin/queue-operations.ts'
import type { Envelope } from '../../mail/envelope.ts'
import { hintsText } from '../../mail/hints.ts'
import { bytesText, durationText, oneLine } from '../text.ts'
import { ruleText } from './rows.ts'

/** Everything that is known of a message in the queue, and what will become of it. */
export function messageText(message: QueuedMessage, now: number): string {
  const { id, queuedAt, sizeBytes, envelope, recipients, header } = message
  const lines = [
    `message ${id}`,
    `  came      ${new Date(queuedAt).toISOString()}, ${durationText(now - queuedAt)} ago, ${bytesText(sizeBytes)}`,
    `  from      ${envelope.from === null ? '<>' : oneLine(envelope.from.text)}`,
    `  by        ${originText(envelope)}`,
    `  graph     ${envelope.origin.graphHash}`,
  ]
  const wishes = wishesText(envelope)
  if (wishes !== '') lines.push(`  with      ${wishes}`)
  const { hints } = envelope
  if (hints !== undefined) lines.push(`  steered   by its header: ${oneLine(hintsText(hints))}`)
  for (const recipient of recipients) lines.push('', ...recipientLines(recipient, now))
  lines.push('', 'header')
  if (header === null) lines.push('  it cannot be read: the log of the gateway says why')
  else for (const line of header.split('\r\n').slice(0, -1)) lines.push(`  ${oneLine(line)}`)
  return `${lines.join('\n')}\n`
}

function originText({ origin }: Envelope): string {
  const { client, listener, helo, identity, protocol } = origin
  if (client === null) return 'this gateway'
  const who = identity === null ? '' : `, logged in as ${oneLine(identity)}`
  return `${client} at ${listener}, ${protocol}, which said ${oneLine(helo ?? 'nothing')}${who}`
}

function wishesText({ body, smtputf8, ret, envid }: Envelope): string {
  const said = [
    body === '7bit' ? null : `BODY=${body.toUpperCase()}`,
    smtputf8 ? 'SMTPUTF8' : null,
    ret === null ? null : `RET=${ret.toUpperCase()}`,
    envid === null ? null : `ENVID=${oneLine(envid)}`,
  ]
  return said.filter((one) => one !== null).join(' ')
}

function recipientLines(one: QueuedRecipient, now: number): readonly string[] {
  const named = one.original === one.recipient ? '' : ` (named as ${oneLine(one.original)})`
  const lines = [`${oneLine(one.recipient)}${named}: ${one.state}`]
  const last = one.lastAttemptAt === null ? '' : `, the last ${durationText(now - one.lastAttemptAt)} ago`
  lines.push(`  attempts  ${one.attempts}${last}`)
  const said = [one.lastHost, one.lastReply].filter((text) => text !== null).join(': ')
  if (said !== '') lines.push(`  last      ${oneLine(said)}`)
  if (one.why !== null) lines.push(`  because   ${oneLine(one.why)}`)
  lines.push(`  next      ${nextText(one, now)}`)
  if (isOpen(one)) {
    lines.push(`  goes to   ${oneLine(one.way)}${one.via === null ? '' : ', as an operator chose'}`)
    lines.push(`  rule      ${ruleText(one)}`)
  }
  lines.push(...historyLines(one, now))
  if (one.retry !== null && isOpen(one)) lines.push(...retryLines(one.retry, now))
  const { lane } = one
  if (lane !== null) {
    const until = lane.until === null ? '' : `, probed in ${durationText(lane.until - now)}`
    const why = lane.why === null ? '' : `, ${oneLine(lane.why)}`
    lines.push(`  next hop  ${lane.state}, ${lane.active} on the wire, ${lane.waiting} waiting${until}${why}`)
  }
  return lines
}

const isOpen = ({ state }: QueuedRecipient): boolean =>
  state !== 'delivered' && state !== 'failed' && state !== 'discarded'

/** Attempts before the last one, which has its own lines above; those that came to the same are one line. */
function historyLines({ history }: QueuedRecipient, now: number): readonly string[] {
  const rows: { from: number; to: number; at: number | null; said: string }[] = []
  for (const { number, at, host, reply, why } of history) {
    const said = [host, reply ?? why].filter((text) => text !== null).join(': ')
    const last = rows.at(-1)
    if (last?.said === said && last.to === number - 1) Object.assign(last, { to: number, at })
    else rows.push({ from: number, to: number, at, said })
  }
  if (rows.length < 2) return []
  return rows.map(({ from, to, at, said }, i) => {
    const which = from === to ? `${from}` : `${from} to ${to}`
    const when = at === null ? '' : `, ${durationText(now - at)} ago`
    return `  ${i === 0 ? 'history ' : '        '}  ${which}${when}  ${oneLine(said)}`
  })
}

function retryLines({ schedule, waitsMs, warnAt, expireAt, maxAttempts, silent }: RetryPlan, now: number): string[] {
  const waits = waitsMs.slice(0, 6).map(durationText).join(', ')
  const more = waitsMs.length > 6 ? ', ...' : ''
  const most = maxAttempts === null ? '' : `, ${maxAttempts} attempts at most`
  const warned = warnAt === null || warnAt <= now ? '' : `, its sender told that it is late ${timeText(warnAt, now)}`
  const quiet = silent ? ', and its sender hears nothing' : ''
  return [
    `  schedule  ${schedule ?? 'the general one'}: tried again after ${waits}${more}${most}`,
    `  ends      given up ${timeText(expireAt, now)}${warned}${quiet}`,
  ]
}

const timeText = (at: number, now: number): string =>
  at <= now ? 'at its next failure' : `in ${durationText(at - now)} (${new Date(at).toISOString()})`

/** What will happen, or what must happen first. */
function nextText({ state, dueAt, heldBy, heldAt, lane }: QueuedRecipient, now: number): string {
  switch (state) {
    case 'active':
      return 'it is on the wire now'
    case 'held':
      if (heldBy !== null) {
        const since = heldAt === null ? '' : ` for ${durationText(now - heldAt)}`
        return `nothing: held by ${oneLine(heldBy)}${since}; \`mailgw queue release\` lets it go on`
      }
      return dueAt === null
        ? 'nothing, until somebody says `mailgw queue release`, or what holds it ends'
        : `it goes on in ${durationText(dueAt - now)}`
    case 'waiting':
      if (dueAt !== null && dueAt > now) return `an attempt in ${durationText(dueAt - now)}`
      return lane === null || lane.active === 0
        ? 'an attempt now'
        : `an attempt, behind ${lane.waiting - 1} others at most`
    default:
      return 'nothing: it is decided'
  }
}
