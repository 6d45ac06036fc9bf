import type { Behaviour, Decided, Decider } from '../graph/behaviour.ts'
import type { Bundle } from '../graph/bundle.ts'
import { canonicalJson } from '../graph/canonical.ts'
import { type Stage, stages } from '../graph/graph.ts'
import { placeFinder } from '../graph/sources.ts'
import type { Cause } from './change-set.ts'
import { type Elements, elementsFinder } from './elements.ts'

type Pair = { readonly from: Decided; readonly to: Decided }

/** Names what was edited, for any number of pairs of decisions of the same two graphs: these are read once for all. */
export function causeFinder(before: Bundle, after: Bundle, pairs: readonly Pair[]): (pair: Pair) => readonly Cause[] {
  const named = (of: (pair: Pair) => Decided) => new Set(pairs.flatMap((pair) => of(pair).deciders.map(({ at }) => at)))
  const ats = new Set([...named(({ from }) => from), ...named(({ to }) => to)])
  const contents = { before: elementsFinder(before.graph, ats), after: elementsFinder(after.graph, ats) }
  const wanted = (own: Elements) => new Set([...own.values()].flatMap((set) => [...set]))
  const known = {
    before: contents.before.whichOf(wanted(contents.after.elements)),
    after: contents.after.whichOf(wanted(contents.before.elements)),
  }
  const places = { before: placeFinder(before.sources), after: placeFinder(after.sources) }
  const cause = (side: Cause['side'], at: string): Cause => ({
    side,
    at,
    ...(places[side](at) ?? { file: null, line: 0, column: 0 }),
  })

  /** True for an element that the other graph does not have, or has with another content. */
  const isEdited = (side: Cause['side'], at: string): boolean => {
    const other = side === 'before' ? 'after' : 'before'
    const own = contents[side].elements.get(at) ?? new Set()
    for (const content of own) if (!known[other].has(content)) return true
    // An index says only where an element stands; a name says which it is.
    if (/\[\d+\]$/.test(at)) return false
    const there = contents[other].elements.get(at)
    return there !== undefined && (there.size !== own.size || [...own].some((content) => !there.has(content)))
  }

  return ({ from, to }) => {
    const relays = changedRelays(before, after, [from.behaviour, to.behaviour])
    // Who let in a message that both let in, to the same mailboxes, has no part in where it goes.
    const concerns = ({ stage }: Decider) => stage === 'route' || !isTakenAlike(from, to)
    const deciders = [
      ...othersThan(from, to).map((decider) => ({ side: 'before' as const, decider })),
      ...othersThan(to, from).map((decider) => ({ side: 'after' as const, decider })),
    ].filter(({ decider }) => concerns(decider))
    const edited = deciders.filter(({ side, decider }) => isEdited(side, decider.at))
    const here = parting(from, to)
    const chosen =
      some(edited.filter(({ decider }) => stageOrder(decider.stage) === here)) ??
      (here === stageOrder('rcpt') && relays.length > 0 ? [] : null) ??
      some(earliest(edited)) ??
      some(deciders.filter(({ decider }) => stageOrder(decider.stage) === here)) ??
      deciders
    const found = new Map<string, Cause>()
    for (const { side, decider } of chosen) found.set(`${side} ${decider.at}`, cause(side, decider.at))
    if (chosen.length === 0) {
      for (const name of relays) {
        for (const side of ['before', 'after'] as const) found.set(`${side} ${name}`, cause(side, `relays.${name}`))
      }
    }
    return [...found.values()]
  }
}

/** The routes are asked in the stage of the recipient. */
const stageOrder = (stage: Stage): number => stages.indexOf(stage === 'route' ? 'rcpt' : stage)

/** The stage at which the two part: where the first refusal is, or else where it is said who gets the message. */
function parting(from: Decided, to: Decided): number {
  const refusals = [from, to].flatMap(({ behaviour }) =>
    behaviour.kind === 'refused' ? [stageOrder(behaviour.stage)] : [],
  )
  return refusals.length === 0 ? stageOrder('rcpt') : Math.min(...refusals)
}

/** Both accept the message, for the same mailboxes and with the same marks: only their ways can differ. */
function isTakenAlike({ behaviour: one }: Decided, { behaviour: other }: Decided): boolean {
  if (one.kind === 'refused' || other.kind === 'refused') return false
  if (canonicalJson(one.tags ?? []) !== canonicalJson(other.tags ?? [])) return false
  const mailboxes = other.finals.map(({ mailbox }) => mailbox)
  return one.finals.length === mailboxes.length && one.finals.every(({ mailbox }, i) => mailbox === mailboxes[i])
}

const some = <T>(list: readonly T[]): readonly T[] | null => (list.length === 0 ? null : list)

function earliest<T extends { readonly decider: Decider }>(deciders: readonly T[]): T[] {
  const first = Math.min(...deciders.map(({ decider }) => stageOrder(decider.stage)))
  return deciders.filter(({ decider }) => stageOrder(decider.stage) === first)
}

/** Of one side, those who decided something else than on the other. */
function othersThan(own: Decided, other: Decided): readonly Decider[] {
  const last = own.deciders.at(-1)
  return own.deciders.filter((decider) => {
    const isEnd = decider === last && own.behaviour.kind === 'refused'
    const same = other.deciders.find(({ stage, at }) => stage === decider.stage && at === decider.at)
    if (same === undefined || isEnd || decider.stage === 'route') return true
    return other.behaviour.kind === 'refused' && same === other.deciders.at(-1)
  })
}

/** Relays by name that these ways take and that the two graphs do not settle alike. */
function changedRelays(
  { graph: before }: Bundle,
  { graph: after }: Bundle,
  behaviours: readonly Behaviour[],
): string[] {
  const taken = new Set(
    behaviours.flatMap((behaviour) =>
      behaviour.kind === 'refused'
        ? []
        : behaviour.finals.flatMap(({ route }) => (route.kind === 'relay' ? [route.text.slice('relay '.length)] : [])),
    ),
  )
  const settled = (graph: Bundle['graph'], name: string) => {
    const relay = graph.control.relays.find((one) => one.name === name)
    return relay === undefined ? null : canonicalJson(relay)
  }
  return [...taken].filter((name) => {
    const [one, other] = [settled(before, name), settled(after, name)]
    return one !== null && other !== null && one !== other
  })
}
