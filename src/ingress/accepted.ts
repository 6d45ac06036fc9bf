import type { Envelope } from '../mail/envelope.ts'
import { hintsText } from '../mail/hints.ts'
import { parseIp } from '../mail/ip.ts'
import type { LogFields } from '../mail/log.ts'
import type { Caller } from './admission.ts'
import type { Transaction } from './transaction.ts'
import type { State } from './visit.ts'

/** What is stored beside the content of a message. */
export function envelopeOf(
  state: State,
  transaction: Transaction,
  caller: Caller,
  arrivedAt: () => string | null,
): Envelope {
  const { from, recipients, body, smtputf8, ret, envid, admission, requireTls, incoming } = transaction
  const origin: Envelope['origin'] = {
    client: caller.client,
    listener: caller.listener,
    helo: state.helo,
    identity: caller.login,
    protocol: protocolOf(state, transaction, caller),
    graphHash: admission.hash,
    ...(admission.keepsArrival === true ? arrival(arrivedAt()) : {}),
  }
  const envelope = { from, recipients: recipients.list, body, smtputf8, ret, envid, origin }
  // What the session says goes before what the header says (RFC 8689 §2).
  const tls = requireTls === true ? 'required' : incoming?.tlsOptional === true ? 'optional' : null
  const steered = incoming === null ? envelope : incoming.steered(envelope)
  const needing: Envelope = tls === null ? steered : { ...steered, tls }
  if (admission.sealed === undefined) return needing
  const sealed = admission.sealed(needing, recipients.marks)
  if (sealed.said !== undefined) recipients.storedSender = sealed.from
  return sealed
}

/** An IPv4 client of a socket for both families has come to an IPv4-mapped address. */
function arrival(address: string | null): Pick<Envelope['origin'], 'local'> {
  const parsed = parseIp(address ?? '')
  return parsed.ok ? { local: parsed.value } : {}
}

/** The word for "with" in Received: RFC 3848, RFC 6531 §4.3; HELO has no letters for what only EHLO offers. */
export function protocolOf(state: State, { smtputf8 }: Transaction, { tls, login }: Caller): string {
  const protocol = smtputf8 ? 'UTF8SMTP' : state.extended ? 'ESMTP' : 'SMTP'
  if (!tls && login === null) return protocol
  if (protocol === 'SMTP') return protocol
  return `${protocol}${tls ? 'S' : ''}${login === null ? '' : 'A'}`
}

/** The line that says who sent what through which row of which graph. */
export function acceptedFields(
  state: State,
  transaction: Transaction,
  caller: Caller,
  cipher: string | null,
): LogFields {
  const { from, recipients, admission, incoming } = transaction
  const fields = {
    id: incoming!.id,
    from: from === null ? '' : (recipients.storedSender ?? from).text,
    recipients: recipients.list.length,
    sizeBytes: incoming!.sizeBytes,
    client: caller.client,
    listener: caller.listener,
    helo: state.helo,
    graph: admission.hash,
    at: recipients.at,
  }
  const { storedSender } = recipients
  const { hints } = incoming!
  if (cipher === null && caller.login === null && storedSender === null && hints === null) return fields
  const line = cipher === null && caller.login === null ? {} : { tls: cipher, login: caller.login }
  const said = storedSender === null ? {} : { said: from?.text }
  return { ...fields, ...said, ...line, ...(hints === null ? {} : { hints: hintsText(hints) }) }
}
