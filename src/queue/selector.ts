import type { Envelope, Recipient } from '../mail/envelope.ts'
import { globMatches } from '../mail/glob.ts'
import type { ShownState } from './shown.ts'
import type { StoredEntry } from './stored-entry.ts'

/** Which recipients are meant: those for which all that is given holds. `null`: any. Case does not count. */
export type QueueConditions = {
  /** A mailbox as it is now or as RCPT named it; `*` stands for any text. */
  readonly recipient: string | null
  /** A domain, or `*.domain` for any depth below it. */
  readonly domain: string | null
  /** A mailbox, with `*` for any text; `<>` for the null reverse-path. */
  readonly sender: string | null
  /** An address, a network such as 192.0.2.0/24, or a login. */
  readonly client: string | null
  /** A next hop as a list names it, with or without what is behind `#`; `*` stands for any text. */
  readonly nextHop: string | null
  /** In the queue for longer than this. */
  readonly olderThanMs: number | null
  /** One of the states; `null`: those that are not final. */
  readonly state: string | null
  /**
   * Of the last reply, or of why it waits: a code (`451`), a class (`4yz`), a text that is in it, or with `*` the whole of
   * it.
   */
  readonly reply: string | null
}

/** What an action is done to. An id alone, conditions alone, or both; all of the queue only when that was said. */
export type QueueSelector = QueueConditions & { readonly ids: readonly string[]; readonly all: boolean }

export const anyRecipient: QueueConditions = {
  recipient: null,
  domain: null,
  sender: null,
  client: null,
  nextHop: null,
  olderThanMs: null,
  state: null,
  reply: null,
}

/** A selector that was left empty by mistake. */
export const isEmpty = ({ ids, all, ...conditions }: QueueSelector): boolean =>
  !all && ids.length === 0 && Object.values(conditions).every((condition) => condition === null)

export type Match = (entry: StoredEntry) => readonly number[]

export type MatchParts = {
  readonly now: number
  /** What is shown of a recipient is what a condition on it means. */
  readonly shown: (entry: StoredEntry, index: number) => ShownState
  /** Whether an address is in a network. Throws for what is none. */
  readonly isIn: (network: string, address: string) => boolean
}

const none: readonly number[] = Object.freeze([])
const first: readonly number[] = Object.freeze([0])

/** Reads the conditions once, for the whole of a queue. Gives the recipients of a message, by index. */
export function matcher(conditions: QueueConditions, { now, shown, isIn }: MatchParts): Match {
  const { olderThanMs, state, nextHop, reply } = conditions
  const texts = [conditions.recipient, conditions.domain, conditions.sender]
  // Most of a long queue is passed over without parsing it.
  const mentioned = texts.flatMap((text) => (text === null || text === '<>' || text.includes('*') ? [] : [text]))
  const ofSender = senderTest(conditions.sender)
  const ofClient = clientTest(conditions.client, isIn)
  const ofRecipient = recipientTest(conditions)
  const needsEnvelope = ofSender !== null || ofClient !== null || ofRecipient !== null
  const ofReply = reply === null ? null : replyTest(reply)
  const ofHop = nextHop === null ? null : hopTest(nextHop)

  const isMeant = (entry: StoredEntry, index: number): boolean => {
    const one = shown(entry, index)
    if (state === null ? one.isFinal : one.state !== state) return false
    if (ofHop !== null && (one.nextHop === null || !ofHop(one.nextHop))) return false
    return ofReply === null || ofReply(one)
  }
  return (entry) => {
    if (olderThanMs !== null && now - entry.queuedAt <= olderThanMs) return none
    for (const text of mentioned) if (!entry.mayMention(text)) return none
    let envelope: Envelope | null = null
    if (needsEnvelope) {
      envelope = entry.peekEnvelope()
      if (ofSender?.(envelope) === false || ofClient?.(envelope) === false) return none
    }
    if (entry.recipients.length === 1) {
      return (ofRecipient?.(envelope!.recipients[0]!) ?? true) && isMeant(entry, 0) ? first : none
    }
    const indexes: number[] = []
    for (let index = 0; index < entry.recipients.length; index++) {
      if ((ofRecipient?.(envelope!.recipients[index]!) ?? true) && isMeant(entry, index)) indexes.push(index)
    }
    return indexes
  }
}

function senderTest(sender: string | null): ((envelope: Envelope) => boolean) | null {
  if (sender === null) return null
  if (sender === '<>' || sender === '') return ({ from }) => from === null
  return ({ from }) => from !== null && globMatches(sender, from.text)
}

function clientTest(client: string | null, isIn: MatchParts['isIn']): ((envelope: Envelope) => boolean) | null {
  if (client === null) return null
  const wanted = client.toLowerCase()
  if (client.includes('/')) return ({ origin }) => origin.client !== null && isIn(client, origin.client)
  return ({ origin }) => origin.client === wanted || origin.identity?.toLowerCase() === wanted
}

function recipientTest({ recipient, domain }: QueueConditions): ((recipient: Recipient) => boolean) | null {
  if (recipient === null && domain === null) return null
  const wanted = domain?.toLowerCase() ?? null
  return ({ mailbox, original }) => {
    if (wanted !== null && !isOfDomain(wanted, mailbox.domain)) return false
    return recipient === null || globMatches(recipient, mailbox.text) || globMatches(recipient, original.text)
  }
}

/** As rows of tables match: exactly, any depth below `*.suffix`, `*` everything. */
const isOfDomain = (wanted: string, domain: string): boolean =>
  wanted === '*' || wanted === domain || (wanted.startsWith('*.') && domain.endsWith(wanted.slice(1)))

function hopTest(wanted: string): (nextHop: string) => boolean {
  const isWanted = (key: string) => globMatches(wanted, key)
  // A relay's key ends with a digest of its settings, which nobody wants to copy.
  return (key) => isWanted(key) || (key.includes('#') && isWanted(key.slice(0, key.lastIndexOf('#'))))
}

function replyTest(wanted: string): (shown: ShownState) => boolean {
  const [, code, digit] = /^(?:(\d{3})|([45])(?:yz|xx))$/i.exec(wanted) ?? []
  if (code !== undefined) return ({ reply }) => reply?.startsWith(code) ?? false
  if (digit !== undefined) return ({ reply }) => reply?.startsWith(digit) ?? false
  const pattern = wanted.includes('*') ? wanted : `*${wanted}*`
  return ({ reply, why }) =>
    (reply !== null && globMatches(pattern, reply)) || (why !== null && globMatches(pattern, why))
}
