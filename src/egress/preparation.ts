import { refusedHere } from './attempt.ts'
import type { Capabilities } from './capabilities.ts'
import { mailCommand, rcptCommand } from './envelope-commands.ts'
import { type Job, nextPortion, settleAll } from './job.ts'
import { isSendable, type Needs, needsUtf8, unmet } from './requirements.ts'

/** Recipients in one transaction; a host must take 100 (RFC 5321 §4.5.3.1.8). */
const maxRecipients = 100

/**
 * `send`      the job's `positions` are chosen; `commands` open the transaction: all of them for a host with PIPELINING,
 *             MAIL alone for others
 * `settled`   nothing of it can go to this host, and every recipient has its attempt
 * `look-up`   the header must be read from the spool before anybody can tell
 */
export type Prepared =
  | { readonly kind: 'send'; readonly commands: string }
  | { readonly kind: 'settled' }
  | { readonly kind: 'look-up' }

const settled: Prepared = { kind: 'settled' }
const lookUp: Prepared = { kind: 'look-up' }

/** Chooses the next transaction of a job for this host, and refuses what the host cannot take before a word is sent. */
export function prepare(job: Job, host: Capabilities, label: string): Prepared {
  const { entry } = job.delivery
  const { envelope, body } = entry
  const utf8 = job.utf8Header ?? needsUtf8(envelope, body)
  if (utf8 === null && !host.smtputf8) return lookUp
  const needs: Needs = { eightBit: body.eightBit, utf8: utf8 ?? true }
  const refusal =
    envelope.from !== null && !isSendable(envelope.from.text)
      ? refusedHere(553, '5.1.7', 'a control character in the sender address', null)
      : unmet(envelope, body, needs, host, label)
  if (refusal !== null) {
    settleAll(job, refusal)
    return settled
  }
  for (;;) {
    nextPortion(job, Math.min(maxRecipients, host.maxRecipients))
    const commands = compose(job, needs, host)
    if (job.positions.length > 0) return { kind: 'send', commands }
    if (job.left.length === 0) return settled
  }
}

/** RFC 3030: nothing in the content can be taken for the end of it. Stuffed content must go by DATA. */
export const usesBdat = (job: Job, host: Capabilities): boolean => host.chunking && !job.delivery.entry.body.dots

export function rcptOf(job: Job, position: number, host: Capabilities): string {
  const { entry, recipients } = job.delivery
  return rcptCommand(entry.envelope.recipients[recipients[position] as number]!, host)
}

function compose(job: Job, needs: Needs, host: Capabilities): string {
  const { entry, recipients } = job.delivery
  let commands = mailCommand(entry, needs, host)
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
