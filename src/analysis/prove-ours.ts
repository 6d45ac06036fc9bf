import type { Graph, Leaf, Outcome, Stage } from '../graph/graph.ts'
import type { Found } from './proof.ts'
import { internalMembers, strangersOf } from './prove-internal.ts'
import { question } from './prove-question.ts'
import { ourRecipients } from './prove-relaying.ts'
import { type Member, type Region, type Space, spaceOf } from './prove-space.ts'
import { type Ending, refuses, walk } from './prove-walk.ts'
import { findingAt, type Subject, witnessOf } from './prove-witness.ts'

/** The local parts that every domain answers for (RFC 5321 §4.5.1, RFC 2142 §5). */
export const roles: Member = {
  dimension: 'local-part',
  patterns: [
    ['abuse', true],
    ['postmaster', true],
  ],
}
const domains = ({ claims }: Graph): Member => ({
  dimension: 'recipient',
  patterns: claims.domains.map(([pattern]) => [pattern, true] as const),
})

/** A row that rejects a whole domain is what its owner wants; of all refusals of the stage `route` only rows have no `at`. */
const byRow = `${refuses} by a row`

const arrives = (leaf: Leaf): string => {
  if (leaf.kind === 'refuse') return leaf.at === null ? byRow : refuses
  return leaf.kind === 'discard' ? 'discarded' : 'arrives'
}

const isWanted = (space: Space, ending: Ending): boolean =>
  ending.kind === 'refused' && ending.stage === 'route' && space.question.valueOf(ending.leaf) === byRow

/** Small, few, without a single hop behind it: what only size, rates or hops would refuse is not meant. */
const ordinary = (region: Region): Region => ({
  ...region,
  size: [region.size[0]!],
  hops: [region.hops[0]!],
  oracles: new Map(
    [...region.oracles].map(([oracle, said]) => [oracle, oracle.startsWith('rate.') ? ['clear'] : said] as const),
  ),
})

/**
 * In every domain of ours somebody else than its roles gets mail from somebody, and it goes somewhere, or a row of localMx
 * says that it takes none.
 */
export function everyLocalDomainHasTerminal(subject: Subject): Found {
  const { graph } = subject.bundle
  if (graph.claims.domains.length === 0) return { verdict: 'PROVED', reason: 'the document has no domains of its own' }
  const space = spaceOf(question(graph, arrives), [domains(graph), roles])
  const everybody = {
    ...ordinary(space.everything),
    recipient: space.everything.recipient.filter((state) => space.isIn(0, state) && !space.isIn(1, state)),
  }
  const served = new Set<number>()
  if (everybody.recipient.length > 0) {
    walk(space, everybody, {
      ending(region, ending) {
        if (isWanted(space, ending) || (ending.kind === 'accepted' && ending.values.includes('arrives')))
          for (const state of region.recipient) served.add(state)
      },
    })
  }
  const dead = domainsWithout(graph, space, served)
  if (dead.length === 0)
    return { verdict: 'PROVED', reason: 'every domain of ours takes mail for somebody, and that mail goes somewhere' }
  const [{ pattern, state }] = dead as [Dead]
  const reason =
    dead.length === 1
      ? `no mail for ${pattern} arrives anywhere, whoever sends it`
      : `no mail for ${dead.length} domains of ours arrives anywhere, such as ${pattern}`
  return {
    verdict: 'VIOLATED',
    reason,
    witness: state === null ? null : firstRefused(subject, space, { ...everybody, recipient: [state] }),
    findings: dead.map(({ at, pattern }) => findingAt(subject, at, `no mail for ${pattern} arrives anywhere`)),
  }
}

type Dead = { readonly pattern: string; readonly at: string; readonly state: number | null }

/** The domains of ours none of whose recipients is in a class that is served. */
function domainsWithout(graph: Graph, space: Space, served: ReadonlySet<number>): readonly Dead[] {
  const { recipient } = space.partition
  const rows = new Map(graph.claims.domains.map(([pattern, , at]) => [pattern, { pattern, at }]))
  const governing: ({ pattern: string; at: string } | null)[] = []
  const alive = new Set<string>()
  const seen = new Map<string, number>()
  for (const cell of recipient.order) {
    const own =
      rows.get(recipient.patterns[cell]!) ?? (recipient.parent[cell]! < 0 ? null : governing[recipient.parent[cell]!]!)
    governing[cell] = own
    if (own === null || alive.has(own.pattern)) continue
    const states = [recipient.state[cell]!]
    if (!recipient.isMailbox(cell))
      for (const { changes } of recipient.locals) states.push(recipient.states.after(states[0]!, changes))
    for (const state of states) {
      if (space.isIn(1, state)) continue
      if (!seen.has(own.pattern)) seen.set(own.pattern, state)
      if (served.has(state)) alive.add(own.pattern)
    }
  }
  return [...rows.values()]
    .filter(({ pattern }) => !alive.has(pattern))
    .map(({ pattern, at }) => ({ pattern, at, state: seen.get(pattern) ?? null }))
}

function firstRefused(subject: Subject, space: Space, from: Region) {
  const regions: Region[] = []
  walk(space, from, {
    ending(region, ending) {
      // At the latest stage: who is refused for himself says nothing of the domain.
      if (ending.kind === 'refused' && (regions.length === 0 || ending.stage !== 'connect')) regions.push(region)
    },
  })
  const last = regions.at(-1)
  return last === undefined ? null : witnessOf(subject, space, last, ({ behaviour }) => behaviour.kind === 'refused')
}

