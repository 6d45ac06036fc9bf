import { line, listOf, oneOf, orNull, record, ShapeError, text, whole } from '../graph/shape.ts'
import type { Lost, Resurrection } from '../queue/archive/resurrect.ts'
import type { Identity } from './access.ts'

export type ResurrectRequest = Lost & {
  /** Only counted and shown. */
  readonly dryRun: boolean
  /** For the journal: who asked for it. */
  readonly onBehalfOf: string | null
}

/** What a gateway keeps of messages that left its queue, for operators. */
export type ArchiveOperations = {
  /** `null`: the document keeps no failed messages. */
  resurrect(request: ResurrectRequest, identity: Identity): Promise<Resurrection | null>
}

const shape = record({
  ids: listOf(text(/^[0-9A-Za-z]{1,40}$/, 'the id of a message'), 100_000),
  all: oneOf(true, false),
  recipient: orNull(line),
  domain: orNull(line),
  sender: orNull(line),
  since: orNull(whole(0, Number.MAX_SAFE_INTEGER)),
  dryRun: oneOf(true, false),
  onBehalfOf: orNull(line),
})

/** @throws ShapeError; also for one that selects nothing by mistake */
export function resurrectRequest(value: unknown): ResurrectRequest {
  shape(value, 'resurrect')
  const request = value as ResurrectRequest
  const { ids, all, recipient, domain, sender, since } = request
  const narrow = ids.length > 0 || recipient !== null || domain !== null || sender !== null || since !== null
  if (narrow === all) throw new ShapeError('resurrect', 'a condition, or all of them by `all`', null)
  return request
}
