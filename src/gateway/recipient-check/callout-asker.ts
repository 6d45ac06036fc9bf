import type { SmtpCarrierOptions } from '../../egress/dial.ts'
import { isSendable } from '../../egress/requirements.ts'
import { coveringPatterns } from '../../graph/pattern.ts'
import type { Log } from '../../mail/log.ts'
import type { NextHop, Route } from '../../mail/next-hop.ts'
import type { Mailbox } from '../../mail/path.ts'
import type { CalloutRecipients, RecipientCheckSettings } from '../../mail/recipient-check.ts'
import type { Asker, Tell } from './asker.ts'
import { CalloutLine, type HopSources, shown } from './callout-line.ts'
import { readRcptReply } from './callout-reply.ts'
import { MinuteBudget } from './minute-budget.ts'

export type CalloutParts = {
  readonly route: (mailbox: Mailbox) => Route
  /** How deliveries connect. */
  readonly egress: SmtpCarrierOptions
  readonly sources: HopSources
  /** A local part that nobody has. */
  readonly stranger: () => string
  readonly log: Log
}

type Settings = CalloutRecipients & Pick<RecipientCheckSettings, 'id' | 'domains' | 'timeoutMs' | 'positiveMs'>

/** Next hops and domains that are remembered: more are those of an attack, or of nobody. */
const mostKept = 10_000
/** Connections of one check at one moment. */
const mostOpen = 50
/** How long a host that could not be tested with a stranger is not tested again. */
const testAgainMs = 60_000

/**
 * The next hop that the route of a recipient names is asked. A host that takes a recipient is asked, in the same
 * transaction, for one that nobody can have; one that takes that too takes everybody, and is not asked again for a while,
 * as its yes means nothing. Of a domain that is not ours nobody is asked, whatever the graph says.
 */
export function calloutAsker(settings: Settings, { route, egress, sources, stranger, log }: CalloutParts): Asker {
  const { id, domains, perMinute, positiveMs, timeoutMs } = settings
  const ours = new Set(domains)
  const lines = new Map<string, { readonly line: CalloutLine; readonly budget: MinuteBudget }>()
  /** By next hop and domain: whether everybody is taken, and until when that is believed. */
  const takesAll = new Map<string, { readonly is: boolean; readonly until: number }>()
  const { clock } = egress
  const options: SmtpCarrierOptions = {
    ...egress,
    settings() {
      const usual = egress.settings()
      const { timeouts } = usual
      const bounded = (ms: number) => Math.max(1, Math.min(ms, timeoutMs))
      return {
        ...usual,
        timeouts: {
          ...timeouts,
          // The second host must get its turn.
          connectMs: bounded(Math.min(timeouts.connectMs, timeoutMs / 3)),
          greetingMs: bounded(timeouts.greetingMs),
          replyMs: bounded(timeouts.replyMs),
        },
      }
    },
  }

  function lineOf(nextHop: NextHop) {
    let known = lines.get(nextHop.key)
    if (known === undefined) {
      if (lines.size >= mostKept) {
        for (const [key, { line }] of lines) if (!line.isOpen) lines.delete(key)
      }
      known = { line: new CalloutLine(nextHop, options, sources), budget: new MinuteBudget(perMinute) }
      lines.set(nextHop.key, known)
    }
    return known
  }

  const openLines = (): number => [...lines.values()].filter(({ line }) => line.isOpen).length

  function remember(key: string, is: boolean, forMs: number): void {
    takesAll.delete(key)
    takesAll.set(key, { is, until: clock.now() + forMs })
    if (takesAll.size > mostKept) takesAll.delete(takesAll.keys().next().value as string)
  }

  function hopOf(mailbox: Mailbox, tell: Tell): NextHop {
    if (!coveringPatterns(mailbox.domain).some((pattern) => ours.has(pattern)))
      throw new Error(`${mailbox.domain} is not among the domains of the check`)
    if (!isSendable(mailbox.text)) throw new Error('the address cannot be put into a command')
    const found = route(mailbox)
    if (found.kind !== 'next-hop') throw new Error(`its route is ${found.kind} (${found.at}): there is nobody to ask`)
    const { nextHop, at } = found
    if (nextHop.kind === 'maildir') throw new Error(`its route is ${nextHop.key} (${at}): there is nobody to ask`)
    tell(`route ${nextHop.key} (${at})`)
    return nextHop
  }

  return {
    async ask(mailbox, signal, tell) {
      const nextHop = hopOf(mailbox, tell)
      const testKey = `${nextHop.key} ${mailbox.domain}`
      const tested = takesAll.get(testKey)
      const isTested = tested !== undefined && clock.now() < tested.until
      if (isTested && tested.is) {
        tell(`${nextHop.key} takes every recipient of ${mailbox.domain}: it is not asked`)
        return { kind: 'exists', reason: `${nextHop.key} takes every recipient of ${mailbox.domain}` }
      }
      const { line, budget } = lineOf(nextHop)
      // Of many next hops not all at once: connections are for mail first.
      const isNew = !line.isOpen
      if (isNew && (openLines() >= mostOpen || egress.hasRoom?.() === false))
        throw new Error('there is no room for one more connection that only asks')
      if (!budget.take(clock.now()))
        throw new Error(`${nextHop.key} was asked ${perMinute} times within a minute already`)
      // Should the host take its time over a stranger, or hang up: the next question does without.
      if (!isTested) remember(testKey, false, testAgainMs)
      const asked = `RCPT TO:<${mailbox.text}>`
      const utf8 = /[^\x00-\x7f]/.test(mailbox.text)
      const { host, replies } = await line.ask(
        {
          utf8,
          next([first, second]) {
            if (first === undefined) return asked
            const isTaken = first.code >= 200 && first.code < 300
            return second === undefined && isTaken && !isTested ? `RCPT TO:<${stranger()}@${mailbox.domain}>` : null
          },
        },
        signal,
        tell,
      )
      const [answer, test] = replies as [(typeof replies)[number], (typeof replies)[number]?]
      if (test !== undefined) {
        const isTaken = test.code >= 200 && test.code < 300
        remember(testKey, isTaken, isTaken || test.code >= 500 ? positiveMs : testAgainMs)
        if (isTaken) {
          log.warn('recipients.takes-all', { check: id, domain: mailbox.domain, host })
          return { kind: 'exists', reason: `${host} takes every recipient of ${mailbox.domain}` }
        }
      }
      const kind = readRcptReply(answer)
      const said = `${host} says ${shown(answer)}`
      if (kind === 'nothing') throw new Error(`${said}, which says nothing of the recipient`)
      return { kind, reason: said }
    },
    notes() {
      const now = clock.now()
      return [...takesAll].flatMap(([key, { is, until }]) => {
        const [hop = '', domain = ''] = key.split(' ')
        return is && now < until ? [`${hop} takes every recipient of ${domain}`] : []
      })
    },
    forget(domain) {
      for (const key of takesAll.keys()) if (domain === null || key.endsWith(` ${domain}`)) takesAll.delete(key)
    },
    close() {
      for (const { line } of lines.values()) line.close()
    },
  }
}
