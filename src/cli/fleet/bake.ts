import type { TrialAnswer } from '../../admin/protocol.ts'
import type { Answer } from './gateway-client.ts'
import type { Candidate } from './rollout.ts'

/** Why a roll-out ends: who, and what was seen there. */
export type Trip = { readonly name: string; readonly reason: string }

export type BakeDeps = {
  readonly clock: { now(): number }
  sleep(ms: number): Promise<void>
  /** Aborted when somebody wants an end (Ctrl-C). */
  readonly signal: AbortSignal
  /** A gateway that has not answered for so long is taken for gone. */
  readonly silentMs: number
}

/**
 * Watches the trials of all gateways that were activated, at least once; `null` when the time is over and all of them
 * still run. A gateway counts and decides by itself (gates, decisions that were not reviewed); this only hears of it.
 */
export async function bake({
  watched,
  hash,
  forMs,
  deps,
}: {
  readonly watched: readonly Candidate[]
  readonly hash: string
  readonly forMs: number
  readonly deps: BakeDeps
}): Promise<Trip | null> {
  const { clock, sleep, signal, silentMs } = deps
  const end = clock.now() + forMs
  const everyMs = Math.min(1000, Math.max(100, forMs / 20))
  const silentSince = new Map<string, number>()
  for (;;) {
    if (signal.aborted) return { name: 'apply', reason: 'interrupted' }
    const answers = await Promise.all(watched.map(async ({ name, client }) => ({ name, answer: await client.trial() })))
    let allHeard = true
    for (const { name, answer } of answers) {
      if (answer.kind === 'silent') {
        allHeard = false
        const since = silentSince.get(name) ?? clock.now()
        silentSince.set(name, since)
        if (clock.now() - since >= silentMs) return { name, reason: answer.error }
        continue
      }
      silentSince.delete(name)
      const reason = problem(answer, hash)
      if (reason !== null) return { name, reason }
    }
    // Nobody is taken for good on the word of a moment at which it said nothing.
    if (allHeard && clock.now() >= end) return null
    await sleep(allHeard ? Math.min(everyMs, Math.max(0, end - clock.now())) : everyMs)
  }
}

function problem(answer: Answer<TrialAnswer>, hash: string): string | null {
  if (answer.kind !== 'ok') return answer.error
  const { running, last } = answer.value
  if (running?.hash === hash) return null
  if (running !== null) return `another trial runs there, of ${running.hash}`
  if (last?.hash !== hash) return 'it knows of no trial: it was started anew, with the graph before'
  return last.result === 'rolled back' ? `went back: ${last.reason}` : 'somebody else confirmed it'
}
