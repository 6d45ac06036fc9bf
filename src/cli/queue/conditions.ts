import { parseDuration } from '../../mail/duration.ts'
import type { QueueConditions, QueueSelector } from '../../queue/selector.ts'
import { CommandError, flag, type Invocation, textOption } from '../run.ts'

const longest = 365

/** What the options say of which recipients are meant. */
export function conditionsOf(options: Invocation['options']): QueueConditions {
  return {
    recipient: textOption(options, 'recipient'),
    domain: textOption(options, 'domain'),
    sender: textOption(options, 'sender'),
    client: textOption(options, 'client'),
    nextHop: textOption(options, 'nextHop'),
    olderThanMs: olderThan(textOption(options, 'older')),
    state: textOption(options, 'state'),
    reply: textOption(options, 'reply'),
  }
}

/** The same with the ids that were named. A command that was given nothing is refused, whatever it would have meant. */
export function selectorOf({ arguments: ids, options }: Invocation, command: string): QueueSelector {
  const all = flag(options, 'all')
  const conditions = conditionsOf(options)
  const isNarrow = ids.length > 0 || Object.values(conditions).some((condition) => condition !== null)
  if (!isNarrow && !all) {
    throw new CommandError(
      `${command}: name ids, or say which by --recipient, --domain, --sender, --client, --next-hop, --older, --state or --reply; --all for all of the queue`,
    )
  }
  if (isNarrow && all) throw new CommandError(`${command}: --all is everything; give it alone`)
  const wrong = ids.find((id) => !/^[0-9A-Za-z]{1,40}$/.test(id))
  if (wrong !== undefined)
    throw new CommandError(`${command}: expected the id of a message, got ${JSON.stringify(wrong)}`)
  return { ...conditions, ids, all }
}

/** Days may be many: mail that is held stays for as long as it is held. */
function olderThan(text: string | null): number | null {
  if (text === null) return null
  const days = /^(\d{1,3})d$/.exec(text)
  if (days !== null && Number(days[1]) <= longest) return Number(days[1]) * 86_400_000
  const parsed = parseDuration(text)
  if (!parsed.ok) throw new CommandError(`--older: ${parsed.error}`)
  return parsed.value
}

/** The query of a list. */
export function queryOf(conditions: QueueConditions): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(conditions)) if (value !== null) query.set(name, String(value))
  return query
}
