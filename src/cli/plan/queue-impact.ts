import type { QueueRow } from '../../admin/operations.ts'
import type { Bundle } from '../../graph/bundle.ts'
import type { Evaluator } from '../../graph/evaluator.ts'
import { flatOf } from '../../graph/flat.ts'
import { flatten } from '../../graph/flat-build.ts'
import { noFacts, routeOf } from '../../graph/route-of.ts'
import { flatEvaluator } from '../../graph/runtime.ts'
import type { NextHop, Route } from '../../mail/next-hop.ts'
import { parseMailbox } from '../../mail/path.ts'
import { assertNever } from '../../mail/result.ts'
import { askForJson } from '../admin-client.ts'

/** Which queued recipients would go elsewhere. Mail that was accepted is routed anew at each attempt. */
export type QueueImpact = {
  /** Recipients that wait, as far as they were looked at. */
  readonly recipients: number
  /** `false`: the queue changed under our hands, and some may not have been looked at. */
  readonly complete: boolean
  /** The largest first. */
  readonly moves: readonly QueueMove[]
}
export type QueueMove = {
  readonly from: string
  readonly to: string
  readonly recipients: number
  readonly example: { readonly id: string; readonly recipient: string }
}

export async function queueImpact(socket: string, before: Bundle, after: Bundle): Promise<QueueImpact> {
  const { rows, complete } = await queuedRows((query) =>
    askForJson(socket, 'GET', `/queue?${query}`).then((body) => body as readonly QueueRow[]),
  )
  return { recipients: rows.length, complete, moves: movesOf(rows, before, after) }
}

const page = 10_000

/** Every recipient that is not final, page by page; a page that lost its beginning means that something was missed. */
export async function queuedRows(
  ask: (query: URLSearchParams) => Promise<readonly QueueRow[]>,
): Promise<{ readonly rows: readonly QueueRow[]; readonly complete: boolean }> {
  const rows: QueueRow[] = []
  for (let after: string | null = null; ; ) {
    const query = new URLSearchParams({ limit: String(page), ...(after === null ? {} : { after }) })
    const more = await ask(query)
    rows.push(...more)
    if (more.length < page) return { rows, complete: after === null || more.length > 0 }
    after = more.at(-1)!.id
  }
}

/** Equal recipients, of equal senders where a route depends on them, are asked about once. */
export function movesOf(rows: readonly QueueRow[], before: Bundle, after: Bundle): readonly QueueMove[] {
  // The form that a gateway runs: a long queue asks about many recipients, and tables may be long too.
  const evaluators = [before, after].map((bundle) => flatEvaluator(flatOf(flatten(bundle))))
  const routes = new Map<string, readonly [string, string] | null>()
  const moves = new Map<string, { -readonly [Key in keyof QueueMove]: QueueMove[Key] }>()
  const bySender = evaluators.some(({ routesBySender }) => routesBySender)
  for (const { id, recipient, sender } of rows) {
    const key = bySender ? `${sender}\n${recipient}` : recipient
    let route = routes.get(key)
    if (route === undefined) {
      route = changedRoute(evaluators, recipient, sender)
      routes.set(key, route)
    }
    if (route === null) continue
    const [from, to] = route
    const move = moves.get(`${from}\n${to}`)
    if (move === undefined) moves.set(`${from}\n${to}`, { from, to, recipients: 1, example: { id, recipient } })
    else move.recipients++
  }
  return [...moves.values()].sort((a, b) => b.recipients - a.recipients)
}

function changedRoute(
  evaluators: readonly Evaluator[],
  recipient: string,
  sender: string,
): readonly [string, string] | null {
  const mailbox = parseMailbox(recipient)
  if (!mailbox.ok) return null
  const reversePath = sender === '' || sender === '<>' ? null : parseMailbox(sender)
  const [from, to] = evaluators.map((evaluator) => {
    const facts = { ...noFacts(), sender: reversePath?.ok ? reversePath.value : null }
    const route = routeOf(evaluator, mailbox.value, facts)
    return { key: keyOf(route), text: routeWords(route) }
  })
  if (from!.key === to!.key) return null
  // Equal words, another way: the same relay with other hosts, TLS or login.
  return from!.text === to!.text ? [from!.text, `${to!.text}, with other settings`] : [from!.text, to!.text]
}

function keyOf(route: Route): string {
  switch (route.kind) {
    case 'next-hop':
      return route.nextHop.key
    case 'refuse':
      return `refuse ${route.reply.code} ${route.reply.text}`
    case 'hold':
      return `hold ${route.reason}`
    case 'discard':
      return 'discard'
    default:
      return assertNever(route)
  }
}

export function routeWords(route: Route): string {
  switch (route.kind) {
    case 'next-hop':
      return hopWords(route.nextHop)
    case 'refuse':
      return `returned to the sender: ${[route.reply.code, route.reply.status, route.reply.text].filter(Boolean).join(' ')}`
    case 'hold':
      return `held: ${route.reason}`
    case 'discard':
      return 'discarded'
    default:
      return assertNever(route)
  }
}

function hopWords(hop: NextHop): string {
  switch (hop.kind) {
    case 'relay':
      return `relay ${hop.relay.name} (${hop.relay.hosts.map(hostPort).join(', ')})`
    case 'hosts':
      return hop.hosts.map(hostPort).join(', then ')
    case 'mx':
      return `the MX hosts of ${hop.domain}`
    case 'maildir':
      return `mailbox ${hop.dir}`
    default:
      return assertNever(hop)
  }
}

export const hostPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
