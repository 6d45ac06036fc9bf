import type { RetryPolicy } from '../mail/settings.ts'
import type { Attempt } from './lane.ts'

export type Settlement =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly why: 'refused' | 'expired' }
  | { readonly kind: 'retry'; readonly at: number }

/** `attempts` counts the one that is settled. */
export type Attempted = { readonly queuedAt: number; readonly attempts: number }

/**
 * 2yz delivers, 5yz fails, the rest waits as the schedule says, until the message is `expireAfterMs` old
 * (RFC 5321 §4.5.4.1). Without a reply a status of class 5 fails; everything else there waits.
 */
export function settle(
  entry: Attempted,
  attempt: Pick<Attempt, 'reply' | 'command' | 'status'>,
  policy: RetryPolicy,
  now: number,
): Settlement {
  const severity = severityOf(attempt)
  if (severity === 2) return { kind: 'delivered' }
  if (severity === 5) return { kind: 'failed', why: 'refused' }
  const at = now + retryDelay(policy, entry.attempts)
  return at < entry.queuedAt + policy.expireAfterMs ? { kind: 'retry', at } : { kind: 'failed', why: 'expired' }
}

/** The wait after attempt number `attempts`; the last of the schedule repeats. */
export function retryDelay({ scheduleMs }: RetryPolicy, attempts: number): number {
  return scheduleMs[Math.min(attempts, scheduleMs.length) - 1] ?? defaultDelayMs
}

/** An empty schedule must not become a loop. */
const defaultDelayMs = 30 * 60_000

function severityOf({ reply, command, status }: Pick<Attempt, 'reply' | 'command' | 'status'>): 2 | 4 | 5 {
  if (reply === null) return status?.startsWith('5.') ? 5 : 4
  // "Too many recipients" was 552 once: the rest goes in another transaction (RFC 5321 §4.5.3.1.10).
  if (reply.code === 552 && command === 'rcpt') return 4
  const severity = Math.floor(reply.code / 100)
  return severity === 2 || severity === 5 ? severity : 4
}
