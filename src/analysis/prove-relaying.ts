import type { Graph, Leaf } from '../graph/graph.ts'
import type { Found } from './proof.ts'
import { internalAssumptions, internalMembers, outsideOf } from './prove-internal.ts'
import { question } from './prove-question.ts'
import { type Member, type Region, type Space, spaceOf } from './prove-space.ts'
import { type Ending, refuses, walk } from './prove-walk.ts'
import { type Subject, witnessOf } from './prove-witness.ts'

/** Recipients in domains that the gateway answers for, and the roles of its own name (RFC 5321 §4.5.1). */
export const ourRecipients = ({ claims, control }: Graph): Member => ({
  dimension: 'recipient',
  patterns: [
    ...new Map([
      ...[`postmaster@${control.hostname}`, `abuse@${control.hostname}`].map((mailbox) => [mailbox, true] as const),
      ...claims.domains.map(([pattern]) => [pattern, true] as const),
    ]),
  ],
})

/** What leaves this gateway, now or when an operator lets it go. */
const leaves = (leaf: Leaf): string => {
  switch (leaf.kind) {
    case 'refuse':
      return refuses
    case 'relay':
    case 'hosts':
    case 'mx':
    case 'hold':
      return 'leaves'
    default:
      return 'stays'
  }
}

/**
 * No client that is not internal is accepted for a recipient that is not ours and sent on. The sender has no part in it:
 * anybody can write anything there.
 */
export function noOpenRelay(subject: Subject): Found {
  const { graph } = subject.bundle
  const space: Space = spaceOf(question(graph, leaves), [ourRecipients(graph), ...internalMembers(graph)])
  const others = {
    ...space.everything,
    recipient: space.everything.recipient.filter((state) => !space.isIn(0, state)),
  }
  const outside = others.recipient.length === 0 ? [] : outsideOf(space, 1, others)
  const assumes = internalAssumptions(graph)
  if (outside.length === 0) {
    const nobody = others.recipient.length > 0 ? 'every address is internal' : 'every domain is ours'
    return { verdict: 'VIOLATED', reason: `${nobody}: anybody may relay`, findings: [] }
  }
  const found: Found[] = []
  const ending = (region: Region, ending: Ending): void => {
    if (found.length > 0 || ending.kind === 'refused' || !ending.values.includes('leaves')) return
    const witness = witnessOf(subject, space, region, ({ behaviour }) => behaviour.kind === 'accepted')
    const { client, login, recipient } = witness.message
    const who = login === undefined ? client : `${login}, logged in at ${client}`
    found.push({
      verdict: 'VIOLATED',
      reason: `${who}, who is not internal, can send to ${recipient}, who is not ours`,
      witness,
    })
  }
  // Those who need nothing are looked at first: the plainest way is the best evidence.
  for (const region of outside.reverse()) walk(space, region, { ending })
  if (found[0] !== undefined) return found[0]
  return {
    verdict: assumes.length === 0 ? 'PROVED' : 'PROVED-IF',
    reason: 'nobody who is not internal can send to a domain that is not ours',
    assumes,
  }
}
