import type { Recipient } from '../mail/envelope.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import type { Rewriting } from '../mail/rewriting.ts'
import { headerRewritten } from '../message/addresses/header-rewriting.ts'
import { journalReport } from '../message/journal-report.ts'
import type { Octets } from '../message/mime/transfer.ts'
import { hintsStripped, type Stripping } from '../message/strip-hints.ts'
import type { QueueEntry } from './entry.ts'
import { FormedBody } from './formed-body.ts'
import type { Delivery } from './lane.ts'

/**
 * How a message leaves towards one next hop where it does not leave as it came. Of most messages there is none, and they
 * cost nothing.
 */
export type Form = {
  /** The reverse-path that these recipients see. */
  readonly sender: ReversePath
  /** Forward-paths on the wire; `null`: as they are. */
  readonly recipients: ((mailbox: Mailbox) => Mailbox) | null
  /** Rewritings of the header, one after the other. */
  readonly header: readonly Rewriting[]
  /** Fields that have steered its delivery are taken off. */
  readonly hints: Stripping | null
  /** The message travels inside of a report on it, to a journal. */
  readonly report: { readonly from: Mailbox; readonly to: Mailbox } | null
  /** What a host cannot take as it is goes back to its sender. */
  readonly conversion: 'convert' | 'refuse'
}

/**
 * Recipients of one next hop that may share a transaction have the same: another reverse-path, and a copy for a journal,
 * travel alone. `''` for almost all of them.
 */
export const companyOf = ({ sender, journal, mailbox }: Recipient): string =>
  sender === undefined && journal === undefined
    ? ''
    : ` ${journal === undefined ? '' : mailbox.text} ${sender == null ? '' : sender.text}`

/** True when other octets leave than came. */
export const changesContent = ({ header, report, hints }: Form): boolean =>
  header.length > 0 || report !== null || hints !== null

/** What a mailbox of ours gets of a delivery: the message in its form. @throws SpoolError when it cannot be read */
export async function formedEntry({ entry, form }: Delivery): Promise<QueueEntry> {
  if (form == null) return entry
  const { id, queuedAt, envelope, recipients } = entry
  const body = changesContent(form) ? await FormedBody.of(() => formed(entry, form)) : entry.body
  return { id, queuedAt, recipients, body, envelope: { ...envelope, from: form.sender } }
}

/** The content in its form, dot-stuffed as the stored one is. @throws SpoolError when it cannot be read */
export function formed(entry: QueueEntry, { header, report, hints }: Form): Octets {
  const came: Octets = entry.body.chunks ?? entry.body.read()
  const stored = hints === null ? came : hintsStripped(came, hints)
  const { id, queuedAt, envelope, body } = entry
  if (report !== null) return journalReport({ id, queuedAt, envelope, eightBit: body.eightBit }, stored, report)
  return header.length === 0 ? stored : headerRewritten(stored, header)
}
