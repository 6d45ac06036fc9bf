import type { Domain } from './domain.ts'

/**
 * A mailbox as it came on the wire, parsed once.
 * `localPart` is without its quoting (`"a b"@x` has `a b`); `text` is what is sent on: the local part in the quoting it
 * came with, and the domain. Two mailboxes are the same recipient when `localPart` and `domain` are equal.
 */
export type Mailbox = {
  readonly localPart: string
  readonly domain: Domain
  readonly text: string
}

/** `MAIL FROM:<...>`; `null` is the null reverse-path `<>` (RFC 5321 §4.5.5). */
export type ReversePath = Mailbox | null
