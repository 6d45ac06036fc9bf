import type { NextHop } from '../mail/next-hop.ts'
import type { Reaction } from '../mail/next-hop-settings.ts'
import { type Reply, replyText } from '../mail/reply.ts'
import { assertNever } from '../mail/result.ts'
import type { Attempt, Lane } from '../queue/lane.ts'
import type { Connection } from './connection.ts'
import type { SmtpCarrierOptions } from './dial.ts'
import type { Places } from './places.ts'
import { reactionTo } from './reactions.ts'
import type { Shape } from './shape.ts'
import type { Parting } from './stage.ts'

/** The next hop that something was said by. */
export type Heeding = {
  readonly nextHop: NextHop
  readonly lane: Lane
  readonly shape: Shape
  readonly options: SmtpCarrierOptions
}

/** What one transaction came to, for what follows it: the hot path, where everything was taken, does nothing. */
export function learn(attempts: readonly Attempt[], heeding: Heeding): void {
  const { shape, lane } = heeding
  let refusal: Reply | null = null
  let works = false
  let reacted = false
  for (const { reply, command } of attempts) {
    // What we say ourselves says nothing of the other side.
    if (reply === null || command === 'route' || command === 'local') continue
    // One that refuses single recipients, also all of them for now (greylisting), does its work.
    if (reply.code < 400 || reply.code >= 500 || command === 'rcpt') works = true
    if (reply.code < 400) continue
    refusal ??= reply
    reacted ||= heed(reply, heeding)
  }
  if (works) shape.worked()
  if (works || reacted || refusal === null || !shape.refused()) return
  lane.down(`it refuses everything for now: ${refusal.code} ${refusal.text}`, refusal)
}

/**
 * 421. Before the next message, behind others: the host takes so many in a session, and this one was not offered. At any
 * other place: it has more connections than it bears.
 */
export function parted({ label, messages }: Connection, { reply, offered }: Parting, heeding: Heeding): void {
  const { shape, options } = heeding
  const now = options.clock.now()
  const all = shape.site?.shape ?? shape
  if (offered) all.ceiling.cut(all.open + 1, now, `${label}: ${reply.code} ${reply.text}`)
  else {
    shape.parted(messages, now)
    // The message has no attempt that could be learnt from.
    heed(reply, heeding)
  }
}

/** A host keeps a connection waiting: with fewer of them it costs less, and others have the places. */
export function slowed(connection: Connection, waitedMs: number, heeding: Heeding & { places: Places }): void {
  const { nextHop, shape, options, places } = heeding
  const { label } = connection
  places.slow(connection)
  shape.ceiling.cut(shape.open, options.clock.now(), `${label}: no answer for ${Math.round(waitedMs / 1000)} s`)
  options.log.info('connection.slow', { nextHop: nextHop.key, host: label, waitedMs })
}

/** Does what the document wants done when the other side says this. `false`: nothing. */
export function heed(reply: Reply, { nextHop, lane, shape, options }: Heeding): boolean {
  const { reactions } = shape.settings
  const reaction = reactions === undefined ? null : reactionTo(reply, reactions)
  if (reaction === null) return false
  const { clock, log } = options
  const said = replyText(reply)
  const why = `reaction to "${said}" (${reaction.match})`
  // What one of a site hears is meant for all of them.
  const { site } = shape
  const all = site?.shape ?? shape
  const isNews = all.react(reaction, clock.now())
  if (isNews)
    log.warn('next-hop.reaction', { nextHop: nextHop.key, match: reaction.match, ...told(reaction), reply: said })
  const deed = reaction.do
  switch (deed.kind) {
    case 'slow':
      all.slowDown(deed.rate, clock.now() + deed.forMs, why)
      break
    case 'suspend':
      if (isNews && site !== null) site.rest(why, reply, deed.forMs)
      else if (isNews && options.suspend?.(nextHop, deed.forMs, why) !== true) lane.down(why, reply, deed.forMs)
      break
    case 'back-off':
      // What is on the wire will say the same.
      if (isNews && site !== null) site.rest(why, reply, deed.forMs)
      // The first answer decides how long.
      else if (isNews) lane.down(why, reply, deed.forMs)
      break
    default:
      assertNever(deed)
  }
  return true
}

function told({ do: deed }: Reaction): { readonly deed: string; readonly forMs: number } {
  const { kind, forMs } = deed
  return { deed: kind === 'slow' ? `slow ${deed.rate.most}/${deed.rate.perMs / 1000}s` : kind, forMs }
}
