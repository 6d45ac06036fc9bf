import type { Box, PatternSet } from '../../graph/box.ts'
import { bytesText } from '../text.ts'
import { lineRows, lineSentence } from './line-words.ts'
import { list } from './list-words.ts'
import { withFewestBlocks } from './networks.ts'

/** How the documents call a network: `trusted`, `client scanner until now`; `null` when it has no name there. */
export type NetworkName = (network: string) => string | null

/** A box for people: one row for each thing that it asks about, who and to whom always. */
export function boxRows(box: Box, nameOf: NetworkName): readonly (readonly [label: string, words: string])[] {
  const rows: (readonly [string, string])[] = [['client', clientWords(box.clients, nameOf)]]
  if (box.listeners !== null) rows.push(['listener', list(box.listeners, 'or')])
  rows.push(...lineRows(box))
  if (box.senders !== null) rows.push(['sender', senderWords(box.senders)])
  rows.push(['recipient', recipientWords(box.recipients)])
  if (box.sizes !== null) rows.push(['size', list(box.sizes.map(sizeWords), 'or')])
  if (box.hops !== null) rows.push(['hops', list(box.hops.map(hopWords), 'or')])
  const oracles = Object.entries(box.oracles)
  if (oracles.length > 0) rows.push(['when', oracleWords(box.oracles)])
  return rows
}

const anyWords: readonly string[] = ['any client', 'any sender', 'anybody', 'any size', 'any number of Received lines']
const repeated: readonly string[] = ['client', 'sender', 'recipient', 'size', 'hops']

/** The rows that say more than "any", and more than the heading above them does. */
export const rowsBeyond = (heading: string, rows: ReturnType<typeof boxRows>): ReturnType<typeof boxRows> =>
  rows.filter(([label, words]) => !repeated.includes(label) || !(anyWords.includes(words) || heading.includes(words)))

/**
 * The same as the middle of a sentence: `from any client to anybody at example.com`. That a message may not be too large
 * or have come in circles goes without saying; the rows of the box say it.
 */
