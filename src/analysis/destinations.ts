import { admitDestination } from '../graph/admission.ts'
import type { Behaviour, Decided, Decider } from '../graph/behaviour.ts'
import type { PatternSet } from '../graph/box.ts'
import type { Bundle } from '../graph/bundle.ts'
import { type Interpreter, interpreter } from '../graph/interpret.ts'
import { noFacts } from '../graph/route-of.ts'
import type { IpAddress } from '../mail/ip.ts'
import { type CanonId, type CanonLeaf, type CanonTable, makeCanon, reachedFrom } from './canon.ts'
import type { DestinationChange } from './change-set.ts'
import { patternsOf } from './family.ts'
import { networksOf } from './networks.ts'
import { NotAnalysable } from './space.ts'

/** A change of the stage `destination`, with what decided on both sides, its causes not yet named. */
export type DestinationDraft = Omit<DestinationChange, 'causes'> & {
  readonly deciders: { readonly from: Decided; readonly to: Decided }
}

/**
 * The stage that is asked for an address that a delivery is about to connect to: a small space of its own, in which
 * nothing of the message is known. Throws `NotAnalysable` where it asks for more.
 */
export function destinationChanges(before: Bundle, after: Bundle): DestinationDraft[] {
  const canon = makeCanon()
  const entries = [before, after].map(
    ({ graph }) => canon.add(graph, graph.entry.destination)[graph.entry.destination]!,
  )
  if (entries[0] === entries[1]) return []
  const reached = reachedFrom(canon.nodes, entries)
  for (const id of reached) {
    const node = canon.nodes[id]!
    if (node.kind !== 'leaf' && !(node.kind === 'table' && node.on === 'destination'))
      throw new NotAnalysable(`the destination stage asks for ${'on' in node ? `the ${node.on}` : `a ${node.kind}`}`)
  }
  const tables = reached.filter((id) => canon.nodes[id]!.kind === 'table')
  const indexes = new Map(tables.map((id, index) => [id, index]))
  const family = networksOf(tables.map((id) => canon.nodes[id] as CanonTable))
  const leafAt = (entry: CanonId, state: number): CanonLeaf => {
    let id = entry
    for (let node = canon.nodes[id]!; node.kind !== 'leaf'; node = canon.nodes[id]!) {
      id = family.states.labelOf(state, indexes.get(id)!)
    }
    return canon.nodes[id] as CanonLeaf
  }

  const groups = new Map<string, { readonly cell: number; readonly states: Set<number> }>()
  for (const cell of family.order) {
    if (family.isEmpty(cell)) continue
    const state = family.state[cell]!
    const [from, to] = entries.map((entry) => leafText(leafAt(entry, state)))
    if (from === to) continue
    const key = `${from}\n${to}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { cell, states: new Set([state]) })
    else group.states.add(state)
  }
  const plain = [before, after].map(({ graph, sources, hash }) => interpreter(graph, sources, hash))
  return [...groups.values()].map(({ cell, states }) => {
    const witness = family.witness(cell)
    const [from, to] = plain.map((one) => decidedAt(one, witness)) as [Decided, Decided]
    return draft(
      patternsOf(family, (state) => states.has(state)),
      witness,
      from,
      to,
    )
  })
}

function draft(destinations: PatternSet, witness: string, from: Decided, to: Decided): DestinationDraft {
  const texts = [from, to].map(({ behaviour }) => behaviourWords(behaviour)) as [string, string]
  if (texts[0] === texts[1]) throw new Error(`internal error: the interpreter sees no change for ${witness}`)
  const kind =
    to.behaviour.kind === 'accepted' ? 'accepted' : from.behaviour.kind === 'accepted' ? 'refused' : ('text' as const)
  return { kind, destinations, from: texts[0], to: texts[1], witness, deciders: { from, to } }
}

const behaviourWords = (behaviour: Behaviour): string =>
  behaviour.kind === 'accepted'
    ? 'may be connected to'
    : `refused ${behaviour.code} ${behaviour.status} ${behaviour.text}`

const leafText = (leaf: CanonLeaf): string =>
  leaf.is === 'refuse' ? `refused ${leaf.code} ${leaf.status} ${leaf.text}` : 'may be connected to'

function decidedAt(interpreter: Interpreter, destination: IpAddress): Decided {
  const verdict = admitDestination(interpreter, { ...noFacts(), destination })
  if (verdict.kind === 'ask') throw new Error('internal error: the destination stage asks an oracle')
  const deciders: Decider[] = verdict.winner.at === '' ? [] : [{ stage: 'destination', ...verdict.winner }]
  if (verdict.kind === 'accept') return { kind: 'decided', behaviour: { kind: 'accepted', finals: [] }, deciders }
  const { code, status, text } = verdict.reply
  return {
    kind: 'decided',
    behaviour: { kind: 'refused', stage: 'destination', code, status: status ?? '', text },
    deciders,
  }
}
