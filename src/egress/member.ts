import type { Lane } from '../queue/lane.ts'
import type { Shape } from './shape.ts'

/** A pool, as far as those know it who share something with it. */
export type Member = {
  readonly lane: Lane
  readonly shape: Shape
  readonly hasFree: boolean
  wake(lane: Lane): void
  /** Gives up one connection that has nothing to do. */
  yieldOne(): void
}

/** One of the others gives up a connection that has nothing to do, if there is one. */
export function askForOne(members: Iterable<Member>, asking: Member): void {
  for (const member of members) {
    if (member === asking || !member.hasFree) continue
    member.yieldOne()
    return
  }
}
