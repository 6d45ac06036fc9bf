import type { Control } from '../../graph/control.ts'
import type { Evaluator } from '../../graph/evaluator.ts'
import type { Branch, Explanation } from '../../graph/explanation.ts'
import { destinationElement } from '../../graph/rewriting-elements.ts'
import { noFacts, routeOf } from '../../graph/route-of.ts'
import { type Place, placeFinder, type Sources } from '../../graph/sources.ts'
import type { NextHopSettings } from '../../mail/next-hop-settings.ts'
import { type Mailbox, parseMailbox, type ReversePath } from '../../mail/path.ts'
import { type AddressMap, type RewriteSettings, rewritingOf } from '../../mail/rewriting.ts'
import { createSrs, srsStandIn } from '../../mail/srs.ts'
import { settingsOf } from '../../route/next-hop-settings.ts'

/** A return address is explained by the one that stands for all of them: whose it is, only the gateway's secret can tell. */
export function standIn(recipient: Mailbox | null, { srs }: Control): Mailbox | null {
  if (srs === undefined || recipient === null || !createSrs(srs, []).isReturn(recipient)) return recipient
  return { localPart: srsStandIn, domain: recipient.domain, text: `${srsStandIn}@${recipient.domain}` }
}

export const standInLine = (recipient: Mailbox): string =>
  `   ${recipient.text} is a return address (srs), explained as ${srsStandIn}@${recipient.domain}. Signed by the gateway it goes to the sender that it was made from; otherwise the answer is 550 5.1.1`

/** An address that is another when the message leaves, and the row that says so. */
export type Leaving = {
  readonly of: 'sender' | 'recipient'
  readonly from: string
  readonly to: string
  readonly at: string
  /** Where the row was written; `null`: nobody knows. */
  readonly place: Place | null
}

/** Which addresses are others when the message leaves. */
export function leavingAddresses(
  { outcome }: Explanation,
  evaluator: Evaluator,
  sources: Sources,
  sender: ReversePath,
): Leaving[] {
  const { control } = evaluator
  const placed = placeFinder(sources)
  const name = rewritingIn(outcome)
  const settings = control.rewritings?.find((one) => one.name === name)
  const found: Leaving[] = []
  let leaves = sender
  if (settings !== undefined && sender !== null) {
    const row = rowOf(settings, 'senders', sender)
    if (row !== null) {
      found.push(leaving('sender', sender, row, `${settings.name}.${row.key}`, placed))
      leaves = row.to
    }
  }
  if (outcome.end.kind !== 'accepted') return found
  for (const { mailbox } of outcome.end.finals) {
    const to = parseMailbox(mailbox)
    if (!to.ok) continue
    const route = routeOf(evaluator, to.value, { ...noFacts(), sender })
    if (route.kind !== 'next-hop') continue
    const towards: NextHopSettings & { readonly pattern?: string } = settingsOf(route.nextHop, control)
    const own = towards.rewrite
    if (own === undefined) continue
    const where = `${route.nextHop.kind === 'relay' ? `relays.${route.nextHop.relay.name}` : destinationElement(towards.pattern!)}.rewrite`
    const rows = [
      ['sender', leaves, leaves === null ? null : rowOf(own, 'senders', leaves)],
      ['recipient', to.value, rowOf(own, 'recipients', to.value)],
    ] as const
    for (const [what, from, row] of rows) {
      if (from !== null && row !== null) found.push(leaving(what, from, row, `${where}.${row.key}`, placed))
    }
  }
  const distinct = new Map(found.map((one) => [leavingLine(one), one]))
  return [...distinct.values()]
}

type Row = { readonly to: Mailbox; readonly key: string }

function rowOf(settings: RewriteSettings, role: 'senders' | 'recipients', mailbox: Mailbox): Row | null {
  const map: AddressMap = rewritingOf(settings)[role]
  const to = map.rewritten(mailbox)
  const pattern = map.patternFor(mailbox)
  if (to === null || pattern === null) return null
  const section = settings[role]?.some(([one]) => one === pattern) ? role : 'addresses'
  return { to, key: `${section}[${JSON.stringify(pattern)}]` }
}

const leaving = (
  of: Leaving['of'],
  from: Mailbox,
  { to }: Row,
  at: string,
  placed: (at: string) => Place | null,
): Leaving => ({ of, from: from.text, to: to.text, at, place: placed(at) })

export function leavingLine({ of, from, to, at, place }: Leaving): string {
  const where = place === null ? '' : ` ${place.file}:${place.line}:${place.column}`
  return `   ${of} ${from} leaves as ${to}  by ${at}${where}`
}

/** The rewriting that a walk has noted, whatever oracles say. */
function rewritingIn({ walks, end }: Branch): string | null {
  for (const { notes } of walks) for (const { note, text } of notes) if (note === 'rewrite') return text
  if (end.kind !== 'depends') return null
  for (const branch of Object.values(end.branches)) {
    const found = rewritingIn(branch)
    if (found !== null) return found
  }
  return null
}
