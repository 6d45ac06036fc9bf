import type { Control } from '../../graph/control.ts'
import type { Evaluator } from '../../graph/evaluator.ts'
import type { Branch, Explanation } from '../../graph/explanation.ts'
import { noFacts, routeOf } from '../../graph/route-of.ts'
import { type Place, placeFinder, type Sources } from '../../graph/sources.ts'
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

/** Which addresses are others when the message leaves, each with the row that says so. */
export function addressLines(
  { outcome }: Explanation,
  evaluator: Evaluator,
  sources: Sources,
  sender: ReversePath,
): string[] {
  const { control } = evaluator
  const placed = placeFinder(sources)
  const name = rewritingIn(outcome)
  const settings = control.rewritings?.find((one) => one.name === name)
  const lines: string[] = []
  let leaves = sender
  if (settings !== undefined && sender !== null) {
    const row = rowOf(settings, 'senders', sender)
    if (row !== null) {
      lines.push(line('sender', sender, row, `${settings.name}.${row.key}`, placed))
      leaves = row.to
    }
  }
  if (outcome.end.kind !== 'accepted') return lines
  for (const { mailbox } of outcome.end.finals) {
    const to = parseMailbox(mailbox)
    if (!to.ok) continue
    const route = routeOf(evaluator, to.value, { ...noFacts(), sender })
    const own = route.kind === 'next-hop' ? settingsOf(route.nextHop, control).rewrite : undefined
    if (route.kind !== 'next-hop' || own === undefined) continue
    const where = route.nextHop.kind === 'relay' ? `relays.${route.nextHop.relay.name}.rewrite` : 'destinations'
    const rows = [
      ['sender', leaves, leaves === null ? null : rowOf(own, 'senders', leaves)],
      ['recipient', to.value, rowOf(own, 'recipients', to.value)],
    ] as const
    for (const [what, from, row] of rows) {
      if (from !== null && row !== null) lines.push(line(what, from, row, `${where}.${row.key}`, placed))
    }
  }
  return [...new Set(lines)]
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

function line(what: string, from: Mailbox, { to }: Row, at: string, placed: (at: string) => Place | null): string {
  const place = placed(at)
  const where = place === null ? '' : ` ${place.file}:${place.line}:${place.column}`
  return `   ${what} ${from.text} leaves as ${to.text}  by ${at}${where}`
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
