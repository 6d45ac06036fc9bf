import { isGraphHash } from '../graph/canonical.ts'
import { parseBlock } from '../graph/network.ts'
import { type Check, line, listOf, oneOf, orNull, record, ShapeError, text, whole } from '../graph/shape.ts'
import type { AbortRequest, ActivateRequest, ConfirmRequest, PrepareRequest, RollbackRequest } from './protocol.ts'

/**
 * The bodies of the calls, checked before anything reads them. Each throws `ShapeError` with the place, what was wanted and
 * what came.
 */

const graphHash: Check = (value, where) => {
  if (typeof value !== 'string' || !isGraphHash(value)) throw new ShapeError(where, 'a graph hash', value)
}
const token = text(/^[\w-]{1,100}$/, 'a token of prepare')
const outcome = oneOf('listed', 'clear', 'error')
const flag = oneOf(true, false)
const share: Check = (value, where) => {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw new ShapeError(where, 'a share from 0 to 1', value)
}
/** Longest trial: a week. What is not confirmed by then was forgotten. */
const maxTrialMs = 7 * 86_400_000

/** Any keys, each with such a value. */
function mapOf(check: Check): Check {
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ShapeError(where, 'an object', value)
    for (const [key, member] of Object.entries(value)) {
      line(key, where)
      check(member, `${where}.${key}`)
    }
  }
}

const count = orNull(whole(0, Number.MAX_SAFE_INTEGER))
const message = record(
  {
    listener: line,
    client: line,
    sender: orNull(line),
    recipient: orNull(line),
    sizeBytes: count,
    hops: count,
  },
  { tls: oneOf(true), login: line, certificate: line, helo: line },
)
/** Compared with what the gateway makes of the message, and never read otherwise. */
const behaviour = record(
  { kind: oneOf('refused', 'accepted') },
  {
    stage: line,
    code: whole(200, 599),
    status: line,
    text: text(/^[\s\S]{0,2000}$/, 'a text'),
    finals: listOf(record({ mailbox: line, route: mapOf(() => {}) }), 100_000),
    tags: listOf(line, 1000),
  },
)
const block: Check = (value, where) => {
  if (typeof value !== 'string' || parseBlock(value) === null) throw new ShapeError(where, 'an address block', value)
}
const patternsOf = (pattern: Check) => orNull(listOf(record({ pattern, except: listOf(pattern, 100_000) }), 100_000))
const patterns = patternsOf(line)
const boxKeys = {
  listeners: orNull(listOf(line, 10_000)),
  clients: patternsOf(block),
  senders: patterns,
  recipients: patterns,
  sizes: orNull(listOf(record({ overBytes: count, upToBytes: count }), 10_000)),
  hops: orNull(listOf(record({ over: count, upTo: count }), 10_000)),
  oracles: mapOf(listOf(outcome, 3)),
}
const box = record(boxKeys, { tls: oneOf(true, false), logins: patterns, certificates: patterns, helos: patterns })

const prepare = record({
  hash: graphHash,
  base: orNull(graphHash),
  actor: line,
  reason: line,
  commit: orNull(line),
  planHash: orNull(line),
  witnesses: orNull(listOf(record({ message, answers: mapOf(outcome), behaviour }), 10_000)),
  boxes: orNull(listOf(box, 10_000)),
})
const activate = record({
  token,
  confirmWithinMs: orNull(whole(1, maxTrialMs)),
  gates: orNull(
    record({
      rejectRate: orNull(share),
      deferRate: orNull(share),
      failureRate: orNull(share),
      minMessages: whole(0, Number.MAX_SAFE_INTEGER),
    }),
  ),
  shadow: flag,
  holdQueue: flag,
})

export function prepareRequest(value: unknown): PrepareRequest {
  prepare(value, 'prepare')
  return value as PrepareRequest
}

export function activateRequest(value: unknown): ActivateRequest {
  activate(value, 'activate')
  const request = value as ActivateRequest
  if (request.confirmWithinMs === null && (request.gates !== null || request.shadow || request.holdQueue)) {
    throw new ShapeError('activate.confirmWithinMs', 'a time, as gates, shadow and holdQueue need a trial', null)
  }
  return request
}

export function abortRequest(value: unknown): AbortRequest {
  record({ token })(value, 'abort')
  return value as AbortRequest
}

export function confirmRequest(value: unknown): ConfirmRequest {
  record({ hash: graphHash })(value, 'confirm')
  return value as ConfirmRequest
}

export function rollbackRequest(value: unknown): RollbackRequest {
  record({ to: orNull(graphHash), reason: line })(value, 'rollback')
  return value as RollbackRequest
}
