import { askDnsbl } from '../dns/dnsbl.ts'
import type { CachingResolver } from '../dns/resolver.ts'
import { checkHelo, checkReverse, checkSenderDomain } from '../dns/sender-checks.ts'
import { isUnlistable } from '../dns/special-addresses.ts'
import type { Oracle } from '../graph/graph.ts'
import { oracleName } from '../graph/oracle.ts'
import type { AskOracle, OracleAnswer, OracleFacts } from '../ingress/inquiry.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { RecipientAnswer } from '../mail/recipient-view.ts'
import { assertNever } from '../mail/result.ts'
import type { ListHealths } from './list-health.ts'
import { isOwnSender } from './own-sender.ts'
import type { Rates } from './rates.ts'
import type { RecipientChecks } from './recipient-check/recipient-checks.ts'
import type { WatchedFiles } from './watched-files.ts'

export type OraclesParts = {
  readonly resolver: CachingResolver
  readonly healths: ListHealths
  readonly rates: Rates
  readonly watched: WatchedFiles
  readonly recipients: Pick<RecipientChecks, 'ask'>
  /** Addresses and patterns that a login may send as, beside itself. */
  readonly addressesOf: (login: string) => readonly string[]
  /** True for a name of this gateway. */
  readonly isOurs: (name: string) => boolean
  readonly clock: Clock
  readonly log: Log
}

/**
 * All questions of one step are asked at once and have this long. A client waits five minutes (RFC 5321 §4.5.3.2.3); a
 * session that waits costs us too.
 */
const deadlineMs = 20_000

type Tell = (id: string, facts: OracleFacts, answer: OracleAnswer) => void

const yes: OracleAnswer = { outcome: 'listed', reason: null }
const no: OracleAnswer = { outcome: 'clear', reason: null }
const unknown = (reason: string): OracleAnswer => ({ outcome: 'error', reason })

const ofRecipient = ({ kind, reason }: RecipientAnswer): OracleAnswer => {
  switch (kind) {
    case 'exists':
      return { outcome: 'clear', reason }
    case 'unknown':
      return { outcome: 'listed', reason }
    case 'error':
      return unknown(reason)
    default:
      return assertNever(kind)
  }
}

/** The gateway's answers to what only run time can tell. */
export function createOracles(parts: OraclesParts): AskOracle {
  const { resolver, rates, watched, recipients, addressesOf, isOurs, clock, log } = parts

  const tellList: Tell = (id, { client }, { outcome, reason }) => {
    const said = { id, client, reason }
    if (outcome === 'listed') log.info('dnsbl.listed', said)
    else if (outcome === 'error') log.warn('dnsbl.failed', said)
    else log.debug('dnsbl.clear', said)
  }
  const tellCheck: Tell = (id, { client, helo, sender }, { outcome, reason }) => {
    const said = { id, client, reason, helo, sender: sender?.text ?? '' }
    if (outcome === 'listed') log.info('check.listed', said)
    else if (outcome === 'error') log.warn('check.failed', said)
    else log.debug('check.clear', said)
  }
  const tellRecipient: Tell = (id, { client, recipient }, { outcome, reason }) => {
    const said = { id, client, recipient: recipient?.text ?? '', reason }
    if (outcome === 'listed') log.info('recipient.unknown', said)
    else if (outcome === 'error') log.info('recipient.failed', said)
    else log.debug('recipient.exists', said)
  }
  const inTime = (tell: Tell, { id }: Oracle, facts: OracleFacts, asked: Promise<OracleAnswer>) =>
    within(asked, clock, `no answer within ${deadlineMs / 1000}s`).then((answer) => {
      tell(id, facts, answer)
      return answer
    })

  return (oracle, facts, peek) => {
    switch (oracle.kind) {
      case 'dnsbl':
        // Of these no list can know anything, and asking would tell strangers what is inside.
        if (isUnlistable(facts.client)) return no
        return inTime(tellList, oracle, facts, askList(oracle, facts, parts))
      case 'check':
        return inTime(tellCheck, oracle, facts, check(oracle.id, facts, resolver, isOurs))
      case 'own-sender': {
        const { login, sender } = facts
        if (sender === null || sender === undefined) return no
        if (login === null) return yes
        return isOwnSender(sender, login, addressesOf(login)) ? no : yes
      }
      case 'watched':
        return watched.ask(oracle.path, facts.client)
      case 'recipient': {
        const { recipient } = facts
        if (recipient === null) return unknown('there is no recipient')
        const answered = recipients.ask(oracle.id, recipient)
        if (answered instanceof Promise) return inTime(tellRecipient, oracle, facts, answered.then(ofRecipient))
        const answer = ofRecipient(answered)
        tellRecipient(oracle.id, facts, answer)
        return answer
      }
      case 'rate': {
        const isOver = rates.isOver(oracle, facts, clock.now(), peek)
        if (isOver && rates.isNews) {
          const { client, login } = facts
          log.info('rate.over', { rate: oracleName(oracle), client, login, most: oracle.most })
        }
        return isOver ? yes : no
      }
      default:
        return assertNever(oracle)
    }
  }
}

/** A list that lists everybody is broken, and nobody is on it: its test entries say so (RFC 5782 §5). */
async function askList(
  oracle: Extract<Oracle, { kind: 'dnsbl' }>,
  { client }: OracleFacts,
  { resolver, healths }: OraclesParts,
): Promise<OracleAnswer> {
  const [answer, health] = await Promise.all([askDnsbl(resolver, oracle, client), healths.of(oracle)])
  return answer.outcome === 'listed' && health.state === 'greedy' ? unknown(health.why) : answer
}

function check(
  id: Extract<Oracle, { kind: 'check' }>['id'],
  { client, helo, sender }: OracleFacts,
  resolver: CachingResolver,
  isOurs: (name: string) => boolean,
): Promise<OracleAnswer> {
  switch (id) {
    case 'reverse':
      return checkReverse(resolver, client)
    case 'helo':
      return checkHelo(resolver, helo, client, isOurs)
    case 'sender-domain':
      return checkSenderDomain(resolver, sender ?? null)
    default:
      return assertNever(id)
  }
}

function within(asked: Promise<OracleAnswer>, clock: Clock, why: string): Promise<OracleAnswer> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => resolve(unknown(why)), deadlineMs)
    void asked
      .catch((error: Error) => unknown(error.message))
      .then((answer) => {
        timer.cancel()
        resolve(answer)
      })
  })
}
