import type { Evaluator } from '../graph/evaluator.ts'
import { noFacts, routeOf } from '../graph/route-of.ts'
import type { LaneView, StsPolicyView, WayView } from '../mail/hop-view.ts'
import type { NextHop, Route } from '../mail/next-hop.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import { replyText } from '../mail/reply.ts'
import { assertNever } from '../mail/result.ts'
import { type HopViewOptions, type HostedHop, hopView } from './hop-view.ts'

export type WayOptions = HopViewOptions & {
  readonly evaluator: Evaluator
  /** What an operator holds back: why; `null`: nothing. */
  readonly held: (mailbox: Mailbox, route: Route) => string | null
  /** MTA-STS of a domain; `null`: not looked at. */
  readonly sts: (domain: string) => Promise<StsPolicyView | null>
  readonly lane: (key: string) => LaneView | null
}

/**
 * Where a recipient's mail goes now, and what the DNS says of it on the way. Sends nothing, connects to no mail server.
 * @param sender matters where the document routes by it; `undefined`: nobody in particular
 */
export async function wayOf(mailbox: Mailbox, sender: ReversePath | undefined, options: WayOptions): Promise<WayView> {
  const { evaluator } = options
  const { domain } = mailbox
  const route = routeOf(evaluator, mailbox, { ...noFacts(), sender })
  const { at, file, line, column } = evaluator.winner()
  const hop = route.kind === 'next-hop' && route.nextHop.kind !== 'maildir' ? route.nextHop : null
  const byMx: HostedHop = { kind: 'mx', key: `mx:${domain}`, domain, tls: 'may', port: evaluator.control.mxPort }
  const [view, published, sts] = await Promise.all([
    hop === null ? null : hopView(hop, options),
    hop?.kind === 'mx' ? null : hopView(byMx, options),
    domain.startsWith('[') ? null : options.sts(domain),
  ])
  return {
    recipient: mailbox.text,
    domain,
    sender: sender === undefined ? null : (sender?.text ?? ''),
    bySender: evaluator.routesBySender,
    graph: evaluator.hash,
    row: { at, file, line, column },
    route: routeView(route),
    held: options.held(mailbox, route),
    hop: view,
    published,
    sts,
    lane: route.kind === 'next-hop' ? options.lane(route.nextHop.key) : null,
  }
}

function routeView(route: Route): WayView['route'] {
  switch (route.kind) {
    case 'next-hop':
      return nextHopView(route.nextHop)
    case 'refuse':
      return { kind: 'refuse', text: `refused with ${replyText(route.reply)}` }
    case 'hold':
      return { kind: 'hold', text: `held: ${route.reason}` }
    case 'discard':
      return { kind: 'discard', text: 'discarded' }
    default:
      return assertNever(route)
  }
}

function nextHopView(nextHop: NextHop): WayView['route'] {
  switch (nextHop.kind) {
    case 'relay':
      return { kind: 'next-hop', text: `by the relay ${nextHop.relay.name}, TLS ${nextHop.relay.tls}` }
    case 'hosts':
      return { kind: 'next-hop', text: 'to the hosts that the document names' }
    case 'mx':
      return { kind: 'next-hop', text: `by MX, port ${nextHop.port}, TLS ${nextHop.tls}` }
    case 'maildir':
      return { kind: 'mailbox', text: `into the mailbox ${nextHop.dir}` }
    default:
      return assertNever(nextHop)
  }
}
