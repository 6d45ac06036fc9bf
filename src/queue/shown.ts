import { replyText } from '../mail/reply.ts'
import type { RecipientState } from './entry.ts'
import type { NextHopLane } from './next-hop-lane.ts'
import type { RecipientSlot } from './stored-entry.ts'

/** A recipient as operators see it: of who waits for a next hop that is down, what that one says counts too. */
export type ShownState = {
  readonly state: RecipientState['state']
  readonly isFinal: boolean
  readonly nextHop: string | null
  /** `451 4.7.1 greylisted` */
  readonly reply: string | null
  readonly why: string | null
  /** `null` when nothing is due: held, active or final. */
  readonly dueAt: number | null
}

export function shownState(slot: RecipientSlot, lanes: ReadonlyMap<string, NextHopLane>): ShownState {
  const { state, lastReply, why, nextHop, paused, delivery, isFinal } = slot
  // In a lane that is down: when it is probed, and why, is the lane's to say.
  const lane = delivery !== null && !delivery.isTaken && nextHop !== null ? lanes.get(nextHop) : undefined
  const down = lane === undefined || lane.state === 'up' ? undefined : lane
  const reply = lastReply ?? down?.reply ?? null
  return {
    // What is paused is held, for whoever looks.
    state: paused !== null && state === 'waiting' ? 'held' : state,
    isFinal,
    nextHop,
    reply: reply === null ? null : replyText(reply),
    why: paused?.why ?? down?.why ?? why,
    dueAt: paused !== null ? paused.until : state === 'waiting' ? (down?.until ?? slot.dueAt) : null,
  }
}
