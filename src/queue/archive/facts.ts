import type { Envelope } from '../../mail/envelope.ts'
import type { QueueEntry, RecipientState } from '../entry.ts'
import { timeOfId } from '../id.ts'
import { envelopeText, parseEnvelopeText } from '../stored-envelope.ts'

/** What stands beside a message in an archive, as JSON for people and for `queue resurrect`. */
export type ArchivedFacts = {
  readonly id: string
  /** Epoch ms, and the same for people. */
  readonly queuedAt: number
  readonly archivedAt: number
  readonly archived: string
  readonly sizeBytes: number
  /** `<>` for the null sender. */
  readonly from: string
  readonly recipients: readonly ArchivedRecipient[]
  /** As the spool has it. */
  readonly envelope: object
}

export type ArchivedRecipient = {
  readonly to: string
  readonly state: RecipientState['state']
  readonly attempts: number
  readonly reply: string | null
  readonly host: string | null
}

export function factsOf({ id, queuedAt, envelope, recipients, body }: QueueEntry, now: number): ArchivedFacts {
  return {
    id,
    queuedAt,
    archivedAt: now,
    archived: new Date(now).toISOString(),
    sizeBytes: body.sizeBytes,
    from: envelope.from === null ? '<>' : envelope.from.text,
    recipients: recipients.map(({ state, attempts, lastReply, lastHost, why }, index) => ({
      to: envelope.recipients[index]!.mailbox.text,
      state,
      attempts,
      reply: lastReply === null ? why : [lastReply.code, lastReply.status, lastReply.text].filter(Boolean).join(' '),
      host: lastHost,
    })),
    envelope: JSON.parse(envelopeText(envelope)) as object,
  }
}

/** `null` for what is no such text: half a file of a crash, or somebody else's. */
export function parseFacts(text: string): ArchivedFacts | null {
  try {
    const facts = JSON.parse(text) as ArchivedFacts
    const isSound = timeOfId(facts.id) !== null && Array.isArray(facts.recipients) && typeof facts.envelope === 'object'
    return isSound && facts.recipients.length === envelopeOf(facts).recipients.length ? facts : null
  } catch {
    return null
  }
}

export const envelopeOf = ({ envelope }: ArchivedFacts): Envelope => parseEnvelopeText(JSON.stringify(envelope))
