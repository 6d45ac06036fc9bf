import type { Control } from '../graph/control.ts'
import { coveringPatterns, isSearchable } from '../graph/pattern.ts'
import type { Clock } from '../mail/clock.ts'
import type { Envelope, Recipient } from '../mail/envelope.ts'
import { type Mailbox, parseMailbox, type ReversePath } from '../mail/path.ts'
import { rewritingOf } from '../mail/rewriting.ts'
import { createSrs, type Returned, type SrsSettings } from '../mail/srs.ts'

/** What rules have said about the envelope of a message on its way in. */
export type EnvelopeMarks = {
  /** Name of the rewriting that its client has. */
  rewriting: string | null
  /** `report:journal@a.example` */
  readonly journals: Set<string>
  /** What its client may steer the delivery by, as the note has it; absent: by nothing. */
  hints?: string
}

/** What the gateway itself makes of addresses: at RCPT of those that it gave out, and in the envelope that is stored. */
export type Addressing = {
  /** `null`: no return address of ours, whatever its signature. */
  back(recipient: Mailbox): Returned | null
  /**
   * The envelope as it is stored: with the sender that leaves, with return addresses towards whom the mail is forwarded to,
   * and with journals among its recipients, so that they are accepted when the message is, or not at all.
   */
  sealed(envelope: Envelope, marks: EnvelopeMarks | null): Envelope
}

/** @param secrets by the text of their references */
export function addressingOf(control: Control, secrets: ReadonlyMap<string, string>, clock: Clock): Addressing {
  const { srs: settings, rewritings = [] } = control
  const byName = new Map(rewritings.map((one) => [one.name, one]))
  const srs =
    settings === undefined
      ? null
      : createSrs(
          settings,
          settings.secrets.map(({ $secret }) => {
            const value = secrets.get($secret)
            if (value === undefined) throw new Error(`${$secret} was not resolved when the graph was made ready`)
            return value
          }),
        )
  const isOurs = settings === undefined ? () => true : ownDomains(settings)

  /** Who shall hear of it when it cannot be delivered any further on. */
  const senderTowards = (from: ReversePath, { mailbox, original }: Recipient): Mailbox | null => {
    if (srs === null || from === null || isOurs(from.domain) || isOurs(mailbox.domain)) return null
    if (settings!.of === 'forwarded' && (original.text === mailbox.text || !isOurs(original.domain))) return null
    // What comes back to one of ours goes on to the sender it was made from, and not around again.
    return srs.isReturn(original) ? null : srs.forward(from, clock.now())
  }

  return {
    back: (recipient) => (srs?.isReturn(recipient) === true ? srs.back(recipient, clock.now()) : null),
    sealed(envelope, marks) {
      const settings = marks?.rewriting == null ? undefined : byName.get(marks.rewriting)
      let sealed = envelope
      if (settings !== undefined) {
        const { from } = envelope
        const next = from === null ? null : rewritingOf(settings).senders.rewritten(from)
        sealed = { ...sealed, rewriting: settings.name, ...(next === null ? {} : { from: next, said: from! }) }
      }
      if (srs !== null) {
        const senders = sealed.recipients.map((recipient) => senderTowards(sealed.from, recipient))
        if (senders.some((sender) => sender !== null)) {
          const recipients = sealed.recipients.map((recipient, i) => {
            const sender = senders[i]
            return sender == null ? recipient : { ...recipient, sender }
          })
          sealed = { ...sealed, recipients }
        }
      }
      if (marks === null || marks.journals.size === 0) return sealed
      return { ...sealed, recipients: [...sealed.recipients, ...[...marks.journals].flatMap(journalled)] }
    },
  }
}

/** A copy whose fate is no business of the sender's: it has no sender, and tells nobody. */
function journalled(mark: string): Recipient[] {
  const colon = mark.indexOf(':')
  const mailbox = parseMailbox(mark.slice(colon + 1))
  if (!mailbox.ok) return []
  const journal = mark.startsWith('message:') ? 'message' : 'report'
  return [{ mailbox: mailbox.value, original: mailbox.value, notify: [], orcpt: null, sender: null, journal }]
}

function ownDomains({ ours }: SrsSettings): (domain: string) => boolean {
  const patterns = new Set(ours)
  return (domain) =>
    isSearchable(domain) && !domain.startsWith('[') && coveringPatterns(domain).some((pattern) => patterns.has(pattern))
}
