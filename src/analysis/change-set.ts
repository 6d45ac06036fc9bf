import type { Behaviour } from '../graph/behaviour.ts'
import type { Box, PatternSet } from '../graph/box.ts'
import type { Explanation } from '../graph/explanation.ts'
import type { Outcome } from '../graph/graph.ts'
import type { TlsLevel } from '../mail/settings.ts'

/** The most dangerous first. */
export const changeKinds = [
  ...(['relayed-from-outside', 'login-in-clear', 'relayed-by-login', 'tls-lowered'] as const),
  ...(['accepted', 'refused', 'rerouted', 'text'] as const),
] as const
/**
 * `relayed-from-outside`  accepted now, for a recipient who is not ours, from a client who was not internal before
 * `login-in-clear`        who sends it may log in now over a line that is not encrypted
 * `relayed-by-login`      as from outside, but from somebody whose login makes them internal now
 * `tls-lowered`           goes on as before or elsewhere, with less TLS required than before
 * `accepted`, `refused`   was refused, was accepted
 * `rerouted`              accepted as before, but goes elsewhere, or with other marks
 * `text`                  refused as before, with another reply or at another stage
 */
export type ChangeKind = (typeof changeKinds)[number]

export type Cause = {
  readonly side: 'before' | 'after'
  /** The element of the document, such as `localMx["a.b"]` or `relays.isp`. */
  readonly at: string
  readonly file: string | null
  readonly line: number
  readonly column: number
}

/** A message that anybody can ask about; its two behaviours were said by the plain interpreter. */
export type Witness = {
  readonly message: Explanation['message']
  /** For every oracle that either graph knows. */
  readonly answers: Readonly<Record<string, Outcome>>
  readonly from: Behaviour
  readonly to: Behaviour
}

/** Of how many moves of a box, the most frequent ones, all is told: nobody prints more. */
export const toldMoves = 8

/** From -> to inside a box, in words. */
export type Move = {
  readonly from: string
  readonly to: string
  /** How many classes of recipients (rows of tables, or what lies between them) move like this. */
  readonly classes: number
  /** What is required of the line, at least, where mail leaves the gateway; `null` where it does not. */
  readonly tls?: { readonly from: TlsLevel | null; readonly to: TlsLevel | null }
  /** Who moves like this, where not all in the box do; of the first `toldMoves` alone. */
  readonly recipients?: PatternSet
  /** What was edited, by one message that moves like this; where `recipients` is. */
  readonly causes?: readonly Cause[]
}

export type Change = {
  readonly kind: ChangeKind
  readonly box: Box
  /** Those of this kind, then what else there is in the box (`text`); the most frequent first. */
  readonly moves: readonly Move[]
  /** Of the witness, who makes the first move. */
  readonly causes: readonly Cause[]
  readonly witness: Witness
}

/** What changes for the addresses that a delivery is about to connect to (the stage `destination`). */
export type DestinationChange = {
  readonly kind: 'accepted' | 'refused' | 'text'
  readonly destinations: PatternSet
  readonly from: string
  readonly to: string
  readonly causes: readonly Cause[]
  /** An address, confirmed by the plain interpreter. */
  readonly witness: string
}

/** A setting of the control section, by path; `null`: not there. */
export type SettingChange = { readonly at: string; readonly from: string | null; readonly to: string | null }

export type ChangeSet = {
  readonly format: 'mailgw-changes/1'
  /**
   * `c1:` and base32 of a SHA-256 over what changes for mail (`fingerprint.ts`: from which behaviour to which, for which
   * messages), kinds, destinations, settings and what is unknown, without positions, causes, witnesses and graph hashes:
   * equal meaning, equal hash.
   */
  readonly hash: string
  /** Graph hashes. */
  readonly base: string
  readonly next: string
  /** Disjoint, the most dangerous first. */
  readonly changes: readonly Change[]
  readonly destinations: readonly DestinationChange[]
  readonly settings: readonly SettingChange[]
  /** What could not be decided within the budget, in words; empty when all was. */
  readonly unknown: readonly string[]
}
