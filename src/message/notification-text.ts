import type { NoticeLine, NoticeTemplate, Placeholder } from '../mail/notice-template.ts'
import { dateTime } from './date.ts'
import { ownWords, type Reported, replyLine, type StatusFacts, statusOf } from './delivery-status.ts'
import { oneLine, wrap } from './fold.ts'
import { plainReason } from './plain-reason.ts'

export type TextFacts = StatusFacts & {
  readonly postmaster: string
  readonly sender: string
  /** Of the message, decoded; `''` when it has none. */
  readonly subject: string
  /** Reasons of the document, by status pattern. */
  readonly reasons: ReadonlyMap<string, string>
}

/** Text that a person reads has no longer lines, whoever wrote them. */
const width = 76

/** The part of a notification that a person reads: what happened, to whom, why, and what to do. */
export function notificationText(template: NoticeTemplate, facts: TextFacts): string {
  const message = messageValues(facts)
  const lines = [
    ...template.before.flatMap((line) => filled(line, message)),
    ...facts.recipients.flatMap((reported) => {
      const values = new Map([...message, ...recipientValues(facts, reported)])
      return template.each.flatMap((line) => filled(line, values))
    }),
    ...template.after.flatMap((line) => filled(line, message)),
  ]
  return `${lines.join('\r\n')}\r\n`
}

export const subjectText = (template: NoticeLine, facts: TextFacts): string =>
  filled(template, messageValues(facts), Number.POSITIVE_INFINITY).join(' ')

type Values = ReadonlyMap<Placeholder, string>

const messageValues = (facts: TextFacts): Values =>
  new Map<Placeholder, string>([
    ['gateway', facts.reportingMta],
    ['postmaster', facts.postmaster],
    ['sender', facts.sender],
    ['subject', facts.subject],
    ['date', dateTime(facts.arrivedAt)],
    ['id', facts.originalId],
    ['count', String(facts.recipients.length)],
  ])

function recipientValues(facts: TextFacts, reported: Reported): Values {
  const { action } = facts
  const { recipient, reply, host, attempts, retryUntil } = reported
  const { mailbox, original } = recipient
  const isBad = action === 'failed' || action === 'delayed'
  const status = attempts === undefined ? statusOf(action, reported) : 'attempts'
  const answered = reply !== null && host !== null
  return new Map<Placeholder, string>([
    ['recipient', mailbox.text],
    ['original', original.text === mailbox.text ? '' : original.text],
    ['reason', isBad ? plainReason(status, facts.reasons) : ''],
    ['host', answered ? host : ''],
    ['answer', answered ? replyLine(reply) : ''],
    ['why', isBad && !answered ? saidByUs(reported) : ''],
    ['attempts', attempts === undefined ? '' : String(attempts)],
    ['until', action === 'delayed' && retryUntil !== undefined ? dateTime(retryUntil) : ''],
  ])
}

const saidByUs = (reported: Reported): string =>
  reported.host === null ? ownWords(reported) : `${reported.host}: ${ownWords(reported)}`

/** A path has 256 octets (RFC 5321 §4.5.3.1.3): what is broken cannot be copied out of the text. */
const longestAddress = 260

/**
 * One line of a template as lines of text, indented as it is; none when it has placeholders, all of which are empty. What
 * hosts and senders wrote is one line before it is wrapped, so that it cannot look like lines of the gateway's own.
 */
function filled(line: NoticeLine, values: Values, most = width): readonly string[] {
  const placeholders = line.filter((part) => part.kind === 'placeholder')
  if (placeholders.length > 0 && placeholders.every(({ name }) => !values.get(name))) return []
  const text = line.map((part) => (part.kind === 'text' ? part.text : harmless(values.get(part.name) ?? ''))).join('')
  if (text.length <= most) return [text.trimEnd()]
  const [indent = ''] = /^ */.exec(text) ?? []
  const room = Math.max(20, most - indent.length)
  return wrap(text.trim(), room, longestAddress).map((part) => indent + part)
}

/** Nor can it turn around the direction in which the line is read. */
const harmless = (text: string): string => oneLine(text.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ''))
