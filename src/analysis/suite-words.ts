import { lineOptions, lineText, lineWords } from '../graph/message-text.ts'
import { assertNever } from '../mail/result.ts'
import type { HostPort } from '../mail/settings.ts'
import type { Case, Decider, Demand, Ending, Fate, Way } from './suite-case.ts'

/** Demands, fates and places in the words that test files and reports use. */

export const hostText = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** As in the `expect` of a table: `relay partner`, `rejected 550`, `tls=verify`. */
export function demandText(demand: Demand): string {
  switch (demand.kind) {
    case 'accepted':
    case 'mx':
    case 'held':
    case 'discarded':
      return demand.kind
    case 'rejected':
    case 'deferred':
      return demand.code === null ? demand.kind : `${demand.kind} ${demand.code}`
    case 'relay':
      return `relay ${demand.relay}`
    case 'hosts':
      return `hosts ${demand.hosts.map(hostText).join(',')}`
    case 'delivered':
      return demand.dir === null ? 'delivered' : `delivered ${demand.dir}`
    case 'tls':
      return `tls=${demand.level}`
    case 'to':
      return `to=${demand.mailboxes.join(',')}`
    case 'by':
      return `by=${demand.at}`
    case 'stage':
      return `stage=${demand.stage}`
    case 'tagged':
      return `tagged=${demand.tag}`
    default:
      return assertNever(demand)
  }
}

export const demandsText = (demands: readonly Demand[]): string => demands.map(demandText).join(' ')

export function wayText(way: Way): string {
  switch (way.kind) {
    case 'relay':
      return `relay ${way.relay} tls=${way.tls}`
    case 'hosts':
      return `hosts ${way.hosts.map(hostText).join(',')}`
    case 'mx':
      return `mx tls=${way.tls}`
    case 'maildir':
      return `delivered ${way.dir}`
    case 'hold':
      return `held: ${way.reason}`
    case 'discard':
      return 'discarded'
    default:
      return assertNever(way)
  }
}

/** What came, in a line: `rejected 550 5.7.1 relaying denied at rcpt`, `relay isp tls=may to=a@b.example tagged=odd`. */
export function fateText(fate: Fate): string {
  if (fate.kind === 'refused') {
    const status = fate.status === null ? '' : ` ${fate.status}`
    return `${fate.code < 500 ? 'deferred' : 'rejected'} ${fate.code}${status} ${fate.text} at ${fate.stage}`
  }
  const marks = (fate.tags ?? []).map((tag) => ` tagged=${tag}`).join('')
  if (fate.finals.length === 0) return `accepted so far${marks}; the rest is not described`
  const ways = new Map<string, string[]>()
  for (const { key, way } of fate.finals) {
    const text = wayText(way)
    ways.set(text, [...(ways.get(text) ?? []), key])
  }
  return [...ways].map(([text, keys]) => `${text} to=${brief(keys)}`).join('; ') + marks
}

const brief = (keys: readonly string[]): string =>
  keys.length > 5 ? `${keys.slice(0, 5).join(',')} and ${keys.length - 5} more` : keys.join(',')

/** The element that decided an ending as a whole: the last that has a name, of routes the first mailbox's. */
export function deciderOf({ fate, deciders }: Ending): Decider | null {
  if (fate.kind === 'refused') return deciders.at(-1) ?? null
  return deciders.find(({ stage }) => stage === 'route') ?? deciders.findLast(({ at }) => at !== '') ?? null
}

export const deciderText = ({ at, file, line, column }: Decider): string =>
  file === null ? at || 'nothing that the document says' : `${at} at ${file}:${line}:${column}`

/** A case by its message: `203.0.113.9 at mx, a@b.test to c@gmail.example`. */
export function caseText({ name, message, assume }: Case): string {
  if (name !== null) return name
  const { client, listener, sender, recipient, sizeBytes, hops } = message
  const from = sender === undefined ? '' : sender === null ? '<> ' : `${sender.text} `
  const to = recipient === null ? '' : `to ${recipient.text}`
  const size = sizeBytes === null ? '' : `, ${sizeBytes} octets`
  const hop = hops === null ? '' : `, ${hops} hops`
  const answers = [...assume].map(([oracle, outcome]) => `, ${oracle}=${outcome}`).join('')
  return `${client} at ${listener}${lineWords(lineText(message))}, ${from}${to}${size}${hop}${answers}`
}

/** The command that tells the whole of it. */
export function explainLine(
  { message, assume }: Pick<Case, 'message' | 'assume'>,
  options: readonly string[] = [],
): string {
  const { client, listener, sender, recipient, sizeBytes } = message
  const words = ['mailgw', 'explain', ...options, '--listener', listener, '--client', client]
  words.push(...lineOptions(message))
  if (sender !== undefined) words.push('--from', sender === null ? '<>' : sender.text)
  if (recipient !== null) words.push('--to', recipient.text)
  if (sizeBytes !== null) words.push('--size', `${sizeBytes}B`)
  if (assume.size > 0) words.push('--assume', ...[...assume].map(([oracle, outcome]) => `${oracle}=${outcome}`))
  return words.map(quoted).join(' ')
}

/** For a shell. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
