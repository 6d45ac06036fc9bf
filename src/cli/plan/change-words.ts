import type { Change, ChangeKind } from '../../analysis/change-set.ts'
import type { Behaviour } from '../../graph/behaviour.ts'
import { assertNever } from '../../mail/result.ts'
import { bytesText } from '../text.ts'
import { boxSentence, type NetworkName } from './box-words.ts'

/** What a kind of change is called, and what it means for mail, for somebody who never saw the word. */
export const kindWords: Readonly<Record<ChangeKind, { readonly name: string; readonly means: string }>> = {
  'relayed-from-outside': {
    name: 'relayed from outside',
    means: 'Clients that are not ours can now send this mail through the gateway to domains that are not ours.',
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
  text: { name: 'other words', means: 'This mail is refused as before; only the reply reads differently.' },
}

export const isDangerous = (kind: ChangeKind): boolean => kind === 'relayed-from-outside' || kind === 'tls-lowered'

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

/** What happens to a message, as one would say it. */
export function behaviourWords(behaviour: Behaviour): string {
  switch (behaviour.kind) {
    case 'refused':
      return `refused at ${behaviour.stage}: ${behaviour.code} ${behaviour.status} ${behaviour.text}`
    case 'accepted': {
      const { finals } = behaviour
      if (finals.length === 0) return 'accepted'
      const [first, ...rest] = finals.map(({ mailbox, route }) => `${mailbox} ${route.text}`)
      return rest.length === 0
        ? `accepted, ${finals[0]!.route.text}`
        : `accepted: ${[first, ...rest].slice(0, 4).join('; ')}${finals.length > 4 ? ` and ${finals.length - 4} more` : ''}`
    }
    default:
      return assertNever(behaviour)
  }
}

/** A witness in one line: who sends what to whom. */
export function messageWords({ message, answers }: Change['witness']): string {
  const { client, listener, sender, recipient, sizeBytes, hops } = message
  const parts = [
    `${client} at listener ${listener}`,
    ...(sender === null ? [] : [`from ${sender}`]),
    ...(recipient === null ? [] : [`to ${recipient}`]),
    ...(sizeBytes === null ? [] : [sizeBytes < 1024 ? `${sizeBytes} octets` : bytesText(sizeBytes)]),
    ...(hops === null || hops === 0 ? [] : [`${hops} Received lines`]),
    ...Object.entries(answers).map(([oracle, outcome]) => `${oracle} says ${outcome}`),
  ]
  return parts.join(', ')
}

/** The `mailgw explain` line that shows a witness's way. `source` names the graph: `--config FILE`, `--running`. */
export function explainLine({ message, answers }: Change['witness'], source: readonly string[]): string {
  const { client, listener, sender, recipient, sizeBytes, hops } = message
  const words = ['mailgw', 'explain', ...source, '--client', client, '--listener', listener]
  if (sender !== null) words.push('--from', sender)
  if (recipient !== null) words.push('--to', recipient)
  if (sizeBytes !== null) words.push('--size', `${sizeBytes}B`)
  if (hops !== null && hops > 0) words.push('--hops', String(hops))
  const assumed = Object.entries(answers).map(([oracle, outcome]) => `${oracle}=${outcome}`)
  if (assumed.length > 0) words.push('--assume', ...assumed)
  return words.map(quoted).join(' ')
}

/** As a POSIX shell reads it back. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
