import type { Overlay } from '../graph/overlay.ts'
import type { Result } from '../mail/result.ts'
import type { Identity } from './access.ts'

/** One next hop, as an operator sees it: what its lane, its connections and the holds of operators say together. */
export type Destination = {
  /** `mx:dst.example`, `relay:isp`, `hosts:10.0.0.1:25`. */
  readonly name: string
  /**
   * up         mail is handed over
   * back-off   it was not reached, or wants to be left alone: nothing is tried until `until`
   * probing    one delivery finds out
   * suspended  an operator, or a reaction of the document, keeps mail for it back until `until`
   */
  readonly state: 'up' | 'back-off' | 'probing' | 'suspended'
  readonly reason: string | null
  /** Epoch ms. */
  readonly since: number | null
  /** When it is probed next, or the suspension ends. */
  readonly until: number | null
  readonly lastReply: string | null
  /** Times in a row that it was not reached. */
  readonly failures: number
  /** Deliveries that wait for it, are on their way, and recipients that a suspension keeps back. */
  readonly waiting: number
  readonly active: number
  readonly held: number
  readonly connections: number
  /** Connections that there may be now, and why they are fewer than the document says; `null`: they are not. */
  readonly limit: number | null
  readonly limited: string | null
  /** Messages within a time, that hold now. */
  readonly rate: { readonly most: number; readonly perMs: number } | null
  /** Until when the rate is one that a reaction has set, and why. */
  readonly slowed: { readonly until: number; readonly why: string } | null
  /** Hosts that could not be used lately, tried after the others until then. */
  readonly shunned: readonly { readonly host: string; readonly until: number }[]
}

export type SuspendRequest = {
  readonly pattern: string
  readonly owner: string
  readonly reason: string
  readonly until: number
}

/** What an operator may do to next hops. Patterns: `nextHopTest` of graph. */
export type DestinationOperations = {
  /** By name. */
  list(pattern: string): readonly Destination[]
  /** Mail for it waits, also over a restart, and does not expire meanwhile. */
  suspend(request: SuspendRequest, identity: Identity): Promise<Result<Overlay>>
  /** Ends suspensions. Gives those that it ended: of exactly this pattern, and of next hops that it matches. */
  resume(pattern: string, identity: Identity): Promise<readonly Overlay[]>
  /** Forgets back-off, hosts, reactions and learnt limits, and tries now. Gives the names. */
  reset(pattern: string, identity: Identity): Promise<readonly string[]>
}
