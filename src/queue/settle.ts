import type { RetryPolicy } from '../mail/settings.ts'
import type { Attempt } from './lane.ts'

/**
 * refused    for good, by the other side or by us
 * expired    its time is over
 * attempts   it was tried as often as the policy allows
 */
export type Settlement =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly why: 'refused' | 'expired' | 'attempts' }
  | { readonly kind: 'retry'; readonly at: number }

/** `attempts` counts the one that is settled. */
export type Attempted = { readonly queuedAt: number; readonly attempts: number }

/** What a 2yz comes to, whatever was sent. */
export const taken: Settlement = { kind: 'delivered' }

export const isTaken = ({ reply }: Pick<Attempt, 'reply'>): boolean =>
  reply !== null && reply.code >= 200 && reply.code < 300

/**
 * 2yz delivers, 5yz fails, the rest waits as the schedule says, until the message is `expireAfterMs` old
 * (RFC 5321 §4.5.4.1) or was tried `maxAttempts` times. Without a reply a status of class 5 fails; everything else there
 * waits.
 */
export function settle(
  entry: Attempted,
  attempt: Pick<Attempt, 'reply' | 'command' | 'status'>,
  policy: RetryPolicy,
  now: number,
): Settlement {
  const severity = severityOf(attempt)
  if (severity === 2) return taken
  if (severity === 5) return { kind: 'failed', why: 'refused' }
  if (policy.maxAttempts !== undefined && entry.attempts >= policy.maxAttempts) {
    return { kind: 'failed', why: 'attempts' }
  }
  const at = now + retryDelay(policy, entry.attempts)
  return at < entry.queuedAt + policy.expireAfterMs ? { kind: 'retry', at } : { kind: 'failed', why: 'expired' }
}

/** The wait after attempt number `attempts`; the last of the schedule repeats. */
export function retryDelay({ scheduleMs }: RetryPolicy, attempts: number): number {
  return scheduleMs[Math.min(attempts, scheduleMs.length) - 1] ?? defaultDelayMs
}

/** An empty schedule must not become a loop. */
const defaultDelayMs = 30 * 60_000

/** Before MAIL, what the host says is about us, and not about anybody's mail. */
const beforeMail: ReadonlySet<Attempt['command']> = new Set(['connect', 'ehlo', 'starttls', 'auth'])

/**
 * The first digit of the reply decides (RFC 5321 §4.2.1), whatever class an enhanced status beside it has: `450 5.7.1`
 * waits, `550 4.7.1` fails.
 */
function severityOf({ reply, command, status }: Pick<Attempt, 'reply' | 'command' | 'status'>): 2 | 4 | 5 {
  if (reply === null) return status?.startsWith('5.') ? 5 : 4
  // "Too many recipients" was 552 once: the rest goes in another transaction (RFC 5321 §4.5.3.1.10).
  if (reply.code === 552 && command === 'rcpt') return 4
  const severity = Math.floor(reply.code / 100)
  // A host that dislikes us today, or our password, may be mended; one that takes no mail at all says 521 (RFC 7504).
  if (severity === 5 && beforeMail.has(command)) return reply.code === 521 ? 5 : 4
  return severity === 2 || severity === 5 ? severity : 4
}
