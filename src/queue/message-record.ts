import type { RecipientState } from './entry.ts'
import { type SplitText, sharedFrom, sharedText } from './stored-envelope.ts'

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

/** The facts of a record's meta text, and the text of its envelope. */
export function parseMessageText(text: Buffer): { facts: MessageFacts; envelope: SplitText } {
  const end = text.indexOf(0x0a)
  const middle = text.indexOf(sharedFrom, end)
  const own = text.toString('utf8', end + 1, middle < 0 ? text.length : middle)
  const shared = middle < 0 ? '' : sharedText(text.toString('utf8', middle))
  const [id, queuedAt, sizeBytes, flags, recipients, extents, states, movedFrom] = JSON.parse(
    text.toString('utf8', 0, end),
  ) as [string, number, number, number, number, ExtentText[]?, StateText[]?, (number | null)?]
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
  return { facts, envelope: { own, shared } }
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
  /** Left out when there is none of it. */
  more?: MoreText,
]

/** What few recipients have. */
type MoreText = {
  tried?: number
  hold?: readonly [by: string, reason: string, at: number]
  via?: string
  /** What its sender was told of: that it is late, that its alias was expanded. */
  told?: readonly ('delay' | 'expansion')[]
}

export function statesText(changes: readonly StateChange[]): string {
  return JSON.stringify(
    changes.map(({ recipients, state }): StateText => {
      const { lastReply } = state
      const reply = lastReply === null ? null : ([lastReply.code, lastReply.status, lastReply.text] as const)
      const { attempts, dueAt, lastHost, why, nextHop } = state
      const more = moreText(state)
      return more === null
        ? [recipients, state.state, attempts, dueAt, reply, lastHost, why, nextHop]
        : [recipients, state.state, attempts, dueAt, reply, lastHost, why, nextHop, more]
    }),
  )
}

function moreText({ lastAttemptAt, hold, via, isWarned, isExpansionTold }: StateChange['state']): MoreText | null {
  if (lastAttemptAt === null && hold === null && via === null && !isWarned && !isExpansionTold) return null
  const more: MoreText = {}
  if (lastAttemptAt !== null) more.tried = lastAttemptAt
  if (hold !== null) more.hold = [hold.by, hold.reason, hold.at]
  if (via !== null) more.via = via
  if (isWarned || isExpansionTold) {
    more.told = [...(isWarned ? ['delay' as const] : []), ...(isExpansionTold ? ['expansion' as const] : [])]
  }
  return more
}

export const parseStatesText = (text: string): readonly StateChange[] => (JSON.parse(text) as StateText[]).map(changeOf)

function changeOf([recipients, state, attempts, dueAt, reply, lastHost, why, nextHop, more]: StateText): StateChange {
  const lastReply = reply === null ? null : { code: reply[0], status: reply[1], text: reply[2] }
  const hold = more?.hold === undefined ? null : { by: more.hold[0], reason: more.hold[1], at: more.hold[2] }
  return {
    recipients,
    state: {
      state,
      attempts,
      dueAt,
      lastReply,
      lastHost,
      why,
      nextHop,
      lastAttemptAt: more?.tried ?? null,
      hold,
      via: more?.via ?? null,
      isWarned: more?.told?.includes('delay') ?? false,
      isExpansionTold: more?.told?.includes('expansion') ?? false,
    },
  }
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

const stored = (slot: RecipientState): StateChange['state'] => ({
  state: slot.state === 'active' ? 'waiting' : slot.state,
  attempts: slot.attempts,
  dueAt: slot.dueAt,
  lastReply: slot.lastReply,
  lastHost: slot.lastHost,
  why: slot.why,
  nextHop: slot.nextHop,
  lastAttemptAt: slot.lastAttemptAt,
  hold: slot.hold,
  via: slot.via,
  isWarned: slot.isWarned,
  isExpansionTold: slot.isExpansionTold,
})

const isSame = (last: StateChange['state'], now: RecipientState): boolean =>
  last.state === (now.state === 'active' ? 'waiting' : now.state) &&
  last.attempts === now.attempts &&
  last.dueAt === now.dueAt &&
  last.lastReply === now.lastReply &&
  last.lastHost === now.lastHost &&
  last.why === now.why &&
  last.nextHop === now.nextHop &&
  last.lastAttemptAt === now.lastAttemptAt &&
  last.hold === now.hold &&
  last.via === now.via &&
  last.isWarned === now.isWarned &&
  last.isExpansionTold === now.isExpansionTold
