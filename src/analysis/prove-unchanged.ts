import { behaviourOf } from '../graph/behaviour.ts'
import { type Box, blocksHold, mailboxesHold, type PatternSet } from '../graph/box.ts'
import type { Bundle } from '../graph/bundle.ts'
import type { Line } from '../graph/evaluator.ts'
import type { Outcome } from '../graph/graph.ts'
import { messageText } from '../graph/message-text.ts'
import { oracleName } from '../graph/oracle.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Mailbox } from '../mail/path.ts'
import type { CanonTable } from './canon.ts'
import type { ChangeSet } from './change-set.ts'
import { mailboxesOf } from './mailboxes.ts'
import { networksOf } from './networks.ts'
import type { Found } from './proof.ts'
import { answersMet, explainLine, type Subject, subjectOf } from './prove-witness.ts'
import { commonLine, rowsOf } from './shared-line.ts'

/** A change of the document: the graph before it, and all that it changes for mail. */
export type ProposedChange = { readonly before: Bundle; readonly changeSet: ChangeSet }

/** Nothing that changes has a message in common with the box. The change set is exact, so that is the whole proof. */
export function unchangedIn(subject: Subject, box: Box, change: ProposedChange | null): Found {
  if (change === null)
    return { verdict: 'UNKNOWN', reason: 'says something of a change: mailgw plan proves it against a base' }
  const { changeSet, before } = change
  for (const { box: changed } of changeSet.changes) {
    const common = commonMessage(subject, box, changed)
    if (common === null) continue
    const { message, answers } = common
    const decided = behaviourOf(subject.interpreter, message, answers)
    const was = behaviourOf(subjectOf(before).interpreter, message, answers)
    if (decided.kind !== 'decided' || was.kind !== 'decided') throw new Error('a changed message is not decided')
    const asked = answersMet(subject, message, answers)
    return {
      verdict: 'VIOLATED',
      reason: `mail for ${message.recipient.text} from ${message.client} is decided otherwise than before`,
      witness: {
        message: messageText(message),
        answers: Object.fromEntries(answers),
        behaviour: decided.behaviour,
        deciders: decided.deciders,
        explain: explainLine(message, asked),
      },
    }
  }
  if (changeSet.unknown.length > 0) return { verdict: 'UNKNOWN', reason: changeSet.unknown.join('; ') }
  return { verdict: 'PROVED', reason: 'no message of the box is decided otherwise than before' }
}

type Common = {
  readonly message: Readonly<Line> & {
    readonly listener: string
    readonly client: IpAddress
    readonly sender: Mailbox | null
    readonly recipient: Mailbox
    readonly sizeBytes: number | null
    readonly hops: number | null
  }
  readonly answers: Map<string, Outcome>
}

/** A message that lies in both boxes, or `null`. */
function commonMessage({ bundle }: Subject, a: Box, b: Box): Common | null {
  const listener = bundle.graph.control.listeners
    .map(({ name }) => name)
    .find((name) => [a, b].every(({ listeners }) => listeners?.includes(name) ?? true))
  const client = commonAddress(a.clients, b.clients)
  const sender = commonMailbox(a.senders, b.senders, true)
  const recipient = commonMailbox(a.recipients, b.recipients, false)
  const line = commonLine(a, b)
  const sizeBytes = commonValue([sizesOf(a), sizesOf(b)])
  const hops = commonValue([hopsOf(a), hopsOf(b)])
  const answers = new Map<string, Outcome>()
  for (const oracle of new Set([...Object.keys(a.oracles), ...Object.keys(b.oracles)])) {
    const said = (['clear', 'listed', 'error'] as const).find((outcome) =>
      [a, b].every(({ oracles }) => oracles[oracle]?.includes(outcome) ?? true),
    )
    if (said === undefined) return null
    answers.set(oracle, said)
  }
  for (const node of bundle.graph.nodes) {
    const oracle = node.kind === 'oracle' ? oracleName(node.oracle) : null
    if (oracle !== null && !answers.has(oracle)) answers.set(oracle, 'clear')
  }
  if (line === null || listener === undefined || client === null || sender === undefined || !recipient) return null
  if (sizeBytes === undefined || hops === undefined) return null
  return { message: { ...line, listener, client, sender, recipient, sizeBytes, hops }, answers }
}

function commonAddress(a: PatternSet | null, b: PatternSet | null): IpAddress | null {
  const family = networksOf([rowsOf('client', [a, b])])
  const inBoth = (address: IpAddress) => [a, b].every((set) => set === null || blocksHold(set, address))
  for (const cell of family.order) {
    if (family.isEmpty(cell)) continue
    const address = family.witness(cell)
    if (inBoth(address)) return address
  }
  return null
}

/** `null` is the null reverse-path, `undefined` nobody. */
function commonMailbox(a: PatternSet | null, b: PatternSet | null, withNull: boolean): Mailbox | null | undefined {
  const sets = [a, b].map((set) =>
    (set ?? []).map(({ pattern, except }) => ({ pattern: domainsOf(pattern), except: except.map(domainsOf) })),
  )
  const locals = new Set<string>()
  for (const set of [a, b])
    for (const { pattern, except } of set ?? [])
      for (const one of [pattern, ...except]) if (isEverywhere(one)) locals.add(one.slice(0, one.lastIndexOf('@')))
  const localRows = [...locals].sort(byCodeUnits).map((local) => [local] as const)
  const localTable: CanonTable = {
    kind: 'table',
    on: 'local-part',
    rows: localRows,
    labels: Int32Array.from(localRows, (_, i) => i + 1),
    otherwise: 0,
  }
  const family = mailboxesOf([rowsOf('recipient', sets), localTable], withNull)
  const inBoth = (mailbox: Mailbox | null) => [a, b].every((set) => set === null || mailboxesHold(set, mailbox))
  for (const cell of family.order) {
    for (const local of [null, ...(family.isMailbox(cell) ? [] : family.locals)]) {
      const found = family.witness(cell, local)
      const mailbox = found === '<>' ? null : found
      if (found !== null && inBoth(mailbox)) return mailbox
    }
  }
  return undefined
}

/** `a@*.b`: one local part at many domains. */
const isEverywhere = (pattern: string): boolean => pattern.slice(pattern.lastIndexOf('@')).startsWith('@*')
const domainsOf = (pattern: string): string =>
  isEverywhere(pattern) ? pattern.slice(pattern.lastIndexOf('@') + 1) : pattern

type Ranges = readonly (readonly [over: number | null, upTo: number | null])[] | null
const sizesOf = ({ sizes }: Box): Ranges =>
  sizes?.map(({ overBytes, upToBytes }) => [overBytes, upToBytes] as const) ?? null
const hopsOf = ({ hops }: Box): Ranges => hops?.map(({ over, upTo }) => [over, upTo] as const) ?? null

/** The smallest value in all ranges; `null` where nothing needs to be known of it, `undefined` when there is none. */
function commonValue(all: readonly Ranges[]): number | null | undefined {
  const starts = [0, ...all.flatMap((ranges) => (ranges ?? []).map(([over]) => (over === null ? 0 : over + 1)))]
  const holds = (value: number) =>
    all.every(
      (ranges) =>
        ranges?.some(([over, upTo]) => (over === null || value > over) && (upTo === null || value <= upTo)) ?? true,
    )
  const value = starts.sort((a, b) => a - b).find(holds)
  return value === 0 ? null : value
}
