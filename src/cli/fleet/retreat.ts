import type { Trip } from './bake.ts'
import type { Candidate, Left, RolloutDeps } from './rollout.ts'

/** How long a gateway that does not answer is asked to go back; its own deadline does the rest. */
const insistMs = 5000

/** Tells all gateways that were activated, or may have been, to go back; says what each serves then. */
export function retreat(
  touched: readonly Candidate[],
  hash: string,
  trip: Trip,
  deadline: number | null,
  { clock, sleep, tell }: RolloutDeps,
): Promise<readonly Left[]> {
  const reason = `apply: ${trip.name}: ${trip.reason}`
  return Promise.all(
    touched.map(async ({ name, client, base }): Promise<Left> => {
      const begun = clock.now()
      for (;;) {
        const answer = await client.rollback(base, reason)
        if (answer.kind === 'ok') {
          tell(`${name}: back on ${answer.value.hash}`)
          return { name, graph: answer.value.hash, note: 'rolled back' }
        }
        // Gone back by itself, or never activated: what serves there is what counts.
        const status = await client.status()
        if (status.kind === 'ok' && status.value.graph !== hash) {
          const { graph } = status.value
          tell(`${name}: ${graph} is active`)
          return { name, graph, note: graph === base ? 'went back by itself' : 'another graph is active' }
        }
        if (status.kind === 'ok' && answer.kind === 'refused')
          return { name, graph: hash, note: `could not go back: ${answer.error}` }
        if (clock.now() - begun >= insistMs) {
          const itself = deadline === null ? '' : `; it goes back by itself by ${new Date(deadline).toISOString()}`
          return { name, graph: null, note: `${answer.error}${itself}` }
        }
        await sleep(250)
      }
    }),
  )
}
