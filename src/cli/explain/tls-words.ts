import { policyDomains } from '../../egress/tls-policy/finder.ts'
import { levelOf } from '../../egress/tls-policy/policy.ts'
import type { Evaluator } from '../../graph/evaluator.ts'
import type { Explanation } from '../../graph/explanation.ts'
import { noFacts, routeOf } from '../../graph/route-of.ts'
import { parseMailbox, type ReversePath } from '../../mail/path.ts'
import { isExcepted } from '../../mail/tls-policy-settings.ts'

/**
 * How much TLS each way out has by the document, and whose word may demand more: what DANE and MTA-STS say is in the DNS
 * of others, and changes without anybody here. Nothing for mail that stays.
 */
export function tlsLines({ outcome }: Explanation, evaluator: Evaluator, sender: ReversePath): string[] {
  if (outcome.end.kind !== 'accepted') return []
  const lines = outcome.end.finals.flatMap(({ mailbox }) => {
    const parsed = parseMailbox(mailbox)
    return parsed.ok ? (tlsLine(evaluator, parsed.value, sender) ?? []) : []
  })
  return [...new Set(lines)]
}

function tlsLine(evaluator: Evaluator, mailbox: Parameters<typeof routeOf>[1], sender: ReversePath): string | null {
  const route = routeOf(evaluator, mailbox, { ...noFacts(), sender })
  if (route.kind !== 'next-hop' || route.nextHop.kind === 'maildir') return null
  const level = levelOf(route.nextHop)
  const { dane, mtaSts, except } = evaluator.control.tlsPolicy ?? {}
  const asked = [...(dane === false ? [] : ['DANE']), ...(mtaSts === false ? [] : ['MTA-STS'])]
  const domains = [...policyDomains(route.nextHop)].filter((domain) => !isExcepted(domain, except))
  const isSettled = level === 'off' || level === 'verify' || asked.length === 0 || domains.length === 0
  const more = isSettled
    ? ''
    : `; ${asked.join(' and ')} of ${domains.join(', ')} may demand more (mailgw mx ${mailbox.domain})`
  return `   TLS ${level} by the route${more}`
}
