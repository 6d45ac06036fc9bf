import { storedDomain } from '../mail/domain.ts'
import type { Envelope, Recipient } from '../mail/envelope.ts'
import type { Hints } from '../mail/hints.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Mailbox } from '../mail/path.ts'

/** The text of an envelope in the spool: JSON with what is usual left out. A person can read it with `strings`. */
export function envelopeText(envelope: Envelope): string {
  const { origin } = envelope
  const { hints } = envelope
  const stored: Stored = {
    from: envelope.from === null ? null : storedMailbox(envelope.from),
    to: envelope.recipients.map(storedRecipient),
    // Before the origin: they are this message's own.
    ...(hints === undefined ? undefined : { hints }),
    origin: [origin.client, origin.listener, origin.helo, origin.identity, origin.protocol, origin.graphHash],
  }
  if (envelope.body !== '7bit') stored.body = envelope.body
  if (envelope.smtputf8) stored.smtputf8 = true
  if (envelope.ret !== null) stored.ret = envelope.ret
  if (envelope.envid !== null) stored.envid = envelope.envid
  if (origin.local !== undefined) stored.local = origin.local
  if (envelope.said !== undefined) stored.said = storedMailbox(envelope.said)
  if (envelope.rewriting !== undefined) stored.rewriting = envelope.rewriting
  // The last one: `tlsOfText` looks there.
  if (envelope.tls !== undefined) stored.tls = envelope.tls
  return JSON.stringify(stored)
}

/** The envelope of a text that `envelopeText` made: its checksum was right, so it is believed. */
export function parseEnvelopeText(text: string): Envelope {
  const stored = JSON.parse(text) as Stored
  const [client, listener, helo, identity, protocol, graphHash] = stored.origin
  return {
    from: stored.from === null ? null : mailboxOf(stored.from),
    recipients: stored.to.map(recipientOf),
    body: stored.body ?? '7bit',
    smtputf8: stored.smtputf8 ?? false,
    ret: stored.ret ?? null,
    envid: stored.envid ?? null,
    ...(stored.said === undefined ? {} : { said: mailboxOf(stored.said) }),
    ...(stored.rewriting === undefined ? {} : { rewriting: stored.rewriting }),
    ...(stored.tls === undefined ? {} : { tls: stored.tls }),
    ...(stored.hints === undefined ? {} : { hints: stored.hints }),
    origin: {
      client: client as IpAddress | null,
      listener,
      helo,
      identity,
      protocol,
      graphHash,
      ...(stored.local === undefined ? {} : { local: stored.local as IpAddress }),
    },
  }
}

/** The recipients of a text, whole or split. */
export function parseRecipients(own: string, shared: string): Envelope['recipients'] {
  return (JSON.parse(shared === '' ? own : `${own}}`) as Pick<Stored, 'to'>).to.map(recipientOf)
}

/** A text in two parts: `own` has sender and recipients, `shared` what many messages have alike (where they came from). */
export type SplitText = { readonly own: string; readonly shared: string }

/** Where the second part begins. In no value: there its quotes would be escaped. */
export const sharedFrom = ',"origin":['

/** With one string for all equal second parts, and no part that keeps the memory of the whole. */
export function splitText(text: string): SplitText {
  const at = text.indexOf(sharedFrom)
  if (at < 0) return { own: text, shared: '' }
  return { own: Buffer.from(text.slice(0, at)).toString(), shared: sharedText(text.slice(at)) }
}

// Mail that waits for one reason often came from few places; what is rare is not worth the memory of a long table.
const sharedTexts = new Map<string, string>()
const maxShared = 1000

export function sharedText(text: string): string {
  const known = sharedTexts.get(text)
  if (known !== undefined) return known
  if (sharedTexts.size >= maxShared) sharedTexts.clear()
  const kept = Buffer.from(text).toString()
  sharedTexts.set(kept, kept)
  return kept
}

