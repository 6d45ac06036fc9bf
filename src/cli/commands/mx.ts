import { type Mailbox, parseMailbox, type ReversePath } from '../../mail/path.ts'
import { namedDomains } from '../mx/named-domains.ts'
import { stepsOf } from '../mx/steps.ts'
import { wayLine, wayText } from '../mx/way-text.ts'
import { openWays } from '../mx/ways.ts'
import { CommandError, flag, type Run, textOption } from '../run.ts'

/** Where the document does not tell mailboxes apart, anybody stands for all. */
const anybody = 'anybody'
/** Domains that are looked at in one moment. */
const atOnce = 8

export const run: Run = async ({ arguments: [asked], options, terminal }) => {
  const all = flag(options, 'all')
  const isJson = flag(options, 'json')
  if (asked === undefined && !all) throw new CommandError('name a domain, or give --all for those of the document')
  const mailbox = asked === undefined ? null : recipientOf(asked)
  const sender = senderOf(textOption(options, 'from'))
  const ways = await openWays(options, terminal)
  try {
    if (mailbox !== null) {
      const way = await ways.of(mailbox, sender)
      const now = Date.now()
      const shown = { ...way, steps: stepsOf(way, now) }
      terminal.out(isJson ? `${JSON.stringify(shown, null, 2)}\n` : wayText(way, { now, all }))
      return 0
    }
    const domains = namedDomains(ways.graph)
    const found = []
    for (let i = 0; i < domains.length; i += atOnce) {
      const some = domains.slice(i, i + atOnce).map((domain) => ways.of(recipientOf(domain), sender))
      const seen = await Promise.all(some)
      if (isJson) found.push(...seen)
      else for (const way of seen) terminal.out(wayLine(way, Date.now()))
    }
    if (isJson) terminal.out(`${JSON.stringify(found, null, 2)}\n`)
    else if (domains.length === 0) terminal.out('the document names no domain\n')
    return 0
  } finally {
    ways.close()
  }
}

function senderOf(text: string | null): ReversePath | undefined {
  if (text === null) return undefined
  if (text === '<>') return null
  const mailbox = parseMailbox(text)
  if (!mailbox.ok) throw new CommandError(`--from: ${mailbox.error}`)
  return mailbox.value
}

function recipientOf(text: string): Mailbox {
  const named = text.endsWith('.') ? text.slice(0, -1) : text
  const mailbox = parseMailbox(named.includes('@') ? named : `${anybody}@${named}`)
  if (!mailbox.ok) throw new CommandError(`expected a domain or a mailbox, got ${JSON.stringify(text)}`)
  return mailbox.value
}
