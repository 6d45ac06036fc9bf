import { parseBlock } from '../graph/network.ts'
import { line, listOf, oneOf, orNull, record, ShapeError, text, whole } from '../graph/shape.ts'
import type { QueueFilter } from '../queue/listing.ts'
import type { QueueConditions } from '../queue/selector.ts'
import { type QueueActionName, type QueueRequest, queueActions } from './queue-operations.ts'

/** What callers say of the queue, checked before anything reads it. Each throws `ShapeError`. */

const states = ['waiting', 'active', 'held', 'delivered', 'failed', 'discarded']
const id = text(/^[0-9A-Za-z]{1,40}$/, 'the id of a message')
const longest = 10 * 365 * 86_400_000
const flag = oneOf(true, false)
const conditionShapes = {
  recipient: orNull(line),
  domain: orNull(line),
  sender: orNull(line),
  client: orNull(line),
  nextHop: orNull(line),
  olderThanMs: orNull(whole(0, longest)),
  state: orNull(oneOf(...states)),
  reply: orNull(line),
}
const request = record({
  selector: record({ ...conditionShapes, ids: listOf(id, 100_000), all: flag }),
  dryRun: flag,
  atMost: orNull(whole(0, Number.MAX_SAFE_INTEGER)),
  onBehalfOf: orNull(line),
  reason: orNull(line),
  notify: flag,
  via: orNull(line),
})
/** Conditions in a query have these names, in the order of `mailgw queue list --help`. */
const words: readonly (keyof QueueConditions)[] = [
  'recipient',
  'domain',
  'sender',
  'client',
  'nextHop',
  'state',
  'reply',
]
const known = new Set<string>([...words, 'olderThanMs', 'after', 'limit'])
const maxRows = 1_000_000

/** The query of a list. */
export function queueFilter(query: ReadonlyMap<string, string>): QueueFilter {
  for (const name of query.keys()) if (!known.has(name)) throw new ShapeError('query', [...known].join(', '), name)
  const number = (name: string, least: number, most: number, usual: number | null): number | null => {
    const given = query.get(name)
    if (given === undefined) return usual
    const value = /^\d{1,16}$/.test(given) ? Number(given) : given
    whole(least, most)(value, name)
    return value as number
  }
  const after = query.get('after') ?? null
  if (after !== null) id(after, 'after')
  const given = Object.fromEntries(words.map((word) => [word, query.get(word) ?? null]))
  const conditions = { ...given, olderThanMs: number('olderThanMs', 0, longest, null) } as QueueConditions
  record(conditionShapes)(conditions, 'query')
  checkNetwork(conditions.client)
  return { ...conditions, after, limit: Math.min(number('limit', 1, Number.MAX_SAFE_INTEGER, 100)!, maxRows) }
}

export function queueRequest(action: string, value: unknown): QueueRequest {
  oneOf(...queueActions)(action, 'action')
  request(value, action)
  const checked = { ...(value as Omit<QueueRequest, 'action'>), action: action as QueueActionName }
  const { selector, reason, via } = checked
  checkNetwork(selector.client)
  const needsReason = action === 'hold' || action === 'fail' || action === 'drop'
  if (needsReason && (reason === null || reason.trim() === '')) throw new ShapeError(`${action}.reason`, 'why', reason)
  if (via !== null && action !== 'reroute') throw new ShapeError(`${action}.via`, 'null: only reroute has it', via)
  return checked
}

function checkNetwork(client: string | null): void {
  if (client?.includes('/') && parseBlock(client) === null) {
    throw new ShapeError('client', 'an address, a network without host bits such as 192.0.2.0/24, or a login', client)
  }
}
