import type { Claims } from './claims.ts'
import type { Control } from './control.ts'

/**
 * The graph: a whole gateway as plain data, immutable, canonical (sorted keys, no floats, NFC), named by its hash.
 * A gateway is handed a graph and nothing else. Positions are not in it: they live in `Sources`, keyed by `at`, so that
 * a comment or a move to another file keeps the hash.
 *
 * Stages are asked in this order, and a refusal ends the walk:
 *   connect      deny rules on client and listener alone
 *   helo         deny rules on the name that the client gives itself
 *   auth         whether login may be used on this line: who is refused is not offered AUTH, and hears this reply to it
 *   mail         what the listener or the client demands (TLS, login); deny rules on sender; senders a client may use; announced size; rates of messages
 *   rcpt         postmaster and abuse of our domains pass; deny rules on recipient; recipients a client may use; relaying; checks and DNSBL; aliases; recipient lists; rates of recipients
 *   data         deny rules on size; size; hops
 *   route        localMx, asked at RCPT (a `reject()` row refuses there) and anew at each attempt
 *   destination  deny rules on the address that a delivery is about to connect to
 * `message` is a stage too and holds nothing yet.
 */
export type Graph = {
  readonly format: 'mailgw-graph/1'
  readonly control: Control
  readonly claims: Claims
  readonly nodes: readonly Node[]
  readonly entry: Readonly<Record<Stage, NodeId>>
}

export const stages = ['connect', 'helo', 'auth', 'mail', 'rcpt', 'data', 'message', 'route', 'destination'] as const
export type Stage = (typeof stages)[number]

/** Index into `nodes`. Every edge points to a higher index, so each walk ends. */
export type NodeId = number

/**
 * `at` is the path in the document of the element that the node or row comes from (see `config/document.ts`). On a row,
 * an oracle and a leaf it names what decided (`winner`); a row with `''` decides nothing by itself, being one of several
 * conditions. On a choice, table or compare it only says in explanations who asks.
 */
export type Node = Choice | Table | Compare | OracleNode | Note | Leaf

/** One of the gateway's own few names, such as a listener. On `tls` the only case is `tls`: the line is encrypted. */
export type Choice = {
  readonly kind: 'choice'
  readonly on: 'listener' | 'tls'
  /** Sorted, unique. */
  readonly cases: readonly (readonly [string, NodeId])[]
  readonly otherwise: NodeId
  readonly at?: string
}

/**
 * Most specific wins: for addresses of hosts the longest prefix; for mailboxes the exact mailbox, then the exact domain,
 * then the longest `*.suffix`, then `*`; `<>` matches the null reverse-path alone. `local-part` compares the recipient's
 * local part without case, whatever its domain. A fact that is not known matches no row. Rows are sorted by the code
 * units of their patterns, patterns unique.
 *
 *   login        folded: the login itself, then `*@domain` (what follows its last `@`), then `*`; nobody logged in: none
 *   certificate  `sha256:` and 64 hexadecimal digits, then `*`; no verified certificate: none
 *   helo         the domain, then the longest `*.suffix`, then `*`, without case; an address literal matches `*` alone
 */
export type Table = {
  readonly kind: 'table'
  readonly on: TableFact
  readonly rows: readonly (readonly [pattern: string, to: NodeId, at: string])[]
  readonly otherwise: NodeId
  readonly at?: string
}

export const tableFacts = [
  'client',
  'sender',
  'recipient',
  'local-part',
  'destination',
  'login',
  'certificate',
  'helo',
] as const
export type TableFact = (typeof tableFacts)[number]

/** `over`: the fact is known and greater than `value`. A size that is not known is never over. */
export type Compare = {
  readonly kind: 'compare'
  readonly on: 'size' | 'hops'
  readonly value: number
  readonly over: NodeId
  readonly within: NodeId
  readonly at?: string
}

