import type { Gates, ListenerChange, Prepared, PrepareRequest, Trial } from '../../admin/protocol.ts'
import { type BakeDeps, bake, type Trip } from './bake.ts'
import type { Answer, GatewayClient } from './gateway-client.ts'
import { retreat } from './retreat.ts'
import type { Wave } from './waves.ts'

/** A gateway that is to be changed: the graph that is active there now, and what its review says. */
export type Candidate = {
  readonly name: string
  readonly groups: readonly string[]
  readonly client: GatewayClient
  readonly base: string
  readonly witnesses: PrepareRequest['witnesses']
  readonly boxes: PrepareRequest['boxes']
}

export type RolloutPlan = {
  readonly hash: string
  /** The bundle as it travels. */
  readonly bundle: string
  readonly waves: readonly Wave<Candidate>[]
  readonly papers: Pick<PrepareRequest, 'actor' | 'reason' | 'commit' | 'planHash'>
  /** `null`: activated for good at once, which is for one gateway that nothing is watched on. */
  readonly trial: TrialPlan | null
  readonly holdQueue: boolean
  readonly dryRun: boolean
}

export type TrialPlan = {
  /** How long each wave is watched before the next one. */
  readonly bakeMs: number
  /** From the first activation to the last confirm; a gateway that heard of none by then goes back by itself. */
  readonly withinMs: number
  readonly gates: Gates | null
  readonly shadow: boolean
}

export type Activation = {
  readonly name: string
  readonly wave: string
  readonly previous: string
  readonly listeners: ListenerChange
  readonly eventLoopGapMs: number
  readonly tookMs: number
  /** The counts of its trial, as last heard. */
  readonly trial: Trial | null
}

/** What is active on one gateway after a roll-out that failed. `graph` is `null` where nobody can tell. */
export type Left = { readonly name: string; readonly graph: string | null; readonly note: string }

export type RolloutResult =
  | { readonly kind: 'active' | 'prepared'; readonly gateways: readonly Activation[] }
  /** Nothing was changed anywhere. */
  | { readonly kind: 'refused'; readonly reasons: readonly { readonly name: string; readonly error: string }[] }
  | {
      readonly kind: 'moved'
      readonly gateways: readonly { readonly name: string; readonly active: string; readonly expected: string }[]
    }
  /** Some were activated, and were told to go back. */
  | { readonly kind: 'rolled-back'; readonly trip: Trip; readonly gateways: readonly Left[] }

export type RolloutDeps = BakeDeps & {
  /** One line of what happens, for whoever watches. */
  tell(line: string): void
}

type Ready = { readonly candidate: Candidate; readonly prepared: Prepared }

/**
 * Puts a graph on all gateways or on none: upload and prepare everywhere before anything is activated anywhere; then wave
 * after wave, each watched; then the confirm, everywhere at once. When anything trips, all that were activated are told to
 * go back. From the first activation to the confirm every gateway has a deadline of its own, so that the same happens
 * without us: nothing here is needed for a way back.
 */
export async function rollOut(plan: RolloutPlan, deps: RolloutDeps): Promise<RolloutResult> {
  const candidates = plan.waves.flatMap(({ members }) => members)
  const ready = await prepareAll(plan, candidates, deps)
  if ('kind' in ready) return ready
  if (plan.dryRun) {
    await Promise.all(ready.map(({ candidate, prepared }) => candidate.client.abort(prepared.token)))
    const waveOf = (name: string) => plan.waves.find(({ members }) => members.some((one) => one.name === name))!.name
    return { kind: 'prepared', gateways: ready.map((one) => activationOf(one, waveOf(one.candidate.name), null)) }
  }
  return await activateAll(plan, ready, deps)
}

async function prepareAll(
  plan: RolloutPlan,
  candidates: readonly Candidate[],
  { tell, signal }: RolloutDeps,
): Promise<readonly Ready[] | Extract<RolloutResult, { kind: 'refused' | 'moved' }>> {
  const answers = await Promise.all(
    candidates.map(async (candidate) => {
      const uploaded = await candidate.client.upload(plan.hash, plan.bundle)
      const prepared = uploaded.kind === 'ok' ? await candidate.client.prepare(wanted(plan, candidate)) : uploaded
      if (prepared.kind === 'ok') tell(`${candidate.name}: prepared`)
      return { candidate, prepared }
    }),
  )
  const ready = answers.flatMap(({ candidate, prepared }) =>
    prepared.kind === 'ok' ? [{ candidate, prepared: prepared.value }] : [],
  )
  if (ready.length === candidates.length && !signal.aborted) return ready
  await Promise.all(ready.map(({ candidate, prepared }) => candidate.client.abort(prepared.token)))
  const failed = answers.filter(({ prepared }) => prepared.kind !== 'ok' && prepared.kind !== 'moved')
  const moved = answers.flatMap(({ candidate: { name }, prepared }) =>
    prepared.kind === 'moved' ? [{ name, active: prepared.active, expected: prepared.expected }] : [],
  )
  if (failed.length === 0 && moved.length > 0) return { kind: 'moved', gateways: moved }
  const reasons = answers.flatMap(({ candidate: { name }, prepared }) =>
    prepared.kind === 'ok' ? [] : [{ name, error: prepared.error }],
  )
  return { kind: 'refused', reasons: reasons.length > 0 ? reasons : [{ name: 'apply', error: 'interrupted' }] }
}

