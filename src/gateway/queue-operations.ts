import type { Identity } from '../admin/access.ts'
import type { Journal } from '../admin/journal.ts'
import type { QueuedMessage, QueueOperations, QueueRequest } from '../admin/queue-operations.ts'
import { ShapeError } from '../graph/shape.ts'
import type { Envelope, Recipient } from '../mail/envelope.ts'
import type { Log } from '../mail/log.ts'
import type { Route } from '../mail/next-hop.ts'
import { assertNever } from '../mail/result.ts'
import { headerOf, plainContent } from '../queue/content.ts'
import type { QueueEntry } from '../queue/entry.ts'
import type { QueueAction, QueueOutcome } from '../queue/operations.ts'
import type { LaneState, Queue } from '../queue/queue.ts'
import type { Live } from './live.ts'
import type { QueueRoute } from './queue-route.ts'
import { retryView } from './retry-policy.ts'

export type QueueOperationsParts = {
  readonly queue: Pick<Queue, 'list' | 'show' | 'rows' | 'operate' | 'laneStates' | 'attempts'>
  readonly routes: Pick<QueueRoute, 'way'>
  readonly live: () => Live
  readonly journal: Pick<Journal, 'write'>
  readonly log: Log
}

/** What operators do to the queue of a gateway, and where it is written down. */
export function queueOperations({ queue, routes, live, journal, log }: QueueOperationsParts): QueueOperations {
  const write = (request: QueueRequest, { actor }: Identity, result: string, outcome: QueueOutcome): Promise<void> => {
    const { action, onBehalfOf, reason } = request
    const { messages, recipients, onTheWire } = outcome
    const detail = { action, ...asked(request), messages, recipients, onTheWire }
    return journal.write({ actor, action: 'queue', onBehalfOf, reason, result, detail })
  }
  const perform = async (request: QueueRequest, identity: Identity): Promise<QueueOutcome> => {
    const { selector, dryRun, atMost } = request
    const order = { selector, action: actionOf(request, identity), dryRun, atMost }
    if (dryRun || !isFinal(request)) return await queue.operate(order)
    // Written down before it happens as well: a crash in the middle must not leave messages gone and nobody named.
    const counted = await queue.operate({ ...order, dryRun: true })
    if ((atMost !== null && counted.messages > atMost) || counted.messages === 0) return counted
    await write(request, identity, 'begun', counted)
    return await queue.operate(order)
  }
  return {
    list: (filter) => queue.list(filter),
    async show(id) {
      const entry = queue.show(id)
      return entry === null ? null : await shown(entry, { queue, routes, live })
    },
    content(id) {
      const entry = queue.show(id)
      return entry === null ? null : plainContent(entry.body)
    },
    async operate(request, identity) {
      const { action, via } = request
      const relays = live().control.relays.map(({ name }) => name)
      if (via !== null && !relays.includes(via)) {
        throw new ShapeError('via', `a relay that the document declares (${relays.join(', ') || 'it has none'})`, via)
      }
      const outcome = await perform(request, identity)
      const { done, messages, recipients } = outcome
      if (!done || messages === 0) return outcome
      log.info('queue.operated', { action, actor: identity.actor, reason: request.reason, messages, recipients })
      // Trying again changes nothing of what the document says; a script may do it every minute.
      if (action !== 'retry') await write(request, identity, outcome.isDurable ? 'ok' : 'not yet on the disk', outcome)
      return outcome
    },
  }
}

const isFinal = ({ action }: QueueRequest): boolean => action === 'fail' || action === 'drop'

/** What was selected and wanted, without what was not said. */
function asked({ selector, via, action, notify }: QueueRequest): Record<string, unknown> {
  const { ids, all, ...conditions } = selector
  const given = Object.entries(conditions).filter(([, condition]) => condition !== null)
  return {
    ...Object.fromEntries(given),
    // The journal is no place for thousands of ids; the log has each that was dropped, held or given up.
    ...(ids.length > 0 ? { ids: ids.length > 100 ? `${ids.length} ids` : ids } : {}),
    ...(all ? { all } : {}),
    ...(via === null ? {} : { via }),
    ...(action === 'fail' ? { notify } : {}),
  }
}

function actionOf({ action, reason, notify, via, onBehalfOf }: QueueRequest, { actor }: Identity): QueueAction {
  const by = onBehalfOf === null || onBehalfOf === '' ? actor : `${onBehalfOf} (${actor})`
  switch (action) {
    case 'retry':
    case 'release':
      return { kind: action }
    case 'hold':
    case 'drop':
      return { kind: action, by, reason: reason ?? '' }
    case 'fail':
      return { kind: action, by, reason: reason ?? '', notify }
    case 'reroute':
      return { kind: action, via }
    default:
      return assertNever(action)
  }
}

async function shown(
  entry: QueueEntry,
  { queue, routes, live }: Pick<QueueOperationsParts, 'queue' | 'routes' | 'live'>,
): Promise<QueuedMessage> {
  const { id, queuedAt, envelope, body } = entry
  const lanes = new Map(queue.laneStates().map((lane) => [lane.nextHop, lane]))
  const history = await queue.attempts(id)
  const recipients = queue.rows(id).map((row, index) => {
    const recipient = envelope.recipients[index]!
    const { original, mailbox } = recipient
    const state = entry.recipients[index]!
    const route = routes.way(mailbox, entry, state.via)
    const heldAt = state.hold?.at ?? null
    const plan = route.kind === 'next-hop' ? retryView(live().control, route.nextHop, entry) : null
    const retry = plan === null || hearsOfDelay(envelope, recipient) ? plan : { ...plan, warnAt: null }
    return {
      ...row,
      original: original.text,
      heldAt,
      way: wayText(route),
      lane: laneOf(route, lanes),
      retry,
      history: history[index] ?? [],
    }
  })
  const header = await headerOf(body)
  return { id, queuedAt, sizeBytes: body.sizeBytes, eightBit: body.eightBit, envelope, recipients, header }
}

/** RFC 3461 §4.1: who says nothing of it hears of it. */
const hearsOfDelay = ({ from }: Envelope, { notify, sender }: Recipient): boolean =>
  (sender === undefined ? from : sender) !== null && (notify === null || notify.includes('delay'))

const laneOf = (route: Route, lanes: ReadonlyMap<string, LaneState>): LaneState | null =>
  route.kind === 'next-hop' ? (lanes.get(route.nextHop.key) ?? null) : null

function wayText(route: Route): string {
  switch (route.kind) {
    case 'next-hop':
      return route.nextHop.key
    case 'refuse':
      return `returned to the sender: ${route.reply.code} ${route.reply.text}`
    case 'hold':
      return `held: ${route.reason}`
    case 'discard':
      return 'discarded'
    default:
      return assertNever(route)
  }
}
