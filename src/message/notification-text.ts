import { dateTime } from './date.ts'
import { type Action, ownWords, type Reported, replyLine, type StatusFacts } from './delivery-status.ts'
import { oneLine, wrap } from './fold.ts'

const subjects: Readonly<Record<Action, string>> = {
  failed: 'Undelivered mail',
  delayed: 'Delayed mail (still being tried)',
  delivered: 'Delivered mail',
  relayed: 'Mail handed on',
  expanded: 'Mail delivered to a list',
}

export const subjectOf = (action: Action): string => subjects[action]

/** The part of a notification that a person reads: what happened, to whom, what to do. */
export function notificationText(facts: StatusFacts, postmaster: string, returned: 'full' | 'hdrs'): string {
  const { action, recipients, retryUntil } = facts
  const paragraphs = [
    `This is the mail gateway ${facts.reportingMta}.`,
    opening(action, recipients.length, retryUntil),
    ...recipients.map((reported) => person(action, reported)),
    `Your message came here at ${dateTime(facts.arrivedAt)} and has the number ${facts.originalId}. ` +
      (returned === 'full' ? 'It is attached. ' : 'Its header is attached. ') +
      `For help write to <${postmaster}> and name that number.`,
  ]
  return paragraphs.map(block).join('\r\n')
}

function opening(action: Action, count: number, retryUntil: number | null): string {
  const whom = count === 1 ? 'the recipient below' : `the ${count} recipients below`
  switch (action) {
    case 'failed':
      return `Your message could not be delivered to ${whom}. It will not be tried again.`
    case 'delayed':
      return (
        `Your message has not been delivered yet to ${whom}. You need not send it again: it will be tried further` +
        `${retryUntil === null ? '' : ` until ${dateTime(retryUntil)}`}.`
      )
    case 'delivered':
      return `Your message has been delivered to ${whom}.`
    case 'relayed':
      return `Your message has been handed on for ${whom}. The host that took it does not report what becomes of it.`
    case 'expanded':
      return `Your message has been delivered to the list below. Nothing will be reported on its members.`
  }
}

function person(action: Action, reported: Reported): string[] {
  const { recipient, reply, host, why, expired } = reported
  const { mailbox, original } = recipient
  const lines = [`<${mailbox.text}>${original.text === mailbox.text ? '' : ` (for <${original.text}>)`}`]
  if (action === 'failed' && expired) lines.push('It was tried for as long as this gateway tries. The last answer:')
  if (reply !== null && host !== null) lines.push(`${host} said: ${replyLine(reply)}`)
  else if (action === 'failed' || action === 'delayed')
    lines.push(host === null ? ownWords(reported) : `${host}: ${why}`)
  return lines
}

/** A paragraph at the margin, or a recipient with what is said of it below and indented. */
function block(content: string | string[]): string {
  if (typeof content === 'string') return `${wrap(oneLine(content), 72).join('\r\n')}\r\n`
  const [head = '', ...rest] = content
  const indented = rest.flatMap((line) => wrap(oneLine(line), 66).map((part) => `      ${part}`))
  return `${[...wrap(oneLine(head), 70).map((part) => `  ${part}`), ...indented].join('\r\n')}\r\n`
}
