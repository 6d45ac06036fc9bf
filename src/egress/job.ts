import type { StoredBody } from '../queue/entry.ts'
import type { Attempt, Delivery } from '../queue/lane.ts'
import { isTemporary } from './attempt.ts'
import type { Looked, Wanted } from './content.ts'

/**
 * A delivery on its way through connections. Usually one mail transaction; more when a host takes fewer recipients at a
 * time than there are, and once more at another host for recipients that one host could not take now.
 */
export type Job = {
  readonly delivery: Delivery
  /** By position in `delivery.recipients`; `null` as long as nothing is known. */
  readonly attempts: (Attempt | null)[]
  /** Positions in the transaction now on the wire. */
  positions: readonly number[]
  /** Positions for later transactions. */
  left: readonly number[]
  /** Hosts that it was offered to before, in this attempt, and what they said: the last word if no other is reached. */
  readonly hosts: ReadonlySet<string>
  readonly before: readonly (Attempt | null)[] | null
  /** The content in the form in which it goes to the host that it was last prepared for. */
  body: StoredBody
  /** What somebody is to read the content for, and what came of it. */
  wanted: Wanted | null
  looked: Looked | null
  unreadable: Attempt | null
}

const nobody: readonly number[] = []
const onlyOne: readonly number[] = [0]
const noHosts: ReadonlySet<string> = new Set()

export function newJob(delivery: Delivery): Job {
  const count = delivery.recipients.length
  return {
    delivery,
    attempts: count === 1 ? [null] : new Array<Attempt | null>(count).fill(null),
    positions: nobody,
    left: count === 1 ? onlyOne : [...delivery.recipients.keys()],
    hosts: noHosts,
    before: null,
    body: delivery.entry.body,
    wanted: null,
    looked: null,
    unreadable: null,
  }
}

/** Chooses the recipients of the next transaction: so many, and of so many domains (RFC 9422 RCPTMAX, RCPTDOMAINMAX). */
export function nextPortion(job: Job, maxRecipients: number, maxDomains: number): void {
  if (job.left.length > 1 && maxDomains !== Infinity) {
    portionOfDomains(job, maxRecipients, maxDomains)
  } else if (job.left.length <= maxRecipients) {
    job.positions = job.left
    job.left = nobody
  } else {
    job.positions = job.left.slice(0, maxRecipients)
    job.left = job.left.slice(maxRecipients)
  }
}

function portionOfDomains(job: Job, maxRecipients: number, maxDomains: number): void {
  const { entry, recipients } = job.delivery
  const domains = new Set<string>()
  const chosen: number[] = []
  const rest: number[] = []
  for (const position of job.left) {
    const { domain } = entry.envelope.recipients[recipients[position] as number]!.mailbox
    const fits = chosen.length < maxRecipients && (domains.has(domain) || domains.size < maxDomains)
    if (fits) domains.add(domain)
    ;(fits ? chosen : rest).push(position)
  }
  job.positions = chosen
  job.left = rest
}

/** One outcome for all in the current transaction that have none yet. */
export function settlePortion(job: Job, attempt: Attempt): void {
  for (const position of job.positions) job.attempts[position] ??= attempt
}

/** One outcome for all that have none yet, in this transaction or after it. */
export function settleAll(job: Job, attempt: Attempt): void {
  for (let position = 0; position < job.attempts.length; position++) job.attempts[position] ??= attempt
}

/** Takes the next recipients back out of the transaction, as they were before it. */
export function takeBack(job: Job, positions: readonly number[]): void {
  job.left = job.left.length === 0 ? positions : [...positions, ...job.left]
  job.positions = nobody
}

/** Nothing is known of any recipient: it may be given back as if it had never been taken. */
export const isUntouched = (job: Job): boolean =>
  job.hosts === noHosts && job.attempts.every((attempt) => attempt === null)

/**
 * Recipients worth another host now. Also when the answer to the final dot never came: to ask the same host again later
 * may make a second copy just as well (RFC 5321 §4.5.3.2.6), and one that never answers would keep the message.
 */
export function isWorthMoving(job: Job): boolean {
  return job.attempts.some((attempt) => attempt !== null && isTemporary(attempt))
}

/** A job for another host: the recipients that could not be delivered now. */
export function moved(job: Job, from: string): Job {
  const left = [...job.attempts.keys()].filter((position) => isTemporary(job.attempts[position]!))
  const attempts = job.attempts.map((attempt, position) => (left.includes(position) ? null : attempt))
  return { ...job, attempts, positions: nobody, left, hosts: new Set([...job.hosts, from]), before: job.attempts }
}

/** No other host was reached: what was said before holds. */
export function settleAsBefore(job: Job): void {
  for (let position = 0; position < job.attempts.length; position++)
    job.attempts[position] ??= job.before?.[position] ?? null
}
