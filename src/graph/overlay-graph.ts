import { type Graph, isLeaf, type Leaf, type Node, type NodeId, type Table } from './graph.ts'
import {
  type Deny,
  type Holding,
  type Overlay,
  overlayAt,
  overlayCode,
  overlayStatus,
  overlayText,
  type Refusing,
} from './overlay.ts'
import { coveringPatterns } from './pattern.ts'
import { prefixed, pruned, rewired } from './renumber.ts'
import { hostPort } from './route-of.ts'

/**
 * A graph as the overlays leave it: refusals in front of the stages, and holds in the place of next hops. For
 * explanations and comparisons, so that these walk what sessions meet; a gateway asks `overlay-match.ts` instead, as a
 * ban must not cost the building of a graph. A property test holds the two equal.
 *
 * A hold stands only where mail would go somewhere: what the route refuses is refused still. One of a mailbox folder
 * (`maildir:`) is not shown, as the folder's whole path is known to the gateway alone.
 */
export function overlaidGraph(graph: Graph, overlays: readonly Overlay[]): Graph {
  if (overlays.length === 0) return graph
  const holds = overlays.filter((one): one is Holding => one.kind === 'hold')
  const refusing = overlays.filter((one): one is Refusing => one.kind !== 'hold')
  // A ban is asked before every deny, and of two bans of one address the one that ends last.
  const bans = refusing.filter(({ kind }) => kind === 'ban').sort((a, b) => b.until - a.until)
  return pruned(withRefusals(withHolds(graph, holds), [...bans, ...refusing.filter(({ kind }) => kind === 'deny')]))
}

function withHolds(graph: Graph, holds: readonly Holding[]): Graph {
  const byDomain = holds.flatMap((hold) => (hold.domain === null ? [] : [{ hold, domain: hold.domain }]))
  const base = {
    ...graph,
    nodes: graph.nodes.map((node) => {
      const hold = isLeaf(node) ? holds.find(({ nextHop }) => nextHop !== null && nextHop === hopOf(node)) : undefined
      return hold === undefined ? node : heldAt(hold)
    }),
  }
  let held: Graph = base
  for (const hold of holds) {
    const mx = hold.nextHop?.startsWith('mx:') ? hold.nextHop.slice(3) : null
    // What is held by its domain is held already.
    if (mx === null || byDomain.some(({ domain }) => coveringPatterns(mx).includes(domain))) continue
    held = heldFor(held, base, mx, (leaf) => (leaf.kind === 'mx' ? heldAt(hold) : leaf))
  }
  // The oldest in front.
  for (const { hold, domain } of byDomain.reverse()) {
    held = heldFor(held, base, domain, (leaf) => (isNextHop(leaf) ? heldAt(hold) : leaf))
  }
  return held
}

const isNextHop = ({ kind }: Leaf): boolean =>
  kind === 'relay' || kind === 'hosts' || kind === 'mx' || kind === 'deliver'

/** Recipients of this pattern go through a copy of the route of `base`, whose leaves are others. */
function heldFor(graph: Graph, base: Graph, pattern: string, leafOf: (leaf: Leaf) => Leaf): Graph {
  const copy = base.nodes.map((node) => (isLeaf(node) ? leafOf(node) : rewired(node, (id) => id + 1)))
  const otherwise = copy.length + 1 + graph.entry.route
  return prefixed(graph, [table('recipient', pattern, base.entry.route + 1, otherwise), ...copy], (entry) => ({
    ...entry,
    route: 0,
  }))
}

function withRefusals(graph: Graph, refusals: readonly Refusing[]): Graph {
  // Built from the end, as edges lead to higher numbers: these count backwards from the graph's first node.
  const fromEnd: Node[] = []
  const push = (node: Node): NodeId => -fromEnd.push(node)
  const entry: Record<'connect' | 'mail' | 'rcpt', NodeId> = { ...graph.entry }
  for (const stage of ['rcpt', 'mail', 'connect'] as const) {
    for (const overlay of [...refusals].reverse()) {
      const tests = testsOf(overlay, stage)
      if (tests === null) continue
      const after = entry[stage]
      entry[stage] = push(refusal(overlay))
      for (const test of tests.reverse()) entry[stage] = push(test(entry[stage], after))
    }
  }
  const by = fromEnd.length
  const front = fromEnd.reverse().map((node) => rewired(node, (id) => id + by))
  return prefixed(graph, front, (own) => ({
    ...own,
    connect: entry.connect + by,
    mail: entry.mail + by,
    rcpt: entry.rcpt + by,
  }))
}

type Test = (yes: NodeId, no: NodeId) => Node

/** The conditions of an overlay at a stage, or `null` when the stage does not know all of them yet. */
function testsOf(overlay: Refusing, stage: 'connect' | 'mail' | 'rcpt'): Test[] | null {
  const { client, sender, recipient, listener } = conditions(overlay)
  if (recipient !== null && stage !== 'rcpt') return null
  if (sender !== null && stage === 'connect') return null
  const tests: Test[] = []
  if (listener !== null)
    tests.push((yes, no) => ({ kind: 'choice', on: 'listener', cases: [[listener, yes]], otherwise: no }))
  if (sender !== null) tests.push((yes, no) => table('sender', sender, yes, no))
  if (recipient !== null) tests.push((yes, no) => table('recipient', recipient, yes, no))
  if (client !== null) tests.push((yes, no) => table('client', client, yes, no))
  return tests
}

function conditions(overlay: Refusing): Pick<Deny, 'client' | 'sender' | 'recipient' | 'listener'> {
  if (overlay.kind === 'deny') return overlay
  const client = `${overlay.client}/${overlay.client.includes(':') ? 128 : 32}`
  return { client, sender: null, recipient: null, listener: null }
}

const table = (on: Table['on'], pattern: string, to: NodeId, otherwise: NodeId): Table => ({
  kind: 'table',
  on,
  rows: [[pattern, to, '']],
  otherwise,
})

const heldAt = (hold: Holding): Leaf => ({ kind: 'hold', at: overlayAt(hold), reason: `${hold.id}: ${hold.reason}` })

function refusal(overlay: Refusing): Leaf {
  const code = overlayCode(overlay)
  return { kind: 'refuse', at: overlayAt(overlay), code, status: overlayStatus(code), text: overlayText(overlay) }
}

/** A leaf's next hop as `queue list` names it, without the digest; `null` where it depends on the recipient or the gateway. */
function hopOf(leaf: Leaf): string | null {
  if (leaf.kind === 'relay') return `relay:${leaf.relay}`
  return leaf.kind === 'hosts' ? `hosts:${leaf.hosts.map(hostPort).join(',')}` : null
}
