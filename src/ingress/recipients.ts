import type { Recipient } from '../mail/envelope.ts'
import type { Mailbox } from '../mail/path.ts'
import type { EnvelopeMarks } from './addressing.ts'
import type { Answers, Notes } from './admission.ts'

/** A recipient that was let in; what becomes of the message is known at its end. */
export type LetIn = {
  readonly to: Mailbox
  readonly at: string
  readonly answers: Answers
  readonly notes?: Notes | undefined
}

/** Up to so many are compared one by one: it takes less than to keep a set of them. */
const fewEnough = 8

/**
 * Whom the message of one transaction goes to. It grows with each RCPT, and is never copied: a thousand recipients would
 * cost a million steps.
 */
export class Recipients {
  /** RCPT commands that were answered 250; aliases make this differ from the number of recipients. */
  forwardPaths = 0
  /** The row of the document that let the first one in. */
  at: string | null = null
  /** Marks that rules have put on the message, for the next hop; `null`: none. */
  tags: Set<string> | null = null
  /** The sender that was stored, where a rewriting made it another; `null`: the one that MAIL named. */
  storedSender: Mailbox | null = null
  /** What rules have said of its envelope; `null`: nothing. */
  marks: EnvelopeMarks | null = null
  private readonly found: Recipient[] = []
  private keys: Set<string> | null = null
  private letIn: LetIn[] = []

  get list(): readonly Recipient[] {
    return this.found
  }

  /** After a RCPT that was let in: `mailboxes` is whom it stands for. */
  add(one: LetIn, mailboxes: readonly Mailbox[], rest: Omit<Recipient, 'mailbox'>): void {
    this.forwardPaths++
    this.at ??= one.at
    this.letIn.push(one)
    if (mailboxes.length > 1 && rest.notify?.includes('success') === true) {
      this.addExpanded(mailboxes, rest, rest.notify)
      return
    }
    for (const mailbox of mailboxes) {
      // Who is named twice, by himself or through aliases, gets the message once.
      if (!this.has(mailbox)) this.put({ mailbox, ...rest })
    }
  }

  /** Several mailboxes of one alias, of whose success the sender wants to hear: once, that it was expanded. */
  private addExpanded(
    mailboxes: readonly Mailbox[],
    rest: Omit<Recipient, 'mailbox'>,
    notify: NonNullable<Recipient['notify']>,
  ): void {
    const others = { ...rest, notify: notify.filter((word) => word !== 'success') }
    let expanded: Pick<Recipient, 'expanded'> = { expanded: true }
    for (const mailbox of mailboxes) {
      if (this.has(mailbox)) continue
      this.put({ mailbox, ...others, ...expanded })
      expanded = {}
    }
  }

  /** After a MAIL or RCPT that was let in. */
  mark(notes: Notes): void {
    for (const { note, text } of notes) {
      if (note !== 'rewrite' && note !== 'journal' && note !== 'hints') continue
      this.marks ??= { rewriting: null, journals: new Set() }
      if (note === 'rewrite') this.marks.rewriting = text
      else if (note === 'hints') this.marks.hints = text
      else this.marks.journals.add(text)
    }
  }

  tag(words: readonly string[]): void {
    if (words.length === 0) return
    this.tags ??= new Set()
    for (const word of words) this.tags.add(word)
  }

  /** What was let in and stands in no record yet: each is written down once, whatever ends the transaction first. */
  takeOut(): readonly LetIn[] {
    const { letIn } = this
    this.letIn = []
    return letIn
  }

  private has({ localPart, domain }: Mailbox): boolean {
    if (this.keys !== null) return this.keys.has(keyOf(localPart, domain))
    return this.found.some(({ mailbox }) => mailbox.localPart === localPart && mailbox.domain === domain)
  }

  private put(recipient: Recipient): void {
    this.found.push(recipient)
    const { localPart, domain } = recipient.mailbox
    if (this.keys !== null) this.keys.add(keyOf(localPart, domain))
    else if (this.found.length > fewEnough) {
      this.keys = new Set(this.found.map(({ mailbox }) => keyOf(mailbox.localPart, mailbox.domain)))
    }
  }
}

/** No domain holds a space. */
const keyOf = (localPart: string, domain: string): string => `${domain} ${localPart}`
