import type { Leaf, Outcome } from '../graph/graph.ts'
import type { Found } from './proof.ts'
import { internalMembers, strangersOf } from './prove-internal.ts'
import { roles, shared } from './prove-ours.ts'
import { oraclesOf, question } from './prove-question.ts'
import { ourRecipients } from './prove-relaying.ts'
import { type Region, spaceOf } from './prove-space.ts'
import { type Ending, refuses, walk } from './prove-walk.ts'
import { type Subject, witnessOf } from './prove-witness.ts'

const later = `${refuses} for now`
const never = `${refuses} for good`

const severity = (leaf: Leaf): string => (leaf.kind !== 'refuse' ? 'accepted' : leaf.code < 500 ? later : never)

/**
 * When a DNS list cannot be asked: nothing is refused for good that it would have let pass, nothing passes that it would
 * have refused without being asked, and mail from outside still arrives.
 */
export function oraclesFailSafe(subject: Subject): Found {
  const { graph } = subject.bundle
  // A counter is in the gateway itself: there is always an answer.
  const oracles = oraclesOf(graph).filter((oracle) => !oracle.startsWith('rate.'))
  if (oracles.length === 0) return { verdict: 'PROVED', reason: 'the document asks no DNS list' }
  const asked = oracles.every((oracle) => oracle.startsWith('dnsbl.')) ? 'a DNS list' : 'what is asked at run time'
  const space = spaceOf(question(graph, severity), [ourRecipients(graph), roles, ...internalMembers(graph)])
  const doors = space.everything.listener.filter((one) => graph.control.listeners[one]!.kind === 'mx')
  const fromOutside: Region = {
    ...strangersOf(space, 2, space.everything),
    listener: doors.length === 0 ? space.everything.listener : doors,
    // Roles pass before any list is asked; that they arrive says nothing of the others.
    recipient: space.everything.recipient.filter((state) => space.isIn(0, state) && !space.isIn(1, state)),
    size: [0],
    hops: [0],
  }
  const assumes: string[] = []
  for (const oracle of oracles) {
    const when = (outcome: Outcome): readonly [Region, Ending, string][] => {
      const found: [Region, Ending, string][] = []
      const from = { ...space.everything, oracles: new Map(space.everything.oracles).set(oracle, [outcome]) }
      walk(space, from, {
        ending(region, ending) {
          const value = ending.kind === 'accepted' ? 'accepted' : (space.question.valueOf(ending.leaf) ?? refuses)
          found.push([region, ending, value])
        },
      })
      return found
    }
    const [clear, failed] = [when('clear'), when('error')]
    const anyAnswer = (region: Region): Region => ({
      ...region,
      oracles: new Map(region.oracles).set(oracle, ['error']),
    })
    let waits = false
    for (const [region, , value] of failed) {
      if (value !== never && (value !== later || waits)) continue
      const both = firstShared(
        region,
        clear.map(([other, ending]) => (ending.kind === 'accepted' ? anyAnswer(other) : null)),
      )
      if (both === null) continue
      waits = true
      if (value === later) continue
      const witness = witnessOf(subject, space, both, ({ behaviour }) => behaviour.kind === 'refused')
      return { verdict: 'VIOLATED', reason: `mail is refused for good while ${oracle} cannot be asked`, witness }
    }
    if (waits) assumes.push(`${oracle} can be asked again before senders give up: until then some mail waits with them`)
    // Mail of others only: what this list decides about all of it is a single point that can fail.
    if (fromOutside.client.length === 0 || fromOutside.recipient.length === 0) continue
    const others = new Map<string, readonly Outcome[]>(
      [...space.everything.oracles.keys()].map((one) => [one, ['clear']]),
    )
    const passes = (outcome: Outcome): { accepted: boolean; refused: Region | null } => {
      const state = { accepted: false, refused: null as Region | null }
      walk(
        space,
        { ...fromOutside, oracles: new Map(others).set(oracle, [outcome]) },
        {
          ending(region, ending) {
            if (ending.kind === 'accepted') state.accepted = true
            else if (space.question.valueOf(ending.leaf) === later) state.refused ??= region
          },
        },
      )
      return state
    }
    const now = passes('clear')
    const then = passes('error')
    if (now.accepted && !then.accepted && then.refused !== null) {
      const witness = witnessOf(subject, space, then.refused, ({ behaviour }) => behaviour.kind === 'refused')
      return { verdict: 'VIOLATED', reason: `no mail from outside arrives while ${oracle} cannot be asked`, witness }
    }
  }
  return {
    verdict: assumes.length === 0 ? 'PROVED' : 'PROVED-IF',
    reason: `while ${asked} cannot be asked nothing is lost, and mail from outside arrives`,
    assumes,
  }
}

function firstShared(region: Region, others: readonly (Region | null)[]): Region | null {
  for (const other of others) {
    const both = other === null ? null : shared(region, other)
    if (both !== null) return both
  }
  return null
}
