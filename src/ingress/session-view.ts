import { type IncomingView, namedRecipients, type TransactionView } from '../mail/connection-view.ts'
import type { Session } from './session.ts'
import type { Transaction } from './transaction.ts'

/** A session as operators see it. */
export function sessionView(session: Session): IncomingView {
  const { id, caller, peer, state, mode, openedAt, messages, cipher } = session
  return {
    direction: 'in',
    id,
    listener: caller.listener,
    client: caller.client,
    by: caller.client === peer ? null : peer,
    helo: state.helo,
    login: caller.login,
    state: mode,
    openedAt,
    tls: cipher,
    messages,
    transaction: state.transaction === null ? null : transactionView(state.transaction),
  }
}

function transactionView({ from, recipients, sizeBytes, incoming }: Transaction): TransactionView {
  return {
    message: incoming?.id ?? null,
    from: from?.text ?? '',
    recipients: recipients.list.slice(0, namedRecipients).map(({ mailbox }) => mailbox.text),
    recipientCount: recipients.list.length,
    sizeBytes: incoming === null ? sizeBytes : incoming.sizeBytes,
  }
}
