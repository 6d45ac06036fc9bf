import type { Demand } from '../../analysis/suite-case.ts'
import { readHost } from '../../config/validate-host.ts'
import { type Stage, stages } from '../../graph/graph.ts'
import { mailboxKey } from '../../graph/pattern.ts'
import { parseMailbox } from '../../mail/path.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'
import type { TlsLevel } from '../../mail/settings.ts'

/** A demand as the surfaces give it: a word and its values. */
export type Words = readonly [word: string, ...values: string[]]

/** `relay partner tls=verify` as words: of a word that takes one, the next is its value; `key=a,b` has several. */
export function wordsOf(text: string): Words[] {
  const found: Words[] = []
  const parts = text.split(/\s+/).filter((part) => part !== '')
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at]!
    const [, key, values] = /^([a-z]+)=(.*)$/.exec(part) ?? []
    const next = parts[at + 1]
    if (key !== undefined) found.push([key, ...splitAt(key, values!)])
    else if (takesValue.has(part) && next !== undefined && !isWord(next)) {
      found.push([part, ...splitAt(part, next)])
      at++
    } else found.push([part])
  }
  return found
}

/** A path in the document may hold commas. */
const splitAt = (key: string, values: string): string[] => (key === 'by' ? [values] : values.split(','))

/** Both forms are common: what a person tells mailgw to do, and what was done. */
const spelling = new Map([
  ['accept', 'accepted'],
  ['reject', 'rejected'],
  ['defer', 'deferred'],
  ['deliver', 'delivered'],
  ['hold', 'held'],
  ['discard', 'discarded'],
])
const takesValue = new Set([
  'reject',
  'rejected',
  'defer',
  'deferred',
  'relay',
  'hosts',
  'deliver',
  'delivered',
  'tagged',
])
const outcomes = ['accepted', 'rejected', 'deferred', 'relay', 'hosts', 'mx', 'delivered', 'held', 'discarded'] as const
const details = ['tls', 'to', 'by', 'stage', 'tagged'] as const
export const demandWords: readonly string[] = [...outcomes, ...details]
const isWord = (text: string): boolean =>
  spelling.has(text) || demandWords.includes(text) || /^(?:tls|to|by|stage|tagged)=/.test(text)

/** All demands of one case, or what is wrong with the first one that is. */
export function readDemands(all: readonly Words[]): Result<readonly Demand[]> {
  if (all.length === 0) return wrong('nothing is expected of this message')
  const demands: Demand[] = []
  for (const words of all) {
    const demand = readDemand(words)
    if (!demand.ok) return demand
    demands.push(demand.value)
  }
  const ends = demands.filter(({ kind }) => (outcomes as readonly string[]).includes(kind))
  const [first, second] = ends
  if (first !== undefined && second !== undefined) return wrong(`a message is either ${first.kind} or ${second.kind}`)
  const refused = first?.kind === 'rejected' || first?.kind === 'deferred'
  const other = (kind: Demand['kind']) => demands.some((demand) => demand.kind === kind)
  if (refused && (other('tls') || other('to'))) return wrong(`what is ${first.kind} goes nowhere: leave out tls and to`)
  if (refused && other('tagged')) return wrong(`what is ${first.kind} gets no mark: leave out tagged`)
  if (!refused && first !== undefined && other('stage')) return wrong('stage is the one that refuses: leave it out')
  if (first !== undefined && ['delivered', 'held', 'discarded'].includes(first.kind) && other('tls')) {
    return wrong(`what is ${first.kind} takes no connection: leave out tls`)
  }
  return ok(demands)
}

function readDemand([written, ...values]: Words): Result<Demand> {
  const word = spelling.get(written) ?? written
  const [value] = values
  const one = <T>(use: (value: string) => Result<T>, example: string): Result<T> =>
    values.length === 1 && value !== ''
      ? use(value!)
      : wrong(`expected ${example}, got ${[written, ...values].join(' ')}`)
  switch (word) {
    case 'accepted':
    case 'mx':
    case 'held':
    case 'discarded':
      return values.length === 0 ? ok({ kind: word }) : wrong(`${word} takes no value, got ${values.join(' ')}`)
    case 'rejected':
    case 'deferred': {
      const least = word === 'rejected' ? 500 : 400
      if (values.length === 0) return ok({ kind: word, code: null })
      const code = Number(value)
      if (values.length > 1 || !Number.isInteger(code) || code < least || code >= least + 100) {
        return wrong(`expected ${word} with a code from ${least} to ${least + 99}, got ${values.join(' ')}`)
      }
      return ok({ kind: word, code })
    }
    case 'relay':
      return one((relay) => ok({ kind: 'relay', relay }), 'relay and its name')
    case 'hosts':
      return readHosts(values)
    case 'delivered':
      if (values.length === 0) return ok({ kind: 'delivered', dir: null })
      return one((dir) => ok({ kind: 'delivered', dir }), 'delivered and a folder')
    case 'tls':
      return one((level) => readLevel(level), 'tls=verify')
    case 'to':
      return readMailboxes(values)
    case 'by':
      return one((at) => ok({ kind: 'by', at }), 'by=deny[0]')
    case 'stage':
      return one((stage) => readStage(stage), 'stage=rcpt')
    case 'tagged':
      return one((tag) => ok({ kind: 'tagged', tag }), 'tagged=suspect')
    default:
      return wrong(`expected one of ${demandWords.join(', ')}, got ${JSON.stringify(written)}`)
  }
}

function readHosts(values: readonly string[]): Result<Demand> {
  const hosts = []
  for (const text of values) {
    const reading = readHost(text, 25)
    if (!reading.ok) return wrong(reading.error)
    hosts.push(reading.value)
  }
  return hosts.length === 0 ? wrong('expected hosts such as bart:26, got none') : ok({ kind: 'hosts', hosts })
}

function readMailboxes(values: readonly string[]): Result<Demand> {
  const mailboxes = new Set<string>()
  for (const text of values) {
    const mailbox = parseMailbox(text)
    if (!mailbox.ok) return mailbox
    mailboxes.add(mailboxKey(mailbox.value))
  }
  return mailboxes.size === 0
    ? wrong('expected to=ann@a.example')
    : ok({ kind: 'to', mailboxes: [...mailboxes].sort() })
}

function readLevel(text: string): Result<Demand> {
  const level = (['off', 'may', 'encrypt', 'verify'] as const).find((one): one is TlsLevel => one === text)
  return level === undefined
    ? wrong(`expected tls=off, may, encrypt or verify, got ${text}`)
    : ok({ kind: 'tls', level })
}

function readStage(text: string): Result<Demand> {
  const stage = stages.find((one): one is Stage => one === text)
  return stage === undefined ? wrong(`expected a stage such as rcpt, got ${text}`) : ok({ kind: 'stage', stage })
}
