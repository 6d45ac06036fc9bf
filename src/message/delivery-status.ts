import type { Recipient } from '../mail/envelope.ts'
import type { NotificationKind } from '../mail/notification-settings.ts'
import { type Reply, replyText } from '../mail/reply.ts'
import { dateTime } from './date.ts'
import { asciiOnly, field, oneLine, wholeField } from './fold.ts'

/** What became of one recipient. */
export type Reported = {
  readonly recipient: Recipient
  /** The last reply; `null` when no host answered. */
  readonly reply: Reply | null
  /** Who said it, such as `mx1.example.com[192.0.2.1]:25`; `null`: the gateway itself. */
  readonly host: string | null
  /** Enhanced status where there is no reply, `null` when not known. */
  readonly status: string | null
  /** In words; what a person reads when there is no reply. */
  readonly why: string
  /** Given up because of its age; the reply is only the last of many. */
  readonly expired: boolean
  readonly lastAttemptAt: number | null
  /** Given up after so many attempts; the reply is only the last of them. Absent: not for that. */
  readonly attempts?: number
  /** Of what still waits: when it is given up. */
  readonly retryUntil?: number
}

export type StatusFacts = {
  readonly action: NotificationKind
  readonly reportingMta: string
  readonly envid: string | null
  readonly arrivedAt: number
  /** Of the message that is reported on. */
  readonly originalId: string
  readonly recipients: readonly Reported[]
}

/**
 * The machine-readable part of a notification (RFC 3464 §2), or its internationalized form (RFC 6533 §3) when `utf8`.
 * Nothing a host or a sender wrote can begin a field of its own: each value is one line before it is folded.
 */
export function deliveryStatus(facts: StatusFacts, utf8: boolean): string {
  const inScript = (value: string) => (utf8 ? value : asciiOnly(value))
  const put = (name: string, value: string) => field(name, inScript(value))
  const putWhole = (name: string, value: string) => wholeField(name, inScript(value))
  let text = ''
  // The sender finds his message by it: not an octet more or less (RFC 3464 §2.2.1).
  if (facts.envid !== null) text += putWhole('Original-Envelope-Id', decodeXtext(facts.envid))
  text += put('Reporting-MTA', `dns; ${facts.reportingMta}`)
  text += put('X-Mailgw-Queue-ID', facts.originalId)
  text += put('Arrival-Date', dateTime(facts.arrivedAt))
  for (const reported of facts.recipients) text += `\r\n${perRecipient(facts, reported, utf8, put, putWhole)}`
  return text
}

function perRecipient(
  { action }: StatusFacts,
  reported: Reported,
  utf8: boolean,
  put: (name: string, value: string) => string,
  putWhole: (name: string, value: string) => string,
): string {
  const { recipient, reply, host, lastAttemptAt, retryUntil } = reported
  const original = originalRecipient(recipient, utf8)
  let text = original === null ? '' : putWhole('Original-Recipient', original)
  text += putWhole('Final-Recipient', typed(recipient.mailbox.text, utf8))
  text += put('Action', action)
  text += put('Status', statusOf(action, reported))
  if (host !== null) text += put('Remote-MTA', `dns; ${remoteName(host)}`)
  if (reply !== null && host !== null) text += put('Diagnostic-Code', `smtp; ${replyLine(reply)}`)
  else if (action === 'failed' || action === 'delayed')
    text += put('Diagnostic-Code', `x-mailgw; ${ownWords(reported)}`)
  if (lastAttemptAt !== null) text += put('Last-Attempt-Date', dateTime(lastAttemptAt))
  if (action === 'delayed' && retryUntil !== undefined) text += put('Will-Retry-Until', dateTime(retryUntil))
  return text
}

/** `550 5.1.1 no such user`, all lines in one. */
export const replyLine = (reply: Reply): string => oneLine(replyText(reply))

/** What the gateway says where no host has spoken. */
export const ownWords = ({ reply, why }: Reported): string =>
  why || (reply === null ? 'not delivered' : replyLine(reply))

/**
 * The status code of RFC 3463 that fits the action: class 5 or 4 for `failed`, 4 for `delayed`, 2 for the others. A 552
 * to RCPT that counts as 452 comes with its class corrected.
 */
export function statusOf(action: NotificationKind, { reply, status, expired }: Reported): string {
  if (action === 'relayed') return '2.1.9'
  if (action === 'failed' && expired) return '4.4.7'
  const known = /^[245](\.\d{1,3}\.\d{1,3})$/.exec(reply?.status ?? status ?? '')
  const detail = known?.[1] ?? '.0.0'
  if (action === 'delayed') return `4${detail}`
  if (action !== 'failed') return `2${detail}`
  const temporary = reply === null ? known?.[0].startsWith('4') === true : reply.code < 500
  return `${temporary ? 4 : 5}${detail}`
}

/** RFC 3464 §2.3.1: as the sender gave it in ORCPT, or the mailbox of RCPT where an alias has changed it. */
function originalRecipient({ mailbox, original, orcpt }: Recipient, utf8: boolean): string | null {
  if (orcpt !== null) {
    const at = orcpt.indexOf(';')
    // RFC 6533 §3: the address type "utf-8" has an encoding of its own, and stays as it is.
    if (/^utf-8;/i.test(orcpt)) return `utf-8; ${orcpt.slice(at + 1)}`
    if (at > 0) return `${orcpt.slice(0, at)}; ${decodeXtext(orcpt.slice(at + 1))}`
  }
  return original.text === mailbox.text ? null : typed(original.text, utf8)
}

/** An address with its type; beyond ASCII it is `utf-8`, in an ASCII report as utf-8-addr-xtext (RFC 6533 §3). */
function typed(address: string, utf8: boolean): string {
  if (!/[^\x00-\x7f]/.test(address)) return `rfc822; ${address}`
  if (utf8) return `utf-8; ${address}`
  const escaped = (character: string) => `\\x{${(character.codePointAt(0) as number).toString(16).toUpperCase()}}`
  return `utf-8; ${address.replace(/[^\x21-\x7e]|[+=\\]/gu, escaped)}`
}

/** The name out of `mx1.example.com[192.0.2.1]:25`, or the address in brackets where there is no name. */
function remoteName(host: string): string {
  const bracket = host.indexOf('[')
  if (bracket > 0) return host.slice(0, bracket)
  return bracket === 0 ? host.slice(0, host.indexOf(']') + 1) : host
}

/** xtext (RFC 3461 §4) into octets, each a character. What is no xtext stays. */
function decodeXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