/** What an envelope's text says of TLS, without reading the rest. No value can end so: its quotes would be escaped. */
export function tlsOfText(text: string): Envelope['tls'] {
  if (!text.endsWith('d"}') && !text.endsWith('l"}')) return undefined
  if (text.endsWith(',"tls":"required"}')) return 'required'
  return text.endsWith(',"tls":"optional"}') ? 'optional' : undefined
}

/** Where the hints of an envelope's text begin; in no value, as with `sharedFrom`. */
const hintsFrom = ',"hints":{'

/** What an envelope's text, whole or its own part, says of its delivery, without reading the rest. */
export function hintsOfText(own: string): Hints | undefined {
  const at = own.indexOf(hintsFrom)
  if (at < 0) return undefined
  const end = own.indexOf(sharedFrom, at)
  return (JSON.parse(`{${own.slice(at + 1, end < 0 ? own.length : end)}}`) as Pick<Stored, 'hints'>).hints
}

type Stored = {
  from: StoredMailbox | null
  to: StoredRecipient[]
  hints?: Hints
  origin: [string | null, string | null, string | null, string | null, string, string]
  body?: Envelope['body']
  smtputf8?: true
  ret?: 'full' | 'hdrs'
  envid?: string
  local?: string
  said?: StoredMailbox
  rewriting?: string
  tls?: Envelope['tls']
}

/** The text alone where it says the rest too; with a quoted local part: local part, domain, text. */
type StoredMailbox = string | [string, string, string]

type StoredRecipient =
  | StoredMailbox
  | {
      to: StoredMailbox
      original?: StoredMailbox
      notify?: Recipient['notify']
      orcpt?: string
      expanded?: true
      sender?: StoredMailbox | null
      journal?: 'message' | 'report'
    }

// Quoting only makes it longer, so equal lengths are equal texts.
const storedMailbox = ({ localPart, domain, text }: Mailbox): StoredMailbox =>
  text.length === localPart.length + 1 + domain.length ? text : [localPart, domain, text]

function storedRecipient(recipient: Recipient): StoredRecipient {
  const { mailbox, original, notify, orcpt, expanded, sender, journal } = recipient
  const to = storedMailbox(mailbox)
  const same = original === mailbox || original.text === mailbox.text
  if (same && notify === null && orcpt === null && sender === undefined && journal === undefined) return to
  return {
    to,
    ...(same ? {} : { original: storedMailbox(original) }),
    ...(notify === null ? {} : { notify }),
    ...(orcpt === null ? {} : { orcpt }),
    ...(expanded === undefined ? {} : { expanded }),
    ...(sender === undefined ? {} : { sender: sender === null ? null : storedMailbox(sender) }),
    ...(journal === undefined ? {} : { journal }),
  }
}

function mailboxOf(stored: StoredMailbox): Mailbox {
  if (typeof stored !== 'string') return { localPart: stored[0], domain: storedDomain(stored[1]), text: stored[2] }
  const at = stored.lastIndexOf('@')
  return { localPart: stored.slice(0, at), domain: storedDomain(stored.slice(at + 1)), text: stored }
}

function recipientOf(stored: StoredRecipient): Recipient {
  if (typeof stored === 'string' || Array.isArray(stored)) {
    const mailbox = mailboxOf(stored)
    return { mailbox, original: mailbox, notify: null, orcpt: null }
  }
  const mailbox = mailboxOf(stored.to)
  return {
    mailbox,
    original: stored.original === undefined ? mailbox : mailboxOf(stored.original),
    notify: stored.notify ?? null,
    orcpt: stored.orcpt ?? null,
    ...(stored.expanded === undefined ? {} : { expanded: stored.expanded }),
    ...(stored.sender === undefined ? {} : { sender: stored.sender === null ? null : mailboxOf(stored.sender) }),
    ...(stored.journal === undefined ? {} : { journal: stored.journal }),
  }
}
