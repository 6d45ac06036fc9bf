import type { Described } from '../graph/explanation.ts'
import type { Outcome, Stage } from '../graph/graph.ts'
import type { HostPort, TlsLevel } from '../mail/settings.ts'

/** A place in a test file. */
export type CasePlace = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endColumn: number
}

/** One test: a message, what is assumed of oracles, and what must come of it. */
export type Case = {
  readonly suite: string
  /** What a person called it; `null`: it is told by its message. */
  readonly name: string | null
  readonly place: CasePlace | null
  readonly message: Described
  readonly assume: ReadonlyMap<string, Outcome>
  /** All of them must hold. Never empty. */
  readonly demands: readonly Demand[]
}

/**
 * What must come of a message. A demand on the way (`relay` to `tls`) is one on every mailbox that the recipient stands
 * for, and none of a message that is refused.
 */
export type Demand =
  | { readonly kind: 'accepted' }
  /** 5yz; 4yz. `code` is `null` when any will do. */
  | { readonly kind: 'rejected' | 'deferred'; readonly code: number | null }
  | { readonly kind: 'relay'; readonly relay: string }
  | { readonly kind: 'hosts'; readonly hosts: readonly HostPort[] }
  | { readonly kind: 'mx' }
  | { readonly kind: 'delivered'; readonly dir: string | null }
  | { readonly kind: 'held' }
  | { readonly kind: 'discarded' }
  | { readonly kind: 'tls'; readonly level: TlsLevel }
  /** The mailboxes, as `mailboxKey` writes them, sorted. */
  | { readonly kind: 'to'; readonly mailboxes: readonly string[] }
  | { readonly kind: 'by'; readonly at: string }
  | { readonly kind: 'stage'; readonly stage: Stage }
  /** It is accepted with this mark, and maybe with others. */
  | { readonly kind: 'tagged'; readonly tag: string }

/** Where one mailbox goes. */
export type Way =
  | { readonly kind: 'relay'; readonly relay: string; readonly tls: TlsLevel; readonly hosts: readonly HostPort[] }
  | { readonly kind: 'hosts'; readonly hosts: readonly HostPort[] }
  | { readonly kind: 'mx'; readonly tls: TlsLevel; readonly domain: string }
  | { readonly kind: 'maildir'; readonly dir: string }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'discard' }

/** What decided, with its place in the document; line and column are 0 where it is not known. */
export type Decider = {
  readonly stage: Stage
  readonly at: string
  readonly file: string | null
  readonly line: number
  readonly column: number
}

export type Fate =
  | {
      readonly kind: 'refused'
      readonly stage: Stage
      readonly code: number
      readonly status: string | null
      readonly text: string
    }
  | {
      readonly kind: 'accepted'
      readonly finals: readonly { readonly mailbox: string; readonly key: string; readonly way: Way }[]
      /** The marks that it gets, sorted, each once; absent: none. */
      readonly tags?: readonly string[]
    }

/** What comes of a message for one set of answers. */
export type Ending = {
  /** Only those that were asked, assumed or not. */
  readonly answers: ReadonlyMap<string, Outcome>
  readonly fate: Fate
  /** One for each walk, in their order. The last one decided a refusal. */
  readonly deciders: readonly Decider[]
}
