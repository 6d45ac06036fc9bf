import type { NextHop, Route } from '../mail/next-hop.ts'
import { assertNever } from '../mail/result.ts'
import type { TlsLevel } from '../mail/settings.ts'
import type { Control } from './control.ts'
import { relayHop } from './route-of.ts'

/** `why`: the graph's own route stands, for this reason; `null`: the relay takes its place. */
export type Via = { readonly route: Route; readonly why: string | null }

const levels: readonly TlsLevel[] = ['off', 'may', 'encrypt', 'verify']

/**
 * The route of mail that an operator sends by another relay. Nothing is opened by it: the relay must be declared, what the
 * graph refuses, holds, discards or puts into a mailbox stays so, and no line is less protected than the graph demands.
 */
export function viaRelay(route: Route, relay: string, control: Control): Via {
  const kept = (why: string): Via => ({ route, why })
  if (route.kind !== 'next-hop') return kept(`the document says ${route.kind}`)
  const settings = control.relays.find(({ name }) => name === relay)
  if (settings === undefined) return kept(`the document declares no relay ${relay}`)
  const wanted = levelOf(route.nextHop)
  if (wanted === null) return kept('it is for a mailbox of ours')
  if (levels.indexOf(settings.tls) < levels.indexOf(wanted)) {
    return kept(`its route demands TLS ${wanted}, and the relay ${relay} has ${settings.tls}`)
  }
  return {
    route: { kind: 'next-hop', nextHop: relayHop(relay, control), at: `queue reroute --via ${relay}` },
    why: null,
  }
}

/** `null`: the message does not leave. */
function levelOf(nextHop: NextHop): TlsLevel | null {
  switch (nextHop.kind) {
    case 'relay':
      return nextHop.relay.tls
    case 'mx':
      return nextHop.tls
    case 'hosts':
      return 'off'
    case 'maildir':
      return null
    default:
      return assertNever(nextHop)
  }
}
