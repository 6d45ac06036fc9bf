import { boxHolds } from '../graph/box.ts'
import type { Bundle } from '../graph/bundle.ts'
import { bareLine, type Evaluator, type Facts } from '../graph/evaluator.ts'
import type { Described } from '../graph/explanation.ts'
import { flatOf } from '../graph/flat.ts'
import { flatten } from '../graph/flat-build.ts'
import type { Outcome } from '../graph/graph.ts'
import { flatEvaluator } from '../graph/runtime.ts'
import { storedDomain } from '../mail/domain.ts'
import type { EnvelopeRecord } from '../mail/envelope-record.ts'
import { type IpAddress, parseIp } from '../mail/ip.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import type { ChangeSet } from './change-set.ts'
import { type HashedNames, hashedNames } from './replay-hashed.ts'
import { ReplayOutcomes } from './replay-outcome.ts'

/** What recorded traffic says of a change: how much of it would have gone another way, and where. */
export type ReplayResult = {
  readonly records: number
  /** Epoch ms of the earliest and the latest record; `null` when there was none. */
  readonly since: number | null
  readonly until: number | null
  /** In the order of the changes of the change set. */
  readonly changes: readonly ReplayedChange[]
  /** Records that differ and lie in no change: of what the plan could not decide, or a mistake of the plan. */
  readonly outside: { readonly records: number; readonly moves: readonly ReplayedMove[] }
  /** Records of which nothing is claimed. */
  readonly unknown: {
    /** Oracles that a graph asks and the record has no answer of, with the number of records. */
    readonly oracles: Readonly<Record<string, number>>
    /** Records with hashed local parts, where a graph tells local parts apart. */
    readonly hashed: number
    /** Records that name no address or mailbox that can be read. */
    readonly unreadable: number
  }
}

export type ReplayedChange = {
  readonly records: number
  /** Client addresses, at most `manyClients`. */
  readonly clients: number
  readonly moves: readonly ReplayedMove[]
}

/** The most frequent first, at most 100 of them. */
export type ReplayedMove = { readonly from: string; readonly to: string; readonly records: number }

export const manyClients = 10_000

export type ReplayOptions = {
  /**
   * Hashes a local part of a domain as the gateway of the records does. With it, hashed records are replayed exactly:
   * the names that a graph tells apart are known, and all others are the same to it.
   */
  readonly hash?: (localPart: string, domain: string) => string
}

/** Weighs each change with the records. Pure: the records come from wherever the caller has them. */
export function replay(
  records: Iterable<EnvelopeRecord>,
  before: Bundle,
  after: Bundle,
  changeSet: ChangeSet,
  options: ReplayOptions = {},
): ReplayResult {
  const running = openReplay(before, after, changeSet, options)
  for (const record of records) running.add(record)
  return running.result()
}

/** The same for records that come one by one. */
export type Replay = { add(record: EnvelopeRecord): void; result(): ReplayResult }

export function openReplay(before: Bundle, after: Bundle, changeSet: ChangeSet, options: ReplayOptions = {}): Replay {
  const names = hashedNames([before.graph, after.graph], options.hash)
  const outcomes = new ReplayOutcomes()
  const [old, next] = [evaluatorOf(before), evaluatorOf(after)]
  const read = reader(names)
  const changes = changeSet.changes.map(() => tally())
  const outside = tally()
  const oracles = new Map<string, number>()
  let [records, hashed, unreadable] = [0, 0, 0]
  let since = Number.POSITIVE_INFINITY
  let until = Number.NEGATIVE_INFINITY

  return {
    add(record) {
      records++
      if (record.time < since) since = record.time
      if (record.time > until) until = record.time
      const facts = read(record)
      if (facts === 'hashed') hashed++
      else if (facts === 'unreadable') unreadable++
      if (typeof facts === 'string') return
      const from = outcomes.of(old, facts, record.answers)
      const to = outcomes.of(next, facts, record.answers)
      if (from.kind === 'asks' || to.kind === 'asks') {
        const oracle = to.kind === 'asks' ? to.oracle : (from as { oracle: string }).oracle
        oracles.set(oracle, (oracles.get(oracle) ?? 0) + 1)
        return
      }
      if (from.key === to.key) return
      const message: Described = { ...facts }
      const answers = new Map(Object.entries(record.answers))
      const index = changeSet.changes.findIndex(({ box }) => mayHold(box, message, answers))
      ;(changes[index] ?? outside).add(record.client, from.text, to.text)
    },
    result: () => ({
      records,
      since: records === 0 ? null : since,
      until: records === 0 ? null : until,
      changes: changes.map((one) => one.result()),
      outside: { records: outside.result().records, moves: outside.result().moves },
      unknown: { oracles: Object.fromEntries([...oracles].sort((a, b) => b[1] - a[1])), hashed, unreadable },
    }),
  }
}

