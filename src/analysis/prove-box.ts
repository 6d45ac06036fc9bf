import type { Box } from '../graph/box.ts'
import type { Claim, Effect } from '../graph/claims.ts'
import type { Leaf } from '../graph/graph.ts'
import { assertNever } from '../mail/result.ts'
import type { Found } from './proof.ts'
import { question } from './prove-question.ts'
import { type Member, memberOf, type Region, type Space, spaceOf } from './prove-space.ts'
import { type Ending, refuses, walk } from './prove-walk.ts'
import { type Subject, witnessOf } from './prove-witness.ts'

type BoxClaim = Extract<Claim, { kind: 'never' | 'always' | 'onlyVia' }>

/** `forAll(box)`: every message of the box is looked for that the claim does not allow. */
export function forAllBox(subject: Subject, claim: BoxClaim): Found {
  const effect: Effect = claim.kind === 'onlyVia' ? { relay: claim.relay } : claim.effect
  const value = (leaf: Leaf): string => (leaf.kind === 'refuse' ? refuses : isEffect(leaf, effect) ? 'so' : 'else')
  const { members, inBox } = boxMembers(claim.box)
  const space = spaceOf(question(subject.bundle.graph, value), members, [claim.box])
  const region = inBox(space)
  if (region === null) return { verdict: 'PROVED', reason: 'no message is in the box' }
  const found: Found[] = []
  walk(space, region, {
    ending(part, ending) {
      if (found.length > 0 || !violates(claim, effect, ending)) return
      const witness = witnessOf(subject, space, part, ({ behaviour }) => behaviour.kind === ending.kind)
      const who = `${witness.message.recipient} from ${witness.message.sender}`
      found.push({
        verdict: 'VIOLATED',
        reason: `a message for ${who} is ${ending.kind}${went(witness.behaviour)}`,
        witness,
      })
    },
  })
  return found[0] ?? { verdict: 'PROVED', reason: 'so it is for every message of the box' }
}

const went = (behaviour: {
  readonly kind: string
  readonly finals?: readonly { readonly route: { readonly text: string } }[]
}) =>
  behaviour.finals === undefined ? '' : `: ${[...new Set(behaviour.finals.map(({ route }) => route.text))].join(', ')}`

function violates(claim: BoxClaim, effect: Effect, ending: Ending): boolean {
  const accepted = ending.kind === 'accepted'
  const values = accepted ? ending.values : []
  switch (claim.kind) {
    case 'never':
      if (effect === 'accepted') return accepted
      if (effect === 'refused') return !accepted
      return values.includes('so')
    case 'always':
      if (effect === 'accepted') return !accepted
      if (effect === 'refused') return accepted
      return !accepted || values.includes('else')
    case 'onlyVia':
      return values.includes('else')
    default:
      return assertNever(claim)
  }
}

function isEffect(leaf: Leaf, effect: Effect): boolean {
  if (typeof effect !== 'string') return leaf.kind === 'relay' && leaf.relay === effect.relay
  switch (effect) {
    case 'relayed':
      return leaf.kind === 'relay' || leaf.kind === 'hosts' || leaf.kind === 'mx'
    case 'delivered':
      return leaf.kind === 'deliver'
    case 'held':
      return leaf.kind === 'hold'
    case 'discarded':
      return leaf.kind === 'discard'
    case 'accepted':
    case 'refused':
      return false
    default:
      return assertNever(effect)
  }
}

/** What a box asks about, and its messages as a region of a space that was made with it; `null` when it has none. */
function boxMembers(box: Box): { members: readonly Member[]; inBox: (space: Space) => Region | null } {
  const members: Member[] = []
  const index = { client: -1, certificate: -1, login: -1, helo: -1, sender: -1, recipient: -1 }
  for (const [dimension, set] of [
    ['client', box.clients],
    ['certificate', box.certificates ?? null],
    ['login', box.logins ?? null],
    ['helo', box.helos ?? null],
    ['sender', box.senders],
    ['recipient', box.recipients],
  ] as const) {
    if (set !== null) index[dimension] = members.push(memberOf(dimension, set)) - 1
  }
  const inBox = (space: Space): Region | null => {
    const { everything, listeners, sizeCuts, hopCuts } = space
    const within = (dimension: keyof typeof index) =>
      index[dimension] < 0
        ? everything[dimension]
        : everything[dimension].filter((one) => space.isIn(index[dimension], one))
    const sizes = box.sizes?.map(({ overBytes, upToBytes }) => [overBytes, upToBytes] as const) ?? null
    const hops = box.hops?.map(({ over, upTo }) => [over, upTo] as const) ?? null
    const region = {
      ...everything,
      listener: everything.listener.filter((one) => box.listeners?.includes(listeners[one]!) ?? true),
      tls: everything.tls.filter((tls) => box.tls === undefined || box.tls === (tls === 1)),
      client: within('client'),
      certificate: within('certificate'),
      login: within('login'),
      helo: within('helo'),
      sender: within('sender'),
      recipient: within('recipient'),
      size: everything.size.filter((range) => inRanges(sizes, sizeCuts, range)),
      hops: everything.hops.filter((range) => inRanges(hops, hopCuts, range)),
      oracles: new Map([...everything.oracles].map(([oracle, all]) => [oracle, box.oracles[oracle] ?? all] as const)),
    }
    const { oracles, ...lists } = region
    return [...Object.values(lists), ...oracles.values()].every((list) => list.length > 0) ? region : null
  }
  return { members, inBox }
}

/** Ranges and cuts: range 0 is up to the first cut, range 1 over it, and so on. */
function inRanges(
  ranges: readonly (readonly [over: number | null, upTo: number | null])[] | null,
  cuts: readonly number[],
  range: number,
): boolean {
  const value = range === 0 ? 0 : cuts[range - 1]! + 1
  return ranges?.some(([over, upTo]) => (over === null || value > over) && (upTo === null || value <= upTo)) ?? true
}