const wanted = ({ hash, papers }: RolloutPlan, { base, witnesses, boxes }: Candidate): PrepareRequest => ({
  hash,
  base,
  ...papers,
  witnesses,
  boxes,
})

/** A token that lives shorter than this is fetched anew before it is used. */
const tokenMarginMs = 30_000

async function activateAll(plan: RolloutPlan, ready: readonly Ready[], deps: RolloutDeps): Promise<RolloutResult> {
  const { tell, clock, signal } = deps
  const { trial } = plan
  const deadline = trial === null ? null : clock.now() + trial.withinMs
  const activated: { ready: Ready; done: Activation }[] = []
  /** Also those of which nobody knows whether they did it. */
  const touched = new Set<Candidate>()
  const undo = async (trip: Trip): Promise<RolloutResult> => {
    tell(`${trip.name}: ${trip.reason}`)
    const untouched = ready.filter(({ candidate }) => !touched.has(candidate))
    await Promise.all(untouched.map(({ candidate, prepared }) => candidate.client.abort(prepared.token)))
    return { kind: 'rolled-back', trip, gateways: await retreat([...touched], plan.hash, trip, deadline, deps) }
  }

  for (const [index, wave] of plan.waves.entries()) {
    if (signal.aborted) return await undo({ name: 'apply', reason: 'interrupted' })
    const members = ready.filter(({ candidate }) => wave.members.includes(candidate))
    const answers = await Promise.all(
      members.map(async (one) => {
        const token = await freshToken(plan, one, deps)
        if (token.kind !== 'ok') return { one, answer: token }
        touched.add(one.candidate)
        const confirmWithinMs = deadline === null ? null : Math.max(1000, deadline - clock.now())
        const answer = await one.candidate.client.activate({
          token: token.value,
          confirmWithinMs,
          gates: trial?.gates ?? null,
          shadow: (trial?.shadow ?? false) && one.candidate.boxes !== null,
          holdQueue: plan.holdQueue,
        })
        if (answer.kind === 'moved' || answer.kind === 'refused') touched.delete(one.candidate)
        return { one, answer }
      }),
    )
    for (const { one, answer } of answers) {
      if (answer.kind === 'ok') activated.push({ ready: one, done: activationOf(one, wave.name, answer.value) })
    }
    for (const { one, answer } of answers) {
      if (answer.kind !== 'ok') return await undo({ name: one.candidate.name, reason: answer.error })
    }
    const names = members.map(({ candidate }) => candidate.name).join(', ')
    const bakes = trial === null || trial.bakeMs === 0 ? '' : `, watched for ${trial.bakeMs / 1000} s`
    tell(`wave ${index + 1} of ${plan.waves.length} (${wave.name}): ${names} active${bakes}`)
    if (trial === null) continue
    const trip = await bake({
      watched: activated.map(({ ready: { candidate } }) => candidate),
      hash: plan.hash,
      forMs: trial.bakeMs,
      deps,
    })
    if (trip !== null) return await undo(trip)
  }
  if (trial === null || deadline === null) return { kind: 'active', gateways: activated.map(({ done }) => done) }

  const counts = await Promise.all(activated.map(({ ready: { candidate } }) => candidate.client.trial()))
  const trip = await confirmAll(
    activated.map(({ ready: { candidate } }) => candidate),
    plan.hash,
    deadline,
    deps,
  )
  if (trip !== null) return await undo(trip)
  const gateways = activated.map(({ done }, i) => {
    const last = counts[i]!
    return { ...done, trial: last.kind === 'ok' ? last.value.running : null }
  })
  return { kind: 'active', gateways }
}

/** Long bakes outlive what was prepared: it is prepared again, against the same base and by the same checks. */
async function freshToken(
  plan: RolloutPlan,
  { candidate, prepared }: Ready,
  deps: RolloutDeps,
): Promise<Answer<string>> {
  if (prepared.expiresAt - deps.clock.now() > tokenMarginMs) return { kind: 'ok', value: prepared.token }
  const again = await candidate.client.prepare(wanted(plan, candidate))
  return again.kind === 'ok' ? { kind: 'ok', value: again.value.token } : again
}

/** Everywhere at once, as those that are late go back; a gateway that does not answer is asked again while there is time. */
async function confirmAll(
  candidates: readonly Candidate[],
  hash: string,
  deadline: number,
  { clock, sleep, signal }: RolloutDeps,
): Promise<Trip | null> {
  if (signal.aborted) return { name: 'apply', reason: 'interrupted' }
  const trips = await Promise.all(
    candidates.map(async ({ name, client }): Promise<Trip | null> => {
      for (;;) {
        const answer = await client.confirm(hash)
        if (answer.kind === 'ok') return null
        if (answer.kind !== 'silent' || clock.now() > deadline)
          return { name, reason: `not confirmed: ${answer.error}` }
        await sleep(200)
      }
    }),
  )
  return trips.find((trip) => trip !== null) ?? null
}

function activationOf(
  { candidate, prepared }: Ready,
  wave: string,
  done: { readonly eventLoopGapMs: number; readonly tookMs: number } | null,
): Activation {
  return {
    name: candidate.name,
    wave,
    previous: prepared.base,
    listeners: prepared.listeners,
    eventLoopGapMs: done?.eventLoopGapMs ?? 0,
    tookMs: done?.tookMs ?? 0,
    trial: null,
  }
}
