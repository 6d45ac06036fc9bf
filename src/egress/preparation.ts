import { refusedHere } from './attempt.ts'
import type { Capabilities } from './capabilities.ts'
import { contentFor, type Wanted } from './content.ts'
import { mailCommand, rcptCommand, senderOf } from './envelope-commands.ts'
import { type Job, nextPortion, settleAll } from './job.ts'
import { isSendable, type Needs, needsUtf8, unmet } from './requirements.ts'

/** Recipients in one transaction; a host must take 100 (RFC 5321 §4.5.3.1.8). */
const maxRecipients = 100

/**
 * `send`      the job's `positions` are chosen; `commands` open the transaction: all of them for a host with PIPELINING,
 *             MAIL alone for others
 * `settled`   nothing of it can go to this host, and every recipient has its attempt
 * `look-up`   the content must be read before anybody can tell, or before it is in its form; `wanted` says for what
 */
export type Prepared =
  | { readonly kind: 'send'; readonly commands: string }
  | { readonly kind: 'settled' }
  | { readonly kind: 'look-up' }

const settled: Prepared = { kind: 'settled' }
const lookUp = (job: Job, wanted: Wanted): Prepared => {
  job.wanted = wanted
  return { kind: 'look-up' }
}

/** Chooses the next transaction of a job for this host, and refuses what the host cannot take before a word is sent. */
export function prepare(job: Job, host: Capabilities, label: string): Prepared {
  if (job.unreadable !== null) {
    settleAll(job, job.unreadable)
    return settled
  }
  const content = contentFor(job, host)
  // First the form: whether its header needs SMTPUTF8 is seen in that.
  if (content === 'form') return lookUp(job, content)
  const utf8 = job.looked?.utf8Header ?? needsUtf8(job)
  if (utf8 === null && !host.smtputf8) return lookUp(job, 'utf8')
  const eightBit = typeof content !== 'string' && content.kind === 'body' && content.body.eightBit
  const needs: Needs = { eightBit: eightBit && host.eightBitMime, utf8: utf8 ?? true }
  const from = senderOf(job)
  const refusal =
    from !== null && !isSendable(from.text)
      ? refusedHere(553, '5.1.7', 'a control character in the sender address', null)
      : unmet(content, needs, host, label)
  if (refusal !== null) {
    settleAll(job, refusal)
    return settled
  }
  if (typeof content === 'string') return lookUp(job, content)
  if (content.kind === 'body') job.body = content.body
  for (;;) {
    nextPortion(job, Math.min(maxRecipients, host.maxRecipients), host.maxDomains)
    const commands = compose(job, needs, host)
    if (job.positions.length > 0) return { kind: 'send', commands }
    if (job.left.length === 0) return settled
  }
}

/** RFC 3030: nothing in the content can be taken for the end of it. Stuffed content must go by DATA. */
export const usesBdat = (job: Job, host: Capabilities): boolean => host.chunking && !job.body.dots

export function rcptOf(job: Job, position: number, host: Capabilities): string {
  const { entry, recipients, form } = job.delivery
  const recipient = entry.envelope.recipients[recipients[position] as number]!
  return rcptCommand(recipient, form?.recipients?.(recipient.mailbox) ?? recipient.mailbox, host)
}

function compose(job: Job, needs: Needs, host: Capabilities): string {
  const { entry, recipients } = job.delivery
  let commands = mailCommand(job, needs, host)
  let unsendable = false
  for (const position of job.positions) {
    const { mailbox } = entry.envelope.recipients[recipients[position] as number]!
    if (!isSendable(mailbox.text)) {
      job.attempts[position] = refusedHere(553, '5.1.3', 'a control character in the address', null)
      unsendable = true
    } else if (host.pipelining) commands += rcptOf(job, position, host)
  }
  if (unsendable) job.positions = job.positions.filter((position) => job.attempts[position] === null)
  return host.pipelining && !usesBdat(job, host) ? `${commands}DATA\r\n` : commands
}
