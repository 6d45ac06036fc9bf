import type { Destination } from '../../admin/destination-operations.ts'
import { exactDuration } from '../../mail/duration.ts'
import { durationText, oneLine, table } from '../text.ts'

/** Not up, or it takes less than the document says. */
export const isSick = ({ state, limited, slowed, shunned }: Destination): boolean =>
  state !== 'up' || limited !== null || slowed !== null || shunned.length > 0

/** What peers have said stands in it: nothing of that may move a terminal. */
export function destinationsText(destinations: readonly Destination[], now: number): string {
  if (destinations.length === 0) return 'no next hop is known: nothing was sent lately, and nothing waits\n'
  return table(
    ['next hop', 'state', 'since', 'next', 'waiting', 'active', 'connections', 'rate', 'why'],
    destinations.map((one) => [
      one.name,
      one.state,
      one.since === null ? '' : `${durationText(now - one.since)} ago`,
      one.until === null ? '' : one.until <= now ? 'now' : `in ${durationText(one.until - now)}`,
      String(one.waiting + one.held),
      String(one.active),
      one.limit === null ? String(one.connections) : `${one.connections} of ${one.limit}`,
      one.rate === null ? '' : `${one.rate.most}/${exactDuration(one.rate.perMs)}`,
      oneLine(whyText(one, now)),
    ]),
  )
}

/** The first that keeps mail back, and what makes it slower. */
function whyText({ reason, lastReply, limited, slowed, shunned }: Destination, now: number): string {
  return [
    ...(reason === null ? [] : [reason]),
    ...(lastReply === null || reason?.includes(lastReply) ? [] : [`last reply: ${lastReply}`]),
    ...(limited === null ? [] : [`fewer connections: ${limited}`]),
    ...(slowed === null ? [] : [`slower for ${durationText(slowed.until - now)}: ${slowed.why}`]),
    ...(shunned.length === 0 ? [] : [`avoided: ${shunned.map(({ host }) => host).join(', ')}`]),
  ].join('; ')
}
