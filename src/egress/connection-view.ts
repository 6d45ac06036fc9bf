import { namedRecipients, type OutgoingView, type TransactionView } from '../mail/connection-view.ts'
import type { Connection } from './connection.ts'
import type { Job } from './job.ts'

/** A connection to a next hop as operators see it. */
export function connectionView(nextHop: string, connection: Connection): OutgoingView {
  const { label, openedAt, stage, tls, messages, current, source } = connection
  return {
    direction: 'out',
    nextHop,
    host: label,
    source,
    openedAt,
    state: stage,
    tls,
    messages,
    transaction: current === null ? null : transactionView(current),
  }
}

function transactionView({ delivery, positions, body }: Job): TransactionView {
  const { id, envelope } = delivery.entry
  return {
    message: id,
    from: envelope.from?.text ?? '',
    recipients: positions
      .slice(0, namedRecipients)
      .map((position) => envelope.recipients[delivery.recipients[position]!]!.mailbox.text),
    recipientCount: positions.length,
    sizeBytes: body.sizeBytes,
  }
}
