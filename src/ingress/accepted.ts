import type { Envelope } from '../mail/envelope.ts'
import type { LogFields } from '../mail/log.ts'
import type { Caller } from './admission.ts'
import type { Transaction } from './transaction.ts'
import type { State } from './visit.ts'

/** What is stored beside the content of a message. */
export function envelopeOf(state: State, transaction: Transaction, caller: Caller): Envelope {
  const { from, recipients, body, smtputf8, ret, envid, admission } = transaction
  const origin: Envelope['origin'] = {
    client: caller.client,
    listener: caller.listener,
    helo: state.helo,
    identity: null,
    protocol: protocolOf(state, transaction),
    graphHash: admission.hash,
  }
  return { from, recipients, body, smtputf8, ret, envid, origin }
}

/** The word for "with" in Received (RFC 3848, RFC 6531 §4.3). */
export function protocolOf(state: State, transaction: Transaction): string {
  if (transaction.smtputf8) return 'UTF8SMTP'
  return state.extended ? 'ESMTP' : 'SMTP'
}

/** The line that says who sent what through which row of which graph. */
export function acceptedFields(state: State, transaction: Transaction, caller: Caller): LogFields {
  const { from, recipients, admission, at, incoming } = transaction
  return {
    id: incoming!.id,
    from: from === null ? '' : from.text,
    recipients: recipients.length,
    sizeBytes: incoming!.sizeBytes,
    client: caller.client,
    listener: caller.listener,
    helo: state.helo,
    graph: admission.hash,
    at,
  }
}
