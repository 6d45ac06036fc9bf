import { createHash } from 'node:crypto'
import type { Domain } from '../mail/domain.ts'
import type { Envelope } from '../mail/envelope.ts'
import type { NextHop, Route } from '../mail/next-hop.ts'
import type { Mailbox } from '../mail/path.ts'
import { canonicalJson } from './canonical.ts'
import type { Control } from './control.ts'
import { bareLine, type Evaluator, type Facts } from './evaluator.ts'
import type { Leaf } from './graph.ts'

/**
 * Where one recipient goes now. Total: every leaf that a compiled route stage may end at has its case, and what may not
 * be there (an oracle, a leaf of another stage; `readBundle` refuses both) holds the mail, so that it is seen and not lost.
 * `facts.recipient` is `mailbox` when it returns.
 */
export function routeOf(evaluator: Evaluator, mailbox: Mailbox, facts: Facts = noFacts()): Route {
  facts.recipient = mailbox
  const number = evaluator.start('route', facts)
  if (number < 0) return { kind: 'hold', reason: 'the route asks an oracle', at: evaluator.oracle(~number).id }
  const leaf = evaluator.leaf(number)
  const { at } = evaluator.winner()
  switch (leaf.kind) {
    case 'relay':
    case 'hosts':
    case 'deliver':
      return { kind: 'next-hop', nextHop: fixedHop(leaf, evaluator.control), at }
    case 'mx':
      return { kind: 'next-hop', nextHop: mxHop(mailbox.domain, leaf.tls, evaluator.control.mxPort), at }
    case 'refuse':
      return { kind: 'refuse', reply: { code: leaf.code, status: leaf.status, text: leaf.text }, at }
    case 'hold':
    case 'park':
      return { kind: 'hold', reason: leaf.reason, at }
    case 'discard':
      return { kind: 'discard', at }
    default:
      return { kind: 'hold', reason: `the route ends at ${leaf.kind}`, at }
  }
}

/** Facts of a message in the queue: of nobody but the sender, and of him where a route depends on him. */
export function queuedFacts({ routesBySender }: Evaluator, entry: Queued): Facts {
  const facts = noFacts()
  // Otherwise the envelope of a message that a start found stays text (`stored-entry.ts`).
  // What MAIL named, as at RCPT: a rewriting for its client decides nothing.
  if (routesBySender) facts.sender = entry.envelope.said ?? entry.envelope.from
  return facts
}
type Queued = { readonly envelope: Pick<Envelope, 'from' | 'said'> }

/** Facts of nobody: for questions of the queue, where client and sender are long gone. */
export const noFacts = (): Facts => ({
  ...bareLine,
  listener: '',
  client: '0.0.0.0' as Facts['client'],
  sender: undefined,
  recipient: null,
  sizeBytes: null,
  hops: null,
  destination: null,
})

type FixedLeaf = Extract<Leaf, { kind: 'relay' | 'hosts' | 'deliver' }>

// By leaf, which an evaluator hands out again and again: the queue asks for each recipient at each attempt.
const fixedHops = new WeakMap<FixedLeaf, { readonly control: Control; readonly nextHop: NextHop }>()

function fixedHop(leaf: FixedLeaf, control: Control): NextHop {
  const known = fixedHops.get(leaf)
  if (known?.control === control) return known.nextHop
  const nextHop = makeHop(leaf, control)
  fixedHops.set(leaf, { control, nextHop })
  return nextHop
}

function makeHop(leaf: FixedLeaf, control: Control): NextHop {
  switch (leaf.kind) {
    case 'relay':
      return makeRelayHop(leaf.relay, control)
    case 'hosts':
      return { kind: 'hosts', key: `hosts:${leaf.hosts.map(hostPort).join(',')}`, hosts: leaf.hosts }
    case 'deliver':
      return { kind: 'maildir', key: `maildir:${leaf.dir}`, dir: leaf.dir }
  }
}

function makeRelayHop(name: string, control: Control): NextHop {
  const relay = control.relays.find((one) => one.name === name)
  if (relay === undefined) throw new Error(`relay ${name} is not declared`)
  // The same name may mean another host after an apply; lanes and pools of the old one must not be taken for it.
  const digest = createHash('sha256').update(canonicalJson(relay)).digest('hex').slice(0, 8)
  return { kind: 'relay', key: `relay:${relay.name}#${digest}`, relay }
}

const relayHops = new WeakMap<Control, Map<string, NextHop>>()

/** The next hop of a declared relay that no row was asked for. Throws when it is not declared. */
export function relayHop(name: string, control: Control): NextHop {
  let known = relayHops.get(control)
  if (known === undefined) relayHops.set(control, (known = new Map()))
  let nextHop = known.get(name)
  if (nextHop === undefined) known.set(name, (nextHop = makeRelayHop(name, control)))
  return nextHop
}

export const hostPort = ({ host, port }: { host: string; port: number }): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

function mxHop(domain: Domain, tls: Extract<Leaf, { kind: 'mx' }>['tls'], port: number): NextHop {
  const key = `mx:${domain}${port === 25 ? '' : `:${port}`}${tls === 'may' ? '' : `#${tls}`}`
  return { kind: 'mx', key, domain, tls, port }
}
