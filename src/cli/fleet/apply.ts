import type { ChangeSet } from '../../analysis/change-set.ts'
import type { FleetHop, FleetProof } from '../../analysis/fleet-loops.ts'
import { type Bundle, writeBundle } from '../../graph/bundle.ts'
import { activeBundle, type Member } from './members.ts'
import { proveMixedFleet } from './mixed-fleet.ts'
import { type Compare, changeSetsOf, classesOf } from './review.ts'
import { type Candidate, type RolloutDeps, type RolloutPlan, type RolloutResult, rollOut } from './rollout.ts'
import type { Wave } from './waves.ts'

export type ApplyOptions = {
  /** Every gateway of the document: mail goes between all of them, whichever are changed now. */
  readonly fleet: readonly Member[]
  readonly waves: readonly Wave<Member>[]
  readonly next: Bundle
  /** Graph that must be active; `null`: whatever is. */
  readonly base: string | null
  /** Hash of the change set that was reviewed; `null`: nobody reviewed one. */
  readonly expected: string | null
  /** Largest number of classes that may change without being acknowledged; `null`: any. */
  readonly maxChanged: number | null
  /** Hash of the change set that is acknowledged. */
  readonly acknowledged: string | null
  readonly papers: Pick<RolloutPlan['papers'], 'actor' | 'reason' | 'commit'>
  readonly trial: RolloutPlan['trial']
  readonly holdQueue: boolean
  readonly dryRun: boolean
  readonly compare: Compare
}

export type Changed = { readonly name: string; readonly active: string; readonly changeSet: ChangeSet }

export type ApplyResult = { readonly hash: string; readonly changeSet: ChangeSet | null } & (
  | RolloutResult
  | { readonly kind: 'unchanged'; readonly names: readonly string[] }
  /** What would change now is not what was reviewed. */
  | { readonly kind: 'not-reviewed'; readonly expected: string; readonly gateways: readonly Changed[] }
  | { readonly kind: 'too-much'; readonly classes: number; readonly most: number; readonly gateway: Changed }
  | { readonly kind: 'loop'; readonly hops: readonly FleetHop[] }
)

/**
 * From a graph to a fleet that serves it, or to a fleet that serves what it served before. What is compared and proved here
 * is done before anything is sent; see `rollOut` for the rest.
 */
export async function applyToFleet(options: ApplyOptions, deps: RolloutDeps): Promise<ApplyResult> {
  const { fleet, next, expected, waves } = options
  const { hash } = next
  const members = waves.flatMap((wave) => wave.members)
  const refuse = (reasons: readonly { name: string; error: string }[]): ApplyResult => ({
    hash,
    changeSet: null,
    kind: 'refused',
    reasons,
  })

  const obstacles = members.flatMap((member) => obstacle(member) ?? [])
  if (obstacles.length > 0) return refuse(obstacles)
  const graphs = new Map(members.map(({ name, status }) => [name, status.kind === 'ok' ? status.value.graph : '']))
  if (options.base !== null) {
    const moved = members
      .map(({ name }) => ({ name, active: graphs.get(name)!, expected: options.base! }))
      .filter(({ active }) => active !== options.base)
    if (moved.length > 0) return { hash, changeSet: null, kind: 'moved', gateways: moved }
  }
  const behind = members.filter(({ name }) => graphs.get(name) !== hash)
  if (behind.length === 0) return { hash, changeSet: null, kind: 'unchanged', names: members.map(({ name }) => name) }

  const fetched = await fetchActive(fleet)
  const missing = behind
    .filter(({ name }) => !fetched.bundles.has(graphs.get(name)!))
    .map(({ name }) => ({ name, error: fetched.errors.get(graphs.get(name)!) ?? 'its graph could not be read' }))
  if (missing.length > 0) return refuse(missing)
  const sets = changeSetsOf(
    new Map([...fetched.bundles].filter(([active]) => behind.some(({ name }) => graphs.get(name) === active))),
    next,
    options.compare,
  )
  const changed = behind.map(({ name }): Changed => {
    const active = graphs.get(name)!
    return { name, active, changeSet: sets.get(active)! }
  })
  const [first] = changed
  const changeSet = first!.changeSet
  if (expected !== null) {
    const others = changed.filter((one) => one.changeSet.hash !== expected)
    if (others.length > 0) return { hash, changeSet, kind: 'not-reviewed', expected, gateways: others }
  }
  const most = options.maxChanged
  const large = changed.find((one) => most !== null && classesOf(one.changeSet) > most)
  if (large !== undefined && most !== null && large.changeSet.hash !== options.acknowledged) {
    return { hash, changeSet, kind: 'too-much', classes: classesOf(large.changeSet), most, gateway: large }
  }
  const proof = proveMixedFleet(fleet, new Set(behind.map(({ name }) => name)), fetched.bundles, next)
  if (proof.loop !== null) return { hash, changeSet, kind: 'loop', hops: proof.loop }
  tellProof(proof, fleet.length, deps)

  const candidates = new Map(behind.map((member) => [member, candidateOf(member, changed)]))
  if (options.trial?.shadow === true && [...candidates.values()].some(({ boxes }) => boxes === null))
    deps.tell('decisions are not compared with the graph before, as the reviewed boxes are too large to send')
  const result = await rollOut(
    {
      hash,
      bundle: writeBundle(next),
      waves: waves
        .map(({ name, members: of }) => ({ name, members: of.flatMap((member) => candidates.get(member) ?? []) }))
        .filter((wave) => wave.members.length > 0),
      papers: { ...options.papers, planHash: changeSet.hash },
      trial: trialFor(options, changed, deps),
      holdQueue: options.holdQueue,
      dryRun: options.dryRun,
    },
    deps,
  )
  return { hash, changeSet, ...result }
}

