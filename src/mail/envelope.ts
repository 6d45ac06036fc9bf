import type { Hints } from './hints.ts'
import type { IpAddress } from './ip.ts'
import type { Mailbox, ReversePath } from './path.ts'

/** What a mail transaction says of a message, apart from its content. It is stored with the message, as JSON. */
export type Envelope = {
  readonly from: ReversePath
  readonly recipients: readonly Recipient[]
  /** BODY= (RFC 6152, RFC 3030). */
  readonly body: '7bit' | '8bitmime' | 'binarymime'
  readonly smtputf8: boolean
  /** RET= and ENVID= (RFC 3461 §4.3, §4.4), `null` when not given. */
  readonly ret: 'full' | 'hdrs' | null
  readonly envid: string | null
  readonly origin: Origin
  /** What MAIL named, where `from` is what a rewriting made of it: routes go by this one. */
  readonly said?: Mailbox
  /** The rewriting that its client has, by its name in the graph: the header is rewritten by it when it leaves. */
  readonly rewriting?: string
  /** Fields of its header steer its delivery, and are taken off when it leaves. */
  readonly hints?: Hints
  /** Absent: the sender leaves it to others. */
  readonly tls?: TlsNeed
}

/**
 * `required`   MAIL said REQUIRETLS: only over verified TLS, to hosts that demand the same of theirs (RFC 8689 §2)
 * `optional`   the header says `TLS-Required: No`: delivery matters more than what owners of hosts demand (§5)
 */
export type TlsNeed = 'required' | 'optional'

/** One final recipient. Aliases and catch-alls are already expanded; `original` is what RCPT named. */
export type Recipient = {
  readonly mailbox: Mailbox
  readonly original: Mailbox
  /** NOTIFY= (RFC 3461 §4.1); `null` when not given. An empty list is NEVER. */
  readonly notify: readonly ('success' | 'failure' | 'delay')[] | null
  /** ORCPT= as `type;xtext`, kept as it came; `null` when not given. */
  readonly orcpt: string | null
  /**
   * On the first of several mailboxes that an alias stands for: the sender wanted to hear of success, and hears that it was
   * expanded. In `notify` of all of them nothing is left of success (RFC 3461 §5.2.7.3).
   */
  readonly expanded?: true
  /** The reverse-path towards this one, where it is not the message's: mail that is forwarded, copies of a journal. */
  readonly sender?: ReversePath
  /** Nobody that the sender named, but a journal that gets a copy, or a report with the message inside. */
  readonly journal?: 'message' | 'report'
}

/** Where a message came from and which decision let it in. */
export type Origin = {
  /** `null` for a message that the gateway made itself (a notification). */
  readonly client: IpAddress | null
  readonly listener: string | null
  readonly helo: string | null
  readonly identity: string | null
  /** SMTP, ESMTP, ESMTPS ... (RFC 3848). */
  readonly protocol: string
  readonly graphHash: string
  /** Our own address that it came in to, where the graph has a pool that sends from there. */
  readonly local?: IpAddress
}
