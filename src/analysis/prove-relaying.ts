import type { Graph, Leaf } from '../graph/graph.ts'
import type { Found } from './proof.ts'
import { question } from './prove-question.ts'
import { type Member, type Space, spaceOf } from './prove-space.ts'
import { refuses, walk } from './prove-walk.ts'
import { type Subject, witnessOf } from './prove-witness.ts'

/** Which clients are internal, by most specific network. */
export const internalClients = ({ claims }: Graph): Member => ({
  dimension: 'client',
  patterns: claims.clients.map(([network, isInternal]) => [network, isInternal] as const),
})

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
  const space: Space = spaceOf(question(graph, leaves), [internalClients(graph), ourRecipients(graph)])
  const outside = {
    ...space.everything,
    client: space.everything.client.filter((state) => !space.isIn(0, state)),
    recipient: space.everything.recipient.filter((state) => !space.isIn(1, state)),
  }
  const assumes = graph.claims.clients.some(([, isInternal]) => isInternal)
    ? [
        'clients in internal networks are really those hosts: no bridge, proxy or NAT shows strangers with their addresses',
      ]
    : []
  if (outside.client.length === 0 || outside.recipient.length === 0) {
    const nobody = outside.client.length === 0 ? 'every address is internal' : 'every domain is ours'
    return { verdict: 'VIOLATED', reason: `${nobody}: anybody may relay`, findings: [] }
  }
  const found: Found[] = []
  walk(space, outside, {
    ending(region, ending) {
      if (found.length > 0 || ending.kind === 'refused' || !ending.values.includes('leaves')) return
      const witness = witnessOf(subject, space, region, ({ behaviour }) => behaviour.kind === 'accepted')
      found.push({
        verdict: 'VIOLATED',
        reason: `${witness.message.client}, who is not internal, can send to ${witness.message.recipient}, who is not ours`,
        witness,
      })
    },
  })
  if (found[0] !== undefined) return found[0]
  return {
    verdict: assumes.length === 0 ? 'PROVED' : 'PROVED-IF',
    reason: 'nobody who is not internal can send to a domain that is not ours',
    assumes,
  }
}
