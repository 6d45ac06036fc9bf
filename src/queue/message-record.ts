import type { RecipientState } from './entry.ts'

/** A piece of a body that stands in the log before the message's own record. */
export type ExtentText = readonly [
  segment: number,
  generation: number,
  sequence: number,
  bodyAt: number,
  bytes: number,
  crc: number,
]

/** What the meta text of a message record says besides the envelope, whose text is kept as it is. */
export type MessageFacts = {
  readonly id: string
  readonly queuedAt: number
  readonly sizeBytes: number
  readonly dots: boolean
  readonly eightBit: boolean
  readonly recipients: number
  /** Empty for a body that is in the record itself. */
  readonly extents: readonly ExtentText[]
  /** Of a message that was moved here from another segment: its state at that moment. */
  readonly states: readonly StateChange[]
  /** Sequence of the record that it was moved from; that one counts until its mark says `gone`. */
  readonly movedFrom: number | null
}

/** The state of some recipients, by their index, as a mark or a moved message tells it. `active` is `waiting` on disk. */
export type StateChange = {
  readonly recipients: readonly number[]
  readonly state: Omit<RecipientState, 'state'> & { readonly state: StoredState }
}
export type StoredState = Exclude<RecipientState['state'], 'active'>

/**
 * One line of facts and one of the envelope, which a start keeps as text until somebody wants to know it.
 * The facts are an array in a fixed order: thousands of these are read at a start.
 */
export function messageText(facts: MessageFacts, envelope: string): string {
  const flags = (facts.dots ? 1 : 0) | (facts.eightBit ? 2 : 0)
  const usual = `["${facts.id}",${facts.queuedAt},${facts.sizeBytes},${flags},${facts.recipients}`
  if (facts.extents.length === 0 && facts.movedFrom === null) return `${usual}]\n${envelope}`
  return `${usual},${JSON.stringify(facts.extents)},${statesText(facts.states)},${facts.movedFrom}]\n${envelope}`
}

export function parseMessageText(text: string): { facts: MessageFacts; envelope: string } {
  const end = text.indexOf('\n')
  const [id, queuedAt, sizeBytes, flags, recipients, extents, states, movedFrom] = JSON.parse(text.slice(0, end)) as [
    string,
    number,
    number,
    number,
    number,
    ExtentText[]?,
    StateText[]?,
    (number | null)?,
  ]
  const facts: MessageFacts = {
    id,
    queuedAt,
    sizeBytes,
    dots: (flags & 1) !== 0,
    eightBit: (flags & 2) !== 0,
    recipients,
    extents: extents ?? [],
    states: (states ?? []).map(changeOf),
    movedFrom: movedFrom ?? null,
  }
  return { facts, envelope: text.slice(end + 1) }
}

type StateText = readonly [
  recipients: readonly number[],
  state: StoredState,
  attempts: number,
  dueAt: number,
  reply: readonly [number, string | null, string] | null,
  host: string | null,
  why: string | null,
  nextHop: string | null,
]

export function statesText(changes: readonly StateChange[]): string {
  return JSON.stringify(
    changes.map(({ recipients, state }): StateText => {
      const { lastReply } = state
      const reply = lastReply === null ? null : ([lastReply.code, lastReply.status, lastReply.text] as const)
      return [recipients, state.state, state.attempts, state.dueAt, reply, state.lastHost, state.why, state.nextHop]
    }),
  )
}

export const parseStatesText = (text: string): readonly StateChange[] => (JSON.parse(text) as StateText[]).map(changeOf)

function changeOf([recipients, state, attempts, dueAt, reply, lastHost, why, nextHop]: StateText): StateChange {
  const lastReply = reply === null ? null : { code: reply[0], status: reply[1], text: reply[2] }
  return { recipients, state: { state, attempts, dueAt, lastReply, lastHost, why, nextHop } }
}

/** The states of these recipients as they are now, equal neighbours told once. */
export function changesOf(states: readonly RecipientState[], indexes: Iterable<number>): readonly StateChange[] {
  const changes: { recipients: number[]; state: StateChange['state'] }[] = []
  for (const index of indexes) {
    const now = states[index] as RecipientState
    const last = changes.at(-1)
    if (last !== undefined && isSame(last.state, now)) last.recipients.push(index)
    else changes.push({ recipients: [index], state: stored(now) })
  }
  return changes
}

const stored = ({
  state,
  attempts,
  dueAt,
  lastReply,
  lastHost,
  why,
  nextHop,
}: RecipientState): StateChange['state'] => ({
  state: state === 'active' ? 'waiting' : state,
  attempts,
  dueAt,
  lastReply,
  lastHost,
  why,
  nextHop,
})

const isSame = (last: StateChange['state'], now: RecipientState): boolean =>
  last.state === (now.state === 'active' ? 'waiting' : now.state) &&
  last.attempts === now.attempts &&
  last.dueAt === now.dueAt &&
  last.lastReply === now.lastReply &&
  last.lastHost === now.lastHost &&
  last.why === now.why &&
  last.nextHop === now.nextHop