function obstacle({ name, status }: Member): { name: string; error: string } | null {
  if (status.kind !== 'ok') return { name, error: status.error }
  const { pending, draining } = status.value
  if (draining) return { name, error: 'the gateway is stopping' }
  if (pending.kind !== 'trial') return null
  const until = new Date(pending.confirmBy).toISOString()
  return { name, error: `a trial of ${pending.hash} runs until ${until}; confirm it or roll it back first` }
}

/** The bundles that are active in the fleet, each fetched once. */
async function fetchActive(
  fleet: readonly Member[],
): Promise<{ readonly bundles: Map<string, Bundle>; readonly errors: Map<string, string> }> {
  const bundles = new Map<string, Bundle>()
  const errors = new Map<string, string>()
  for (const { client, status } of fleet) {
    if (status.kind !== 'ok' || bundles.has(status.value.graph)) continue
    const answer = await activeBundle(client, status.value.graph)
    if (answer.kind === 'ok') bundles.set(answer.value.hash, answer.value)
    else errors.set(status.value.graph, answer.error)
  }
  return { bundles, errors }
}

/** A gateway takes 8 MiB of them; a change of a hundred thousand rows at once may be larger. */
const maxBoxesBytes = 6 * 2 ** 20
const maxWitnesses = 5000

function candidateOf({ name, groups, client }: Member, changed: readonly Changed[]): Candidate {
  const { active, changeSet } = changed.find((one) => one.name === name)!
  const boxes = changeSet.changes.map(({ box }) => box)
  return {
    name,
    groups,
    client,
    base: active,
    witnesses: changeSet.changes
      .slice(0, maxWitnesses)
      .map(({ witness: { message, answers, to } }) => ({ message, answers, behaviour: to })),
    boxes: Buffer.byteLength(JSON.stringify(boxes)) > maxBoxesBytes ? null : boxes,
  }
}

/** Decisions cannot be held against boxes that do not hold everything. */
function trialFor({ trial }: ApplyOptions, changed: readonly Changed[], { tell }: RolloutDeps): RolloutPlan['trial'] {
  if (trial === null || !trial.shadow) return trial
  const undecided = changed.flatMap(({ changeSet }) => changeSet.unknown)
  if (undecided.length === 0) return trial
  tell(`decisions are not compared with the graph before, as the plan could not decide everything: ${undecided[0]}`)
  return { ...trial, shadow: false }
}

function tellProof({ assumes, loopBefore }: FleetProof, gateways: number, { tell }: RolloutDeps): void {
  if (loopBefore !== null) tell('mail can go in circles between the gateways today, and this change leaves it so')
  if (gateways < 2) return
  const resting = assumes.length === 0 ? '' : `, provided that ${assumes.join(', and ')}`
  tell(`no mail can go in circles while the gateways serve different graphs${resting}`)
}