/** Whoever gets as far as RCPT reaches `postmaster` and `abuse` of our domains and of the gateway's own name. */
export function postmasterAndAbuseAccepted(subject: Subject): Found {
  const { graph } = subject.bundle
  const space = spaceOf(question(graph, arrives), [ourRecipients(graph), roles, ...internalMembers(graph)])
  const strangers = strangersOf(space, 2, space.everything)
  const isStrange = (region: Region) => shared(region, { ...strangers, oracles: region.oracles }) !== null
  const isOpen = (listener: number) => graph.control.listeners[listener]!.kind === 'mx'
  const from = {
    ...ordinary(space.everything),
    recipient: space.everything.recipient.filter((state) => space.isIn(0, state) && space.isIn(1, state)),
  }
  const found: Found[] = []
  let accepted = false
  let acceptedFromOutside = false
  let isBlocked = false
  let blocked: Region | null = null
  walk(space, from, {
    ending(region, ending) {
      if (isWanted(space, ending)) return
      if (ending.kind === 'accepted') {
        accepted = true
        acceptedFromOutside ||= region.listener.some(isOpen) && isStrange(region)
      } else if (beforeRcpt.has(ending.stage)) {
        isBlocked = true
        if (blocked === null || isStrange(region)) blocked = region
      } else if (found.length === 0) {
        const witness = witnessOf(subject, space, region, ({ behaviour }) => behaviour.kind === 'refused')
        found.push({
          verdict: 'VIOLATED',
          reason: `${witness.message.recipient} is refused (RFC 5321 §4.5.1)`,
          witness,
        })
      }
    },
  })
  if (found[0] !== undefined) return found[0]
  const isMissed =
    strangers.client.length > 0 && graph.control.listeners.some(({ kind }) => kind === 'mx') && !acceptedFromOutside
  if (blocked !== null && (!accepted || isMissed)) {
    const witness = witnessOf(subject, space, blocked, ({ behaviour }) => behaviour.kind === 'refused')
    const who = accepted ? 'nobody from outside' : 'nobody'
    return { verdict: 'VIOLATED', reason: `${who} may send anything, not even to postmaster`, witness }
  }
  return {
    verdict: isBlocked ? 'PROVED-IF' : 'PROVED',
    reason: 'postmaster and abuse of every domain of ours are accepted',
    assumes: isBlocked
      ? [`whom deny rules${demands(graph)} or the senders of a client refuse before RCPT has another way to reach you`]
      : [],
  }
}

const beforeRcpt: ReadonlySet<Stage> = new Set<Stage>(['connect', 'helo', 'auth', 'mail'])

/** What a listener or client may ask for before anybody may send. */
const demands = ({ nodes }: Graph): string =>
  nodes.some((node) => node.kind === 'refuse' && node.code === 530) ? ', a demand for TLS or a login' : ''

const nullSender: Member = { dimension: 'sender', patterns: [['<>', true]] }

/** Where some sender is accepted, `<>` is too: notifications of failed delivery come with it (RFC 5321 §4.5.5, §6.1). */
export function nullSenderAcceptedForLocal(subject: Subject): Found {
  const { graph } = subject.bundle
  const space = spaceOf(question(graph, arrives), [ourRecipients(graph), nullSender])
  const ours = space.everything.recipient.filter((state) => space.isIn(0, state))
  const isNull = (state: number) => space.isIn(1, state)
  const { sender } = space.everything
  const senders = (wanted: boolean) => sender.filter((state) => isNull(state) === wanted)
  const holds = { verdict: 'PROVED', reason: 'where any sender is accepted for a domain of ours, <> is too' } as const
  if (ours.length === 0) return holds
  const refused: Region[] = []
  const from = { ...ordinary(space.everything), recipient: ours }
  walk(
    space,
    { ...from, sender: senders(true) },
    {
      ending(region, ending) {
        if (ending.kind === 'refused') refused.push(region)
      },
    },
  )
  let common: Region | null = null
  walk(
    space,
    { ...from, sender: senders(false) },
    {
      ending(region, ending) {
        if (ending.kind === 'refused' || common !== null) return
        for (const other of refused) {
          common = shared({ ...region, sender: other.sender }, other)
          if (common !== null) return
        }
      },
    },
  )
  if (common === null) return holds
  const witness = witnessOf(subject, space, common, ({ behaviour }) => behaviour.kind === 'refused')
  const { recipient } = witness.message
  return {
    verdict: 'VIOLATED',
    reason: `notifications for ${recipient} are refused, though mail of others for it is accepted`,
    witness,
  }
}

/** What two regions have in common, or `null`. */
export function shared(a: Region, b: Region): Region | null {
  const both = <T>(one: readonly T[], other: readonly T[]): T[] => one.filter((x) => other.includes(x))
  const oracles = new Map<string, Outcome[]>()
  for (const [oracle, said] of a.oracles) oracles.set(oracle, both(said, b.oracles.get(oracle) ?? []))
  const region = {
    listener: both(a.listener, b.listener),
    tls: both(a.tls, b.tls),
    client: both(a.client, b.client),
    certificate: both(a.certificate, b.certificate),
    login: both(a.login, b.login),
    helo: both(a.helo, b.helo),
    sender: both(a.sender, b.sender),
    recipient: both(a.recipient, b.recipient),
    destination: both(a.destination, b.destination),
    size: both(a.size, b.size),
    hops: both(a.hops, b.hops),
    oracles,
  }
  const { oracles: _, ...lists } = region
  const isEmpty =
    Object.values(lists).some((list) => list.length === 0) || [...oracles.values()].some((list) => list.length === 0)
  return isEmpty ? null : region
}
