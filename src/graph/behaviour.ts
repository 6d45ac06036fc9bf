import type { Route } from '../mail/next-hop.ts'
import type { HostPort, TlsLevel } from '../mail/settings.ts'
import {
  type Asking,
  admitConnection,
  admitData,
  admitHelo,
  admitLogin,
  admitRecipient,
  admitSender,
  type RecipientVerdict,
  type Verdict,
} from './admission.ts'
import type { Evaluator, Facts, Winner } from './evaluator.ts'
import type { Described } from './explanation.ts'
import { markOf, type Outcome, type Stage } from './graph.ts'
import { oracleName } from './oracle.ts'
import { foldLocalPart } from './pattern.ts'

/** What happens to one message for one recipient, comparable (`behaviourKey`) and printable. Plain data. */
export type Behaviour =
  | {
      readonly kind: 'refused'
      readonly stage: Stage
      readonly code: number
      readonly status: string
      readonly text: string
    }
  /**
   * `finals` is empty when the recipient was not described: accepted so far. `tags`: the marks that it gets, sorted, each
   * once; absent: none.
   */
  | {
      readonly kind: 'accepted'
      readonly finals: readonly { readonly mailbox: string; readonly route: RouteText }[]
      readonly tags?: readonly string[]
    }

/** The way that mail for one mailbox takes, as the graph's control section settles it. */
export type RouteText = {
  readonly kind: 'relay' | 'hosts' | 'mx' | 'maildir' | 'hold' | 'discard'
  /** For people: `relay isp`. Not compared: a relay by another name is the same way. */
  readonly text: string
  /** In order of preference; empty where there are none, or where the DNS names them (`mx`). */
  readonly hosts: readonly HostPort[]
  /** `null` where nothing leaves. */
  readonly tls: TlsLevel | null
  /** Who logs in at the relay; `null`: nobody. */
  readonly user: string | null
}

/** What decided a stage. */
export type Decider = Winner & { readonly stage: Stage }

export type Decided = {
  readonly kind: 'decided'
  readonly behaviour: Behaviour
  /** In the order of stages, those that something in the document decided; the last one of a refusal refused. */
  readonly deciders: readonly Decider[]
}

/** `oracle` (`dnsbl.zen`) has to be answered first. */
export type Unanswered = { readonly kind: 'asks'; readonly oracle: string }

/** Equal keys: mail takes the same way, or its sender reads the same refusal at the same stage. */
export function behaviourKey(behaviour: Behaviour): string {
  if (behaviour.kind === 'refused')
    return JSON.stringify([behaviour.stage, behaviour.code, behaviour.status, behaviour.text])
  const finals = behaviour.finals.map(({ mailbox, route }) => [foldMailboxText(mailbox), routeKey(route)])
  const key = JSON.stringify(finals.map((final) => JSON.stringify(final)).sort())
  return behaviour.tags === undefined ? key : `${key} ${JSON.stringify(behaviour.tags)}`
}

/** Equal keys: the same way, whatever the relay is called. */
export function routeKey({ kind, text, hosts, tls, user }: RouteText): string {
  return JSON.stringify([kind, kind === 'relay' ? '' : text, hosts.map(({ host, port }) => [host, port]), tls, user])
}

export const sameBehaviour = (a: Behaviour, b: Behaviour): boolean => behaviourKey(a) === behaviourKey(b)

/** The mailbox without its quoting, its local part folded: as `mailboxKey` of the mailbox that the text was made from. */
function foldMailboxText(mailbox: string): string {
  const at = mailbox.lastIndexOf('@')
  const local = mailbox.slice(0, at)
  const bare = /^".*"$/s.test(local) ? local.slice(1, -1).replace(/\\(.)/g, '$1') : local
  return `${foldLocalPart(bare)}${mailbox.slice(at)}`
}

/** For one line of output: `refused 550 5.7.1 no`, `relay isp`, `a@b by relay isp, c@d into mail`. */
export function behaviourText(behaviour: Behaviour): string {
  if (behaviour.kind === 'refused') {
    const { code, status, text } = behaviour
    return `refused ${code} ${status} ${text}`
  }
  const finals = behaviour.finals.map(({ mailbox, route }) => `${mailbox} ${route.text}`).join(', ')
  return behaviour.tags === undefined ? finals : `${finals}, tagged ${behaviour.tags.join(', ')}`
}

