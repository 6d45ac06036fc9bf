import { envelopesOf } from '../admin/envelope-files.ts'
import type { EnvelopeLog } from '../admin/envelope-log.ts'
import type { KnownMessage } from '../admin/operations.ts'
import { timeOfId } from '../queue/id.ts'
import type { Queue } from '../queue/queue.ts'

/** A message may be stored a while after its id was made: its body has to come first. */
const earlierMs = 60_000

/** What the queue and the envelope log know of a message; `null` when neither does. */
export async function knownMessage(
  id: string,
  queue: Pick<Queue, 'show' | 'rows'>,
  envelopes: Pick<EnvelopeLog, 'files'>,
): Promise<KnownMessage | null> {
  const made = timeOfId(id)
  const decisions = made === null ? [] : await envelopesOf(await envelopes.files(), id, made - earlierMs)
  const entry = queue.show(id)
  if (entry === null) return decisions.length === 0 ? null : { id, queued: null, decisions }
  const { envelope, queuedAt, body } = entry
  const recipients = queue.rows(id).map((row, index) => ({
    ...row,
    original: envelope.recipients[index]?.original.text ?? row.recipient,
  }))
  const { origin, from } = envelope
  return {
    id,
    queued: { queuedAt, sizeBytes: body.sizeBytes, origin, sender: from?.text ?? '', recipients },
    decisions,
  }
}
