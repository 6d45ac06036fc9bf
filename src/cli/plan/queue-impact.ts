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
  const weigher = queueWeigher(before, after)
  const seen = await eachQueued(
    (query) => askForJson(socket, 'GET', `/queue?${query}`).then((body) => body as readonly QueueRow[]),
    weigher.add,
  )
  return { ...seen, moves: weigher.moves() }
}

const page = 10_000

/**
 * Sees every recipient that is not final, page by page, of which one is kept at a time: a queue may be longer than there
 * is memory for. A page that lost its beginning means that something was missed.
 */
export async function eachQueued(
  ask: (query: URLSearchParams) => Promise<readonly QueueRow[]>,
  see: (row: QueueRow) => void,
): Promise<{ readonly recipients: number; readonly complete: boolean }> {
  let recipients = 0
  for (let after: string | null = null; ; ) {
    const query = new URLSearchParams({ limit: String(page), ...(after === null ? {} : { after }) })
    const rows = await ask(query)
    recipients += rows.length
    for (const row of rows) see(row)
    if (rows.length < page) return { recipients, complete: after === null || rows.length > 0 }
    after = rows.at(-1)!.id
  }
}

/** Answers that are kept for recipients that come again, and moves that are told apart: what is kept has a bound. */
const maxKept = 20_000
const maxMoves = 5000

export type QueueWeigher = {
  add(row: Pick<QueueRow, 'id' | 'recipient' | 'sender'>): void
  /** The largest first. Of more than are told apart the rest is one, `other ways`, the last. */
  moves(): readonly QueueMove[]
}

/** Equal recipients, of equal senders where a route depends on them, are asked about once while they are remembered. */
export function queueWeigher(before: Bundle, after: Bundle): QueueWeigher {
  // The form that a gateway runs: a long queue asks about many recipients, and tables may be long too.
  const evaluators = [before, after].map((bundle) => flatEvaluator(flatOf(flatten(bundle))))
  const routes = new Map<string, readonly [string, string] | null>()
  type Counted = { -readonly [Key in keyof QueueMove]: QueueMove[Key] }
  const moves = new Map<string, Counted>()
  let others: Counted | null = null
  const bySender = evaluators.some(({ routesBySender }) => routesBySender)
  return {
    add({ id, recipient, sender }) {
      const key = bySender ? `${sender}\n${recipient}` : recipient
      let route = routes.get(key)
      if (route === undefined) {
        route = changedRoute(evaluators, recipient, sender)
        if (routes.size === maxKept) routes.clear()
        routes.set(key, route)
      }
      if (route === null) return
      const [from, to] = route
      const example = { id, recipient }
      const move = moves.get(`${from}\n${to}`)
      if (move !== undefined) move.recipients++
      else if (moves.size < maxMoves) moves.set(`${from}\n${to}`, { from, to, recipients: 1, example })
      else if (others !== null) others.recipients++
      else others = { from: 'other ways', to: 'other ways', recipients: 1, example }
    },
    moves() {
      const sorted = [...moves.values()].sort((a, b) => b.recipients - a.recipients)
      return others === null ? sorted : [...sorted, others]
    },
  }
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
