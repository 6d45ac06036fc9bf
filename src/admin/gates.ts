import type { Gates, TrialCounts } from './protocol.ts'

/** The first gate that the counts of a trial are beyond, in words; `null` while all hold. */
export function trippedGate(
  gates: Gates,
  counts: Omit<TrialCounts, 'compared' | 'insideBoxes' | 'outsideBoxes' | 'paused'>,
): string | null {
  const { decisions, refused, deferred, attempts, attemptsDeferred, attemptsFailed } = counts
  const checks = [
    ['reject rate', gates.rejectRate, refused, decisions, 'decisions'],
    ['defer rate', gates.deferRate, deferred, decisions, 'decisions'],
    ['defer rate', gates.deferRate, attemptsDeferred, attempts, 'deliveries'],
    ['delivery failure rate', gates.failureRate, attemptsFailed, attempts, 'deliveries'],
  ] as const
  for (const [name, limit, count, all, what] of checks) {
    // A handful of messages says nothing: one refused probe in three would be a third.
    if (limit === null || all < Math.max(1, gates.minMessages) || count / all <= limit) continue
    return `${name} ${percent(count / all)} is over ${percent(limit)} (${count} of ${all} ${what})`
  }
  return null
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`