/**
 * Asks the stages in their order by the same code as a session does; a stage whose facts are not described is not asked.
 * `answers` hold what the oracles said, by `dnsbl.zen`; the first one met without an answer is the result.
 */
export function behaviourOf(
  evaluator: Evaluator,
  message: Described,
  answers: ReadonlyMap<string, Outcome>,
): Decided | Unanswered {
  const deciders: Decider[] = []
  let finals: Extract<RecipientVerdict, { kind: 'accept' }>['finals'] = []
  let stage: Stage = 'connect'
  const routed: Decider[] = []
  const tags = new Set<string>()
  // The routes are walked inside of the recipient's stage: what decides them is heard here.
  const heard: Evaluator = {
    ...evaluator,
    start(asked, facts) {
      stage = asked
      const number = evaluator.start(asked, facts)
      if (asked === 'route' && number >= 0) routed.push({ stage: 'route', ...evaluator.winner() })
      return number
    },
  }
  const steps: readonly [
    Stage,
    boolean,
    (facts: Facts) => Verdict | RecipientVerdict | Asking<Verdict | RecipientVerdict>,
  ][] = [
    ['connect', true, (facts) => admitConnection(heard, facts)],
    ['helo', message.helo !== null, (facts) => admitHelo(heard, facts)],
    ['auth', message.login !== null, (facts) => admitLogin(heard, facts)],
    ['mail', message.sender !== undefined, (facts) => admitSender(heard, facts)],
    ['rcpt', message.recipient !== null, (facts) => admitRecipient(heard, facts) as RecipientVerdict],
    ['data', message.recipient !== null, (facts) => admitData(heard, facts)],
  ]
  for (const [name, isAsked, ask] of steps) {
    if (!isAsked) continue
    stage = name
    let verdict = ask({ ...message, destination: null })
    while (verdict.kind === 'ask') {
      const oracle = oracleName(verdict.oracle)
      const outcome = answers.get(oracle)
      if (outcome === undefined) return { kind: 'asks', oracle }
      stage = name
      verdict = verdict.answer(outcome)
    }
    for (const note of verdict.notes) {
      const mark = markOf(note)
      if (mark !== null) tags.add(mark)
    }
    const refusedByRoute = verdict.kind === 'refuse' && stage === 'route'
    if (verdict.winner.at !== '' && !refusedByRoute) deciders.push({ stage: name, ...verdict.winner })
    deciders.push(...routed.splice(0).filter(({ at }) => at !== ''))
    if (verdict.kind === 'refuse') {
      const { code, status, text } = verdict.reply
      return { kind: 'decided', behaviour: { kind: 'refused', stage, code, status: status ?? '', text }, deciders }
    }
    if ('finals' in verdict) finals = verdict.finals
  }
  const behaviour: Behaviour = {
    kind: 'accepted',
    finals: finals.map(({ mailbox, route }) => ({ mailbox: mailbox.text, route: routeText(route) })),
    ...(tags.size === 0 ? {} : { tags: [...tags].sort() }),
  }
  return { kind: 'decided', behaviour, deciders }
}

/** A route in words and in what decides the way. Throws for a refusal, which is no way. */
export function routeText(route: Route): RouteText {
  const nowhere = { hosts: [], tls: null, user: null }
  switch (route.kind) {
    case 'hold':
      return { kind: 'hold', text: `held: ${route.reason}`, ...nowhere }
    case 'discard':
      return { kind: 'discard', text: 'discarded', ...nowhere }
    case 'refuse':
      throw new Error('a refusal is no route')
    case 'next-hop':
      break
  }
  const hop = route.nextHop
  switch (hop.kind) {
    case 'relay': {
      const { name, hosts, tls, auth } = hop.relay
      return { kind: 'relay', text: `relay ${name}`, hosts, tls, user: auth?.user ?? null }
    }
    case 'hosts':
      return {
        kind: 'hosts',
        text: `to ${hop.hosts.map(hostText).join(', then ')}`,
        hosts: hop.hosts,
        tls: 'may',
        user: null,
      }
    case 'mx': {
      const port = hop.port === 25 ? '' : `, port ${hop.port}`
      return { kind: 'mx', text: `MX hosts (TLS ${hop.tls}${port})`, hosts: [], tls: hop.tls, user: null }
    }
    case 'maildir':
      return { kind: 'maildir', text: `into ${hop.dir}`, ...nowhere }
  }
}

const hostText = ({ host, port }: HostPort): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
