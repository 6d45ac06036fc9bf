import type { Reaction } from '../mail/next-hop-settings.ts'
import type { Reply } from '../mail/reply.ts'
import { type ReplyMatch, readMatch } from '../mail/reply-match.ts'

type Compiled = { readonly reaction: Reaction; readonly matches: ReplyMatch }

/** By list, which a graph hands out again and again. */
const known = new WeakMap<readonly Reaction[], readonly Compiled[]>()

/** The first reaction that a refusal calls for, or `null`. */
export function reactionTo(reply: Reply, reactions: readonly Reaction[]): Reaction | null {
  if (reply.code < 400) return null
  let compiled = known.get(reactions)
  if (compiled === undefined) {
    compiled = reactions.flatMap((reaction) => {
      const match = readMatch(reaction.match)
      // The graph was checked when it came in.
      return match.ok ? [{ reaction, matches: match.value }] : []
    })
    known.set(reactions, compiled)
  }
  return compiled.find(({ matches }) => matches(reply))?.reaction ?? null
}