export function boxSentence(box: Box, nameOf: NetworkName): string {
  const { listeners, senders, sizes, hops, clients, recipients } = box
  const parts = [
    clients === null ? '' : `from ${clientWords(clients, nameOf)}`,
    lineSentence(box),
    senders === null ? '' : `sent as ${senderWords(senders)}`,
    recipients === null && (clients !== null || senders !== null) ? '' : `to ${recipientWords(recipients)}`,
    listeners === null ? '' : `at listener ${list(listeners, 'or')}`,
    sizes === null || sizes.every(({ overBytes }) => overBytes === null)
      ? ''
      : `of ${list(sizes.map(sizeWords), 'or')}`,
    hops === null || hops.every(({ over }) => over === null) ? '' : `with ${list(hops.map(hopWords), 'or')}`,
    Object.keys(box.oracles).length === 0 ? '' : `when ${oracleWords(box.oracles)}`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}

export function clientWords(clients: PatternSet | null, nameOf: NetworkName): string {
  if (clients === null) return 'any client'
  const set = withFewestBlocks(clients)
  if (set.length === 0) return 'no client'
  const named = (network: string) => {
    const name = nameOf(network)
    return name === null ? bare(network) : `${bare(network)} (${name})`
  }
  const several = (networks: readonly string[], word: 'and' | 'or') => {
    const [first, ...rest] = networks.map(nameOf)
    const isOneName = first !== null && rest.length > 0 && rest.every((name) => name === first)
    if (!isOneName) return list(networks.map(named), word)
    return `${list(networks.map(bare), word)} (${first})`
  }
  // "All but these" comes as the two halves of the address space, each with its own exceptions.
  const whole = set.filter(({ pattern }) => pattern === '0.0.0.0/0' || pattern === '::/0')
  if (whole.length === 2 && set.length === 2) {
    const except = whole.flatMap((part) => part.except)
    return except.length === 0 ? 'any client' : `any client except ${several(except, 'and')}`
  }
  if (set.every(({ except }) => except.length === 0)) {
    const plain = set.map(({ pattern }) => pattern)
    if (!plain.some((pattern) => pattern === '0.0.0.0/0' || pattern === '::/0')) return several(plain, 'or')
  }
  const words = { '0.0.0.0/0': 'any IPv4 client', '::/0': 'any IPv6 client' } as const
  return list(
    set.map(({ pattern, except }) => {
      const what = pattern in words ? words[pattern as keyof typeof words] : named(pattern)
      return except.length === 0 ? what : `${what} except ${several(except, 'and')}`
    }),
    'or',
  )
}

/** A single host without its length. */
const bare = (network: string): string => network.replace(network.includes(':') ? /\/128$/ : /\/32$/, '')

export function senderWords(set: PatternSet | null): string {
  if (set === null) return 'any sender'
  if (set.length === 0) return 'no sender'
  const everyone = set.find(({ pattern }) => pattern === '*')
  const bounce = set.some(({ pattern }) => pattern === '<>')
  if (set.length === 2 && everyone !== undefined && bounce) {
    const { except } = everyone
    return except.length === 0 ? 'any sender' : `any sender except ${exceptWords(except)}`
  }
  return setWords(set, (pattern) =>
    pattern === '<>'
      ? 'the null sender <> (notifications)'
      : pattern === '*'
        ? 'any sender but the null one <>'
        : mailboxWords(pattern),
  )
}

export function recipientWords(set: PatternSet | null): string {
  if (set === null) return 'anybody'
  if (set.length === 0) return 'nobody'
  return setWords(set, (pattern) => (pattern === '*' ? 'anybody' : mailboxWords(pattern)))
}

/** Who makes a move, in front of it: `domains under a.example, b.example and joe@c.example`. */
export const moverWords = (set: PatternSet): string => setWords(set, shortWords, 'and')

/** Domains, then what is under domains, so that nobody reads the next domain as one of these, then single mailboxes. */
const order = (pattern: string): number => (pattern.includes('@') ? 2 : pattern.startsWith('*.') ? 1 : 0)

const setWords = (set: PatternSet, wordOf: (pattern: string) => string, word: 'and' | 'or' = 'or'): string =>
  list(
    [...set]
      .sort((a, b) => order(a.pattern) - order(b.pattern))
      .map(({ pattern, except }) =>
        except.length === 0 ? wordOf(pattern) : `${wordOf(pattern)} except ${exceptWords(except)}`,
      ),
    word,
  )

/** Domains stand alone here, and before single mailboxes: `anybody except a.example, below b.example and x@c.example`. */
function exceptWords(patterns: readonly string[]): string {
  const sorted = [...patterns].sort((a, b) => order(a) - order(b))
  return list(sorted.map(shortWords), 'and')
}

const shortWords = (pattern: string): string =>
  /^\*\.[^@]+$/.test(pattern)
    ? `domains under ${pattern.slice(2)}`
    : mailboxWords(pattern).replace(/^anybody at (?!a domain)/, '')

/** `*.b` covers any depth below b and never b itself; that is what "under" says. */
function mailboxWords(pattern: string): string {
  if (pattern === '*') return 'anybody'
  if (pattern.endsWith('@*')) return `${pattern.slice(0, -2)} at any domain`
  const at = pattern.lastIndexOf('@')
  if (at >= 0 && pattern.startsWith('*.', at + 1))
    return `${pattern.slice(0, at)} at a domain under ${pattern.slice(at + 3)}`
  if (at >= 0 || pattern === '<>') return pattern
  return pattern.startsWith('*.') ? `anybody at a domain under ${pattern.slice(2)}` : `anybody at ${pattern}`
}

type Sizes = NonNullable<Box['sizes']>[number]
function sizeWords({ overBytes, upToBytes }: Sizes): string {
  if (overBytes === null && upToBytes === null) return 'any size'
  if (overBytes === null) return `at most ${octets(upToBytes!)}`
  if (upToBytes === null) return `more than ${octets(overBytes)}`
  return `more than ${octets(overBytes)} and at most ${octets(upToBytes)}`
}

/** `20 MiB` where that is exact. */
function octets(bytes: number): string {
  if (bytes < 1024) return `${bytes} octets`
  const unit = (
    [
      [1024 ** 3, 'GiB'],
      [1024 ** 2, 'MiB'],
      [1024, 'KiB'],
    ] as const
  ).find(([size]) => bytes % size === 0)
  if (unit !== undefined) return `${bytes / unit[0]} ${unit[1]}`
  return `${bytesText(bytes)} (${bytes.toLocaleString('en-US')} octets)`
}

function hopWords({ over, upTo }: NonNullable<Box['hops']>[number]): string {
  if (over === null && upTo === null) return 'any number of Received lines'
  if (over === null) return `at most ${upTo} Received lines`
  if (upTo === null) return `more than ${over} Received lines`
  return `${over + 1} to ${upTo} Received lines`
}

const oracleWords = (oracles: Box['oracles']): string =>
  Object.entries(oracles)
    .map(([oracle, outcomes]) => `${oracle} says ${list(outcomes, 'or')}`)
    .join(' and ')
