import { type Claim, floors } from '../graph/claims.ts'
import type { Graph, Leaf } from '../graph/graph.ts'
import { noFacts } from '../graph/route-of.ts'
import type { TlsLevel } from '../mail/settings.ts'
import type { Found } from './proof.ts'
import { question } from './prove-question.ts'
import { memberOf, type Region, spaceOf } from './prove-space.ts'
import { refuses, walk } from './prove-walk.ts'
import { findingAt, type Subject, witnessOf } from './prove-witness.ts'

const levels: readonly TlsLevel[] = ['off', ...floors]

/**
 * Every route for mailboxes of the pattern has at least the level: of mail that is accepted, of notifications, and of
 * what is in the queue, which is routed again at each attempt. An alias has no route; whom it stands for has.
 */
export function tlsFloor(subject: Subject, { pattern, level }: Extract<Claim, { kind: 'tlsFloor' }>): Found {
  const { graph } = subject.bundle
  const value = (leaf: Leaf): string => {
    if (leaf.kind === 'refuse') return refuses
    const tls = levelOf(graph, leaf)
    return tls !== null && levels.indexOf(tls) < levels.indexOf(level) ? 'less' : 'enough'
  }
  const space = spaceOf(question(graph, value), [memberOf('recipient', [{ pattern, except: [] }])])
  const recipient = space.everything.recipient.filter((state) => space.isIn(0, state))
  if (recipient.length === 0) return { verdict: 'PROVED', reason: `no mailbox is matched by ${pattern}` }

  const weak: number[] = []
  walk(
    space,
    { ...space.everything, recipient },
    {
      ending(region, ending) {
        if (ending.kind === 'accepted' && ending.values.includes('less')) weak.push(...region.recipient)
      },
    },
    { only: 'route' },
  )
  if (weak.length === 0) return { verdict: 'PROVED', reason: `every route for ${pattern} has at least TLS ${level}` }

  const accepted: Region[] = []
  walk(
    space,
    { ...space.everything, recipient: weak },
    {
      ending(region, ending) {
        // Of one recipient the mail of some senders may go with less, and that of others not.
        const isWeak = ending.kind === 'accepted' && !ending.isExpanded && ending.values.includes('less')
        if (accepted.length === 0 && isWeak) accepted.push(region)
      },
    },
  )
  const [region] = accepted
  if (region !== undefined) {
    const witness = witnessOf(subject, space, region, ({ behaviour }) => behaviour.kind === 'accepted')
    const reason = `mail for ${witness.message.recipient} may go with less than TLS ${level}`
    return { verdict: 'VIOLATED', reason, witness }
  }
  // Nobody may send there, but notifications go there, and the mail of aliases.
  const mailbox = space.recipient(weak[0]!)
  subject.interpreter.start('route', { ...noFacts(), recipient: mailbox })
  const reason = `notifications and forwarded mail for ${mailbox.text} may go with less than TLS ${level}`
  return { verdict: 'VIOLATED', reason, findings: [findingAt(subject, subject.interpreter.winner().at, reason)] }
}

/** `null` for what does not leave. */
function levelOf({ control }: Graph, leaf: Leaf): TlsLevel | null {
  switch (leaf.kind) {
    case 'relay':
      return control.relays.find(({ name }) => name === leaf.relay)!.tls
    case 'mx':
      return leaf.tls
    case 'hosts':
      return 'may'
    default:
      return null
  }
}