/** In the run-time form: a million records are two million behaviours. */
const evaluatorOf = (bundle: Bundle): Evaluator => flatEvaluator(flatOf(flatten(bundle)))

/** Of a message that was refused before it named them, sender and recipient may be any. */
function mayHold(box: ChangeSet['changes'][number]['box'], message: Described, answers: ReadonlyMap<string, Outcome>) {
  const senders = message.sender === undefined ? null : box.senders
  const recipients = message.recipient === null ? null : box.recipients
  return boxHolds({ ...box, senders, recipients }, message, answers)
}

/** Clients and mailboxes that were read, so that a sender of thousands of messages is read once. */
const maxKnown = 10_000

/** The usual spelling, in one step: a gateway wrote it from a mailbox that it had read. */
const usual = /^([a-z0-9_+=~-]+(?:\.[a-z0-9_+=~-]+)*)@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})$/i

function readMailbox(text: string): Mailbox | null {
  const found = text.length <= 254 && !text.includes('xn--') ? usual.exec(text) : null
  if (found === null || found[1]!.length > 64) {
    const parsed = parseMailbox(text)
    return parsed.ok ? parsed.value : null
  }
  return { localPart: found[1]!, domain: storedDomain(found[2]!.toLowerCase()), text }
}

/** Gives the facts of a record, in one object that is used again. */
function reader(names: HashedNames): (record: EnvelopeRecord) => Facts | 'hashed' | 'unreadable' {
  const facts: Facts = {
    ...bareLine,
    listener: '',
    client: '0.0.0.0' as IpAddress,
    sender: undefined,
    recipient: null,
    sizeBytes: null,
    hops: null,
    destination: null,
  }
  const senders = new Map<string, Mailbox | null>()
  const clients = new Map<string, IpAddress | null>()
  const remembered = <T>(known: Map<string, T>, text: string, make: () => T): T => {
    let value = known.get(text)
    if (value === undefined) {
      value = make()
      if (known.size >= maxKnown) known.clear()
      known.set(text, value)
    }
    return value
  }
  const mailbox = (text: string, hashed: boolean): Mailbox | null => readMailbox(hashed ? names.reveal(text) : text)

  return ({ listener, client, from, to, size, hops, hashed, tls, login, certificate, helo }) => {
    const isHashed = hashed === true
    if (isHashed && ((from !== null && !names.isSafe(from)) || (to !== null && !names.isSafe(to)))) return 'hashed'
    if (isHashed && login !== undefined && !names.isSafe(login)) return 'hashed'
    const address = remembered(clients, client, () => {
      const parsed = parseIp(client)
      return parsed.ok ? parsed.value : null
    })
    const sender =
      from === null
        ? undefined
        : from === '<>'
          ? null
          : remembered(senders, isHashed ? `~${from}` : from, () => mailbox(from, isHashed))
    const recipient = to === null ? null : mailbox(to, isHashed)
    const isUnread = address === null || (sender === null && from !== '<>') || (recipient === null && to !== null)
    if (isUnread) return 'unreadable'
    facts.listener = listener
    facts.client = address
    // Records of versions that knew nothing of these are as of a line that has none of them.
    facts.tls = tls ?? false
    facts.login = login === undefined ? null : isHashed ? names.revealLogin(login) : login
    facts.certificate = certificate ?? null
    facts.helo = helo ?? null
    facts.sender = sender
    facts.recipient = recipient
    facts.sizeBytes = size
    facts.hops = hops
    return facts
  }
}

const separator = '\u0000'

function tally() {
  let records = 0
  const clients = new Set<string>()
  const moves = new Map<string, number>()
  return {
    add(client: string, from: string, to: string): void {
      records++
      if (clients.size < manyClients) clients.add(client)
      const move = `${from}${separator}${to}`
      // A change may name a thousand targets; the first ones are enough to see what it does.
      if (moves.has(move) || moves.size < 1000) moves.set(move, (moves.get(move) ?? 0) + 1)
    },
    result(): ReplayedChange {
      const sorted = [...moves].sort((a, b) => b[1] - a[1]).slice(0, 100)
      return {
        records,
        clients: clients.size,
        moves: sorted.map(([move, count]) => {
          const [from = '', to = ''] = move.split(separator)
          return { from, to, records: count }
        }),
      }
    },
  }
}
