import type { NoteAt } from '../graph/evaluator.ts'
import type { Outcome } from '../graph/graph.ts'
import type { Envelope, Recipient } from '../mail/envelope.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import type { Reply } from '../mail/reply.ts'
import type { Limits, Timeouts } from '../mail/settings.ts'
import type { EnvelopeMarks } from './addressing.ts'
import type { ReadHints } from './hints.ts'
import type { Verified } from './verify.ts'

/**
 * Who may send what to whom, as a session asks it: one per graph, shared by all sessions. A session asks `connect` of the
 * one that is active when it begins, and each transaction keeps the one that was active at its MAIL. A promise means that
 * an oracle is being asked; it never rejects.
 */
export type Admission = {
  /** Names the graph, in envelopes and in the log. */
  readonly hash: string
  readonly limits: Limits
  readonly timeouts: Timeouts
  /** What `<postmaster>` without a domain stands for: the one of our own name (RFC 5321 §4.5.1). */
  readonly postmaster: Mailbox
  /** Mail may have to leave from the address that it came in to: the envelope says which. */
  readonly keepsArrival?: true
  connect(caller: Caller): Asked
  /** After HELO or EHLO: `caller.helo` is what was said. */
  helo(caller: Caller): Asked
  /** Whether AUTH may be used on this line: a refusal is not offered it, and is the reply to it. */
  login(caller: Caller): Asked
  mail(caller: Caller, sender: ReversePath, sizeBytes: number | null): Asked
  rcpt(caller: Caller, sender: ReversePath, recipient: Mailbox, sizeBytes: number | null): Asked
  /** For VRFY: whether the mailbox exists, as far as the document says. */
  verify(caller: Caller, mailbox: Mailbox): Verified
  /** Asked with the count so far while data come (`hops` is `null` then), and with all of it at the end. */
  data(caller: Caller, sender: ReversePath, recipients: readonly Recipient[], content: Content): Asked
  /** What fields of the header that steer the delivery come to; absent: they are fields as others are. */
  readonly readHints?: ReadHints
  /** The envelope as it is stored; absent: as it came. */
  readonly sealed?: (envelope: Envelope, marks: EnvelopeMarks | null) => Envelope
}

export type Asked = Verdict | Promise<Verdict>

/** Octets without stuffed dots, and Received lines. */
export type Content = { readonly sizeBytes: number; readonly hops: number | null }

/** Who is at the other end, as far as it is known: one value for each session, replaced when something of it changes. */
export type Caller = {
  readonly listener: string
  readonly client: IpAddress
  /** The line is encrypted. */
  readonly tls: boolean
  /** Who logged in, folded to lower case; `null`: nobody. */
  readonly login: string | null
  /** Client certificate that was verified, `sha256:` and 64 hexadecimal digits; `null`: none. */
  readonly certificate: string | null
  /** Argument of HELO or EHLO as it was said; `null`: not yet. */
  readonly helo: string | null
}

/** `at` is the row of the document that decided, with its place. */
export type Verdict =
  /** `recipients`: of RCPT, whom the message goes to, aliases expanded. Empty for the other stages. */
  | {
      readonly kind: 'accept'
      readonly recipients: readonly Mailbox[]
      readonly at: string
      readonly answers?: Answers
      readonly notes?: Notes
    }
  | {
      readonly kind: 'refuse'
      readonly reply: Reply
      readonly at: string
      readonly answers?: Answers
      readonly notes?: Notes
    }

/** What was said in passing: rules that only look on, and marks; absent: nothing. */
export type Notes = readonly NoteAt[]

/** What oracles said on the way to a verdict, by `dnsbl.zen`; `undefined` when none was asked. */
export type Answers = Readonly<Record<string, Outcome>> | undefined
