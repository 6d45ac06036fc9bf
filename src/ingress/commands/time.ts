import { reply } from '../../mail/reply.ts'
import { localTime, timeText } from '../local-time.ts'
import { answer, reached, type Step, type Visit } from '../visit.ts'

const goodbye = reply(221, '2.0.0', 'closing')

/** Times that one session may ask. */
const most = 5

/** By session: few listeners have the command, and the sessions of others carry nothing for it. */
const asked = new WeakMap<Visit, number>()

/** TIME, MailQ's: the time of the gateway. Who has not said HELO came for nothing else, and is let go. */
export function time(visit: Visit, argument: string): Step {
  const { state, settings, house } = visit
  if (settings.time !== true) return answer(state, 500, '5.5.1', 'the command is not known')
  if (argument !== '') return answer(state, 501, '5.5.4', 'TIME has no argument')
  const times = (asked.get(visit) ?? 0) + 1
  if (times > most) return answer(state, 503, '5.5.1', 'TIME was asked often enough')
  asked.set(visit, times)
  const now = reply(250, '2.0.0', timeText(localTime(house.clock.now())))
  return state.helo === null ? { next: 'close', state, first: now, reply: goodbye } : reached(state, now)
}
