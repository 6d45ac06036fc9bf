import type { Change, ChangeKind, Move } from '../../analysis/change-set.ts'
import { behaviourText } from '../../graph/behaviour.ts'
import { lineOf, lineOptions, lineWords } from '../../graph/message-text.ts'
import { bytesText } from '../text.ts'
import { boxSentence, type NetworkName } from './box-words.ts'

/** What a kind of change is called, and what it means for mail, for somebody who never saw the word. */
export const kindWords: Readonly<Record<ChangeKind, { readonly name: string; readonly means: string }>> = {
  'relayed-from-outside': {
    name: 'relayed from outside',
    means:
      'Clients that were not trusted until now can send this mail through the gateway to domains that are not ours.',
  },
  'login-in-clear': {
    name: 'login in the clear',
    means: 'Whoever sends this mail can log in now over a line that others can read, password and all.',
  },
  'relayed-by-login': {
    name: 'relayed by login',
    means: 'Whoever logs in like this can send this mail through the gateway to domains that are not ours.',
  },
  'tls-lowered': {
    name: 'TLS lowered',
    means: 'This mail goes on with less protection on the wire than before.',
  },
  accepted: { name: 'newly accepted', means: 'This mail was refused until now and is taken from now on.' },
  refused: {
    name: 'newly refused',
    means: 'This mail was taken until now and is refused from now on; the client that sends it is told so.',
  },
  rerouted: { name: 'goes elsewhere', means: 'This mail is accepted as before and then goes another way.' },
  text: { name: 'refused in other words', means: 'This mail is refused as before; only the reply reads differently.' },
}

const dangerous: readonly ChangeKind[] = ['relayed-from-outside', 'login-in-clear', 'relayed-by-login', 'tls-lowered']

export const isDangerous = (kind: ChangeKind): boolean => dangerous.includes(kind)

export const kinds = Object.keys(kindWords) as readonly ChangeKind[]

/** `mail from any client to anybody at example.com`. */
export function subject({ box }: Change, nameOf: NetworkName): string {
  const sentence = boxSentence(box, nameOf)
  return sentence === '' ? 'all mail' : `mail ${sentence}`
}

/** `1 change newly refused, 2 go elsewhere`: how many of which kind, most dangerous first. */
export function countsOf(changes: readonly Change[]): readonly (readonly [ChangeKind, number])[] {
  return kinds
    .map((kind) => [kind, changes.filter((change) => change.kind === kind).length] as const)
    .filter(([, count]) => count > 0)
}

/** One side of a move, as one would say it: `goes to relay isp`, `refused 550 5.7.1 relaying denied`. */
export function moveWords(text: string): string {
  if (text.startsWith('refused ') || /^\d+ others$/.test(text)) return text
  // An alias, or the postmaster: whom it stands for, and where each of them goes.
  if (/^[^ ]+@[^ ]+ /.test(text)) {
    const parts = text.split(/, (?=[^ ]+@[^ ]+ )/)
    return parts
      .map((part) => `as ${part.slice(0, part.indexOf(' '))} ${moveWords(part.slice(part.indexOf(' ') + 1))}`)
      .join('; ')
  }
  if (text.startsWith('to ')) return `goes ${text}`
  if (text.startsWith('relay ')) return `goes to ${text}`
  if (text.startsWith('MX hosts')) return `goes to the MX hosts of its domain${text.slice('MX hosts'.length)}`
  if (text.startsWith('into ')) return `is delivered ${text}`
  if (text.startsWith('held: ')) return `is accepted and ${text}`
  if (text === 'discarded') return 'is accepted and thrown away'
  return text === '' ? 'is accepted' : `goes to ${text}`
}

/**
 * One side of a move, with the TLS that is required on the way where that is not the same for all mail of a plan (`isSaid`)
 * and the words do not say it already.
 */
export function moveSideWords(move: Move, side: 'from' | 'to', isSaid: boolean): string {
  return withTls(moveWords(move[side]), move, side, isSaid)
}

export function withTls(words: string, { tls }: Pick<Move, 'tls'>, side: 'from' | 'to', isSaid: boolean): string {
  const level = tls?.[side] ?? null
  if (!isSaid || level === null || words.includes('TLS ')) return words
  return `${words}, TLS ${level}${words.includes('; as ') ? ' or more' : ''}`
}

/** Whether some of the mail of these changes goes on with another TLS level than the rest. */
export function differInTls(changes: readonly Change[]): boolean {
  const sides = changes.flatMap(({ moves }) => moves.flatMap(({ tls }) => [tls?.from ?? null, tls?.to ?? null]))
  return new Set(sides.filter((level) => level !== null)).size > 1
}

/** What becomes of a witness; the recipient himself is not named again. */
export function witnessWords({ message, ...sides }: Change['witness'], side: 'from' | 'to'): string {
  const behaviour = sides[side]
  const [first, ...others] = behaviour.kind === 'accepted' ? behaviour.finals : []
  const isOwn = first !== undefined && others.length === 0 && first.mailbox === message.recipient
  return moveWords(isOwn ? first.route.text : behaviourText(behaviour))
}

/** Refused before and after: only the reply reads otherwise. */
export const isReplyAlone = ({ from, to }: Move): boolean => from.startsWith('refused ') && to.startsWith('refused ')

/** A witness in one line: who sends what to whom. */
export function messageWords({ message, answers }: Change['witness']): string {
  const { client, listener, sender, recipient, sizeBytes, hops } = message
  const size = sizeBytes === null ? '' : ` of ${sizeBytes < 1024 ? `${sizeBytes} octets` : bytesText(sizeBytes)}`
  const parts = [
    `a message${size}`,
    ...(sender === null ? [] : [`from ${sender}`]),
    ...(recipient === null ? [] : [`to ${recipient}`]),
    `that ${client}${lineWords(message)}${lineWords(message) === '' ? '' : ','} sends to listener ${listener}`,
    ...(hops === null || hops < 2 ? [] : [`with ${hops} Received lines`]),
    ...Object.entries(answers).map(([oracle, outcome], i) => `${i === 0 ? 'while' : 'and'} ${oracle} says ${outcome}`),
  ]
  return parts.join(' ')
}

/** The `mailgw explain` line that shows a witness's way. `source` names the graph: `--config FILE`, `--running`. */
export function explainLine({ message, answers }: Change['witness'], source: readonly string[]): string {
  const { client, listener, sender, recipient, sizeBytes, hops } = message
  const words = ['mailgw', 'explain', ...source, '--client', client, '--listener', listener]
  words.push(...lineOptions(lineOf(message)))
  if (sender !== null) words.push('--from', sender)
  if (recipient !== null) words.push('--to', recipient)
  if (sizeBytes !== null) words.push('--size', `${sizeBytes}B`)
  if (hops !== null && hops > 1) words.push('--hops', String(hops))
  const assumed = Object.entries(answers).map(([oracle, outcome]) => `${oracle}=${outcome}`)
  if (assumed.length > 0) words.push('--assume', ...assumed)
  return words.map(quoted).join(' ')
}

/** As a POSIX shell reads it back. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
