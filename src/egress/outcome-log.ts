import type { Log } from '../mail/log.ts'
import type { Attempt, Delivery } from '../queue/lane.ts'

/** Of the connection that a message went over: version and cipher (`null`: in clear), and what decided that. */
export type LineFacts = { readonly tls: string | null; readonly policy: string }

/** One line for each different outcome of a delivery, as most have one. */
export function logOutcome(
  log: Log,
  delivery: Delivery,
  attempts: readonly Attempt[],
  now: number,
  line?: LineFacts,
): void {
  const first = attempts[0] as Attempt
  if (attempts.length === 1 || attempts.every((attempt) => attempt === first)) {
    logOne(log, delivery, first, delivery.recipients, now, line)
    return
  }
  const groups = new Map<Attempt, number[]>()
  for (const [position, attempt] of attempts.entries()) {
    const group = groups.get(attempt)
    if (group) group.push(delivery.recipients[position] as number)
    else groups.set(attempt, [delivery.recipients[position] as number])
  }
  for (const [attempt, recipients] of groups) logOne(log, delivery, attempt, recipients, now, line)
}

function logOne(
  log: Log,
  { entry }: Delivery,
  attempt: Attempt,
  recipients: readonly number[],
  now: number,
  line: LineFacts | undefined,
): void {
  const { reply } = attempt
  const first = recipients[0] as number
  log.info(eventOf(attempt), {
    id: entry.id,
    recipients: recipients.length,
    to: entry.envelope.recipients[first]?.mailbox.text,
    host: attempt.host,
    command: attempt.command,
    code: reply?.code,
    status: attempt.status,
    reply: reply === null ? attempt.why : reply.text,
    attempts: (entry.recipients[first]?.attempts ?? 0) + 1,
    delayMs: now - entry.queuedAt,
    tls: line?.tls,
    policy: line?.policy,
  })
}

function eventOf({ reply, command }: Attempt): string {
  if (reply === null || (reply.code >= 400 && reply.code < 500)) return 'delivery.deferred'
  if (reply.code < 300) return 'delivery.delivered'
  return reply.code === 552 && command === 'rcpt' ? 'delivery.deferred' : 'delivery.failed'
}