/** What only run time can tell. Every oracle has `error` among its outcomes; `listed`: what it asks for is so. */
export type OracleNode = {
  readonly kind: 'oracle'
  readonly oracle: Oracle
  readonly outcomes: { readonly listed: NodeId; readonly clear: NodeId; readonly error: NodeId }
  readonly at: string
}
export type Oracle =
  /** Lists of addresses to refuse, and to let in: what follows from an answer is in the edges. */
  | { readonly kind: 'dnsbl'; readonly id: string; readonly zone: string; readonly codes: readonly string[] }
  /** Listed: the client has no (matching) reverse name, its HELO name or the sender's domain does not exist. */
  | { readonly kind: 'check'; readonly id: 'reverse' | 'helo' | 'sender-domain' }
  /** Listed: the sender is no address of who logged in. `id` is the client's name. */
  | { readonly kind: 'own-sender'; readonly id: string }
  /** Listed: the client is in the file of networks at `path`, which the gateway reads again whenever it changes. */
  | { readonly kind: 'watched'; readonly id: string; readonly path: string }
  /** Listed: over `most` within the latest `perMs`, counted by `by`. `id` is the client's name. */
  | RateOracle
  /** Listed: the recipient does not exist. `id` is that of a check in `control.recipientChecks`. */
  | { readonly kind: 'recipient'; readonly id: string }
export type RateOracle = {
  readonly kind: 'rate'
  readonly id: string
  readonly of: 'messages' | 'recipients' | 'bytes'
  readonly most: number
  readonly perMs: number
  readonly by: 'address' | 'entry' | 'login'
}
export type Outcome = 'listed' | 'clear' | 'error'

/**
 * Says something in passing and goes on to `to`; it decides nothing, so a row that leads only here has `''` as its `at`.
 *   observe  a rule that is being tried would have refused here with this reply
 *   tag      the message gets the mark in `text`; `code` is 0 and `status` empty, as in those that follow
 *   rewrite  its addresses are rewritten by the section of the control called `text`
 *   journal  it is copied to a journal: `text` is the form, a colon and the mailbox
 *   hints    fields of its header may steer its delivery: `text` says which, and what may be chosen (`mail/hints.ts`)
 */
export type Note = {
  readonly kind: 'note'
  readonly note: 'observe' | 'tag' | 'rewrite' | 'journal' | 'hints'
  readonly at: string
  readonly code: number
  readonly status: string
  readonly text: string
  readonly to: NodeId
}

/** What a note does to a message, as one word; `null`: nothing. */
export const markOf = ({ note, text }: Pick<Note, 'note' | 'text'>): string | null =>
  note === 'observe'
    ? null
    : note === 'tag'
      ? text
      : `${note === 'rewrite' ? 'rewritten by' : note === 'hints' ? 'may be steered by' : note} ${text}`

/** Ends a stage. `at` is `null` where only the row that led here can tell (one leaf serves many rows). */
export type Leaf = { readonly at: string | null } & (
  | { readonly kind: 'next' }
  | { readonly kind: 'refuse'; readonly code: number; readonly status: string; readonly text: string }
  | { readonly kind: 'expand'; readonly to: readonly string[] }
  | { readonly kind: 'park'; readonly reason: string }
  | { readonly kind: 'relay'; readonly relay: string }
  | { readonly kind: 'hosts'; readonly hosts: readonly { readonly host: string; readonly port: number }[] }
  | { readonly kind: 'mx'; readonly tls: 'off' | 'may' | 'encrypt' | 'verify' }
  | { readonly kind: 'deliver'; readonly dir: string }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'discard' }
)

/** True for the nodes that end a stage. */
export function isLeaf(node: Node): node is Leaf {
  switch (node.kind) {
    case 'choice':
    case 'table':
    case 'compare':
    case 'oracle':
    case 'note':
      return false
    default:
      return true
  }
}

/** The edges of a node in the order in which they are written. */
export function edgesOf(node: Node): readonly number[] {
  switch (node.kind) {
    case 'choice':
      return [...node.cases.map(([, to]) => to), node.otherwise]
    case 'table':
      return [...node.rows.map(([, to]) => to), node.otherwise]
    case 'compare':
      return [node.over, node.within]
    case 'oracle':
      return [node.outcomes.listed, node.outcomes.clear, node.outcomes.error]
    case 'note':
      return [node.to]
    default:
      return []
  }
}
