import { basename } from 'node:path'
import type { Case, Demand } from '../../analysis/suite-case.ts'
import type { Code } from '../../config/codes.ts'
import type { Diagnostic } from '../../config/diagnostic.ts'
import type { DocPath } from '../../config/positions.ts'
import type { Source } from '../../config/source.ts'
import { didYouMean } from '../../config/suggest.ts'
import { findings, type Report, shown, sorted } from '../../config/validate-report.ts'
import type { Described } from '../../graph/explanation.ts'
import type { Graph, Outcome } from '../../graph/graph.ts'
import { oracleName } from '../../graph/oracle.ts'
import { elementsOf } from '../../graph/sources.ts'
import { type IpAddress, parseIp } from '../../mail/ip.ts'
import { parseFingerprint, parseHelo, parseLogin } from '../../mail/line-facts.ts'
import { type Mailbox, parseMailbox } from '../../mail/path.ts'
import type { Result } from '../../mail/result.ts'
import { parseSize } from '../../mail/size.ts'
import { demandWords, readDemands, type Words, wordsOf } from './read-demands.ts'

/** What tests may name of the graph that they are about. */
export type Known = {
  readonly listeners: readonly string[]
  /** Listeners whose lines are all encrypted. */
  readonly implicitTls: ReadonlySet<string>
  readonly relays: readonly string[]
  readonly oracles: readonly string[]
  readonly elements: () => readonly string[]
}

export function knownOf(graph: Graph): Known {
  const { listeners, relays } = graph.control
  const oracles = graph.nodes.flatMap((node) => (node.kind === 'oracle' ? [oracleName(node.oracle)] : []))
  let elements: readonly string[] | null = null
  return {
    listeners: listeners.map(({ name }) => name),
    implicitTls: new Set(listeners.filter(({ tls }) => tls?.mode === 'implicit').map(({ name }) => name)),
    relays: relays.map(({ name }) => name),
    oracles: [...new Set(oracles)].sort(),
    elements: () => (elements ??= elementsOf(graph)),
  }
}

/** A claim about a whole box, which is proved and not tried. It is read by whoever proves (`prove-claims.ts`). */
export type WrittenClaim = {
  readonly suite: string
  readonly path: DocPath
  readonly box: unknown
  /** `never`, `always` or `onlyVia`, with what it is about. */
  readonly claim: readonly (readonly [string, unknown])[]
  /** Where below `path` one of these stands. */
  readonly claimPath: (key: string) => DocPath
}

export type Read = {
  readonly cases: readonly Case[]
  readonly claims: readonly WrittenClaim[]
  readonly diagnostics: readonly Diagnostic[]
}

/** A row of a table of tests, whatever its surface. `path` leads to it. */
type Row = {
  readonly suite: string
  readonly path: DocPath
  readonly name: unknown
  readonly message: Readonly<Record<string, unknown>>
  readonly messagePath: DocPath
  readonly assume: unknown
  readonly assumePath: DocPath
  readonly expect: unknown
  readonly expectPath: DocPath
}

/** The cases of a file of tests, in its order, with everything that is wrong with them. */
export function readCases({ file, value, positions }: Source, known: Known): Read {
  const { report, diagnostics } = findings(positions)
  const claims: WrittenClaim[] = []
  const rows = rowsOf(value, basename(file), report, claims)
  if (rows.length === 0 && claims.length === 0 && diagnostics.length === 0) {
    report.error('MG1801', { kind: 'value', path: [] }, 'the file holds no test', {
      hint: "write suite('name', (t) => { t.expect(msg({ ... })).relay('isp') }), or rows with `expect`",
    })
  }
  const cases = rows.flatMap((row) => {
    const message = readMessage(row, report, known)
    const assume = readAnswers(row, report, known)
    const demands = readExpected(row, report, known)
    if (message === null || assume === null || demands === null) return []
    if (
      message.recipient === null &&
      demands.some(({ kind }) => !['accepted', 'rejected', 'deferred', 'by', 'stage', 'tagged'].includes(kind))
    ) {
      report.error(
        'MG1202',
        { kind: 'value', path: row.path },
        'expected a recipient (`to`): without one no mail goes anywhere',
      )
      return []
    }
    const name = typeof row.name === 'string' ? row.name : null
    return [{ suite: row.suite, name, place: positions.value(row.path), message, assume, demands }]
  })
  return { cases, claims, diagnostics: sorted(diagnostics) }
}

const messageKeys = ['listener', 'client', 'tls', 'login', 'certificate', 'helo', 'from', 'to', 'size', 'hops']
const rowKeys = ['name', ...messageKeys, 'assume', 'expect']

function rowsOf(value: unknown, file: string, report: Report, claims: WrittenClaim[]): Row[] {
  const wrong = (code: Code, path: DocPath, message: string, hint: string | null = null): never[] => {
    report.error(code, { kind: 'value', path }, message, { hint })
    return []
  }
  const listAt = (list: unknown, suite: string, path: DocPath): Row[] => {
    if (!Array.isArray(list)) return wrong('MG1201', path, `expected a list of tests, got ${shown(list)}`)
    return list.flatMap((item, i) => rowAt(item, suite, [...path, i]))
  }
  const rowAt = (item: unknown, suite: string, path: DocPath): Row[] => {
    if (!isRecord(item)) return wrong('MG1201', path, `expected a test, got ${shown(item)}`)
    if ('all' in item) {
      claims.push(claimAt(item, suite, path))
      return []
    }
    // As the TypeScript surface writes it: message and answers apart.
    if (isRecord(item['message']) && 'answers' in item) {
      const { message, answers, expect } = item as { message: Row['message']; answers: unknown; expect: unknown }
      const parts = { assume: answers, assumePath: [...path, 'answers'], expect, expectPath: path }
      return checkKeys(message, messageKeys, [...path, 'message'], report)
        ? [{ suite, path, name: null, message, messagePath: [...path, 'message'], ...parts }]
        : []
    }
    if (!checkKeys(item, rowKeys, path, report)) return []
    const { name, assume, expect } = item
    if (expect === undefined) return wrong('MG1202', path, 'expected `expect`, such as `expect: relay isp`')
    const parts = { assume, assumePath: [...path, 'assume'], expect, expectPath: [...path, 'expect'] }
    return [{ suite, path, name, message: item, messagePath: path, ...parts }]
  }
  if (isRecord(value)) return Object.entries(value).flatMap(([suite, list]) => listAt(list, suite, [suite]))
  if (!Array.isArray(value)) return wrong('MG1201', [], `expected a list of tests, got ${shown(value)}`)
  return value.flatMap((item, i) =>
    isRecord(item) && Array.isArray(item['cases']) && typeof item['suite'] === 'string'
      ? listAt(item['cases'], item['suite'], [i, 'cases'])
      : rowAt(item, file, [i]),
  )
}

/** The TypeScript surface collects what was called; a row of a table has keys. */
function claimAt(item: Readonly<Record<string, unknown>>, suite: string, path: DocPath): WrittenClaim {
  const { all: box, claim: called, ...keys } = item
  const isCalled = Array.isArray(called) && Object.keys(keys).length === 0
  const claim = isCalled
    ? (called as [string, unknown][])
    : Object.entries(called === undefined ? keys : { claim: called, ...keys })
  return { suite, path, box, claim, claimPath: (key) => (isCalled ? [] : [key]) }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function checkKeys(value: Readonly<Record<string, unknown>>, keys: readonly string[], path: DocPath, report: Report) {
  const unknown = Object.keys(value).filter((key) => !keys.includes(key))
  for (const key of unknown) {
    const hint = didYouMean(key, keys) ?? `known: ${keys.join(', ')}`
    report.error('MG1203', { kind: 'key', path: [...path, key] }, 'unknown key', { hint })
  }
  return unknown.length === 0
}

function readMessage({ message, messagePath }: Row, report: Report, known: Known): Described | null {
  let sound = true
  const at = <T>(key: string, code: Code, otherwise: T, read: (text: string) => Result<T>): T => {
    const value = message[key]
    if (value === undefined) return otherwise
    const result: Result<T> =
      typeof value === 'string' ? read(value) : { ok: false, error: `expected a text, got ${shown(value)}` }
    if (result.ok) return result.value
    report.error(
      typeof value === 'string' ? code : 'MG1201',
      { kind: 'value', path: [...messagePath, key] },
      result.error,
    )
    sound = false
    return otherwise
  }
  const listener = at('listener', 'MG1403', known.listeners[0] ?? '', (name) =>
    declared('listener', name, known.listeners),
  )
  const client = at('client', 'MG1304', '127.0.0.1' as IpAddress, parseIp)
  const sender = at<Mailbox | null | undefined>('from', 'MG1303', undefined, (text) =>
    text === '<>' || text === '' ? { ok: true, value: null } : parseMailbox(text),
  )
  const recipient = at<Mailbox | null>('to', 'MG1303', null, parseMailbox)
  const sizeBytes = at<number | null>('size', 'MG1308', null, parseSize)
  const hops = message['hops'] ?? null
  if (hops !== null && (typeof hops !== 'number' || !Number.isInteger(hops) || hops < 0 || hops > 1000)) {
    const path = [...messagePath, 'hops']
    report.error('MG1208', { kind: 'value', path }, `expected a whole number from 0 to 1000, got ${shown(hops)}`)
    return null
  }
  const certificate = at<string | null>('certificate', 'MG1331', null, parseFingerprint)
  const login = at<string | null>('login', 'MG1330', null, parseLogin)
  const helo = at<string | null>('helo', 'MG1201', null, parseHelo)
  const tls = message['tls'] ?? (certificate !== null || known.implicitTls.has(listener))
  if (typeof tls !== 'boolean') {
    const path = [...messagePath, 'tls']
    report.error('MG1201', { kind: 'value', path }, `expected true or false, got ${shown(tls)}`)
    return null
  }
  return sound ? { listener, client, tls, login, certificate, helo, sender, recipient, sizeBytes, hops } : null
}

function declared(what: string, name: string, names: readonly string[]): Result<string> {
  if (names.includes(name)) return { ok: true, value: name }
  const hint =
    didYouMean(name, names) ?? (names.length === 0 ? 'there is none' : `declared: ${names.slice(0, 12).join(', ')}`)
  return { ok: false, error: `no ${what} is called ${JSON.stringify(name)}; ${hint}` }
}

const outcomes: readonly Outcome[] = ['listed', 'clear', 'error']

function readAnswers({ assume, assumePath }: Row, report: Report, known: Known): ReadonlyMap<string, Outcome> | null {
  const answers = new Map<string, Outcome>()
  if (assume === undefined) return answers
  if (!isRecord(assume)) {
    const message = `expected answers such as { "dnsbl.zen": "listed" }, got ${shown(assume)}`
    report.error('MG1201', { kind: 'value', path: assumePath }, message)
    return null
  }
  let sound = true
  for (const [oracle, said] of Object.entries(assume)) {
    const path = [...assumePath, oracle]
    const outcome = outcomes.find((one) => one === said)
    if (!known.oracles.includes(oracle)) {
      const all = known.oracles.length === 0 ? 'the document asks none' : `it asks ${known.oracles.join(', ')}`
      const hint = didYouMean(oracle, known.oracles) ?? all
      report.error('MG1802', { kind: 'key', path }, `the document asks no oracle called ${JSON.stringify(oracle)}`, {
        hint,
      })
      sound = false
    } else if (outcome === undefined) {
      report.error('MG1204', { kind: 'value', path }, `expected listed, clear or error, got ${shown(said)}`)
      sound = false
    } else answers.set(oracle, outcome)
  }
  return sound ? answers : null
}

function readExpected({ expect, expectPath, path }: Row, report: Report, known: Known): readonly Demand[] | null {
  const words = typeof expect === 'string' ? wordsOf(expect) : writtenWords(expect)
  const spot = { kind: 'value', path: words === null ? expectPath : path } as const
  if (words === null) {
    report.error('MG1803', spot, `expected what comes of it, such as "relay isp", got ${shown(expect)}`)
    return null
  }
  const demands = readDemands(words)
  const place = { kind: 'value', path: expectPath } as const
  if (!demands.ok) {
    const hint =
      words
        .map(([word]) => didYouMean(word, demandWords))
        .find((one) => one !== null && !demands.error.startsWith('a message')) ?? null
    report.error('MG1803', place, demands.error, { hint: demands.error.includes('expected one of') ? hint : null })
    return null
  }
  for (const demand of demands.value) {
    if (demand.kind === 'relay') {
      const found = declared('relay', demand.relay, known.relays)
      if (!found.ok) report.error('MG1402', place, found.error)
      if (!found.ok) return null
    }
    if (demand.kind === 'by' && !known.elements().includes(demand.at)) {
      const hint = didYouMean(demand.at, known.elements())
      report.error('MG1803', place, `nothing in the document that decides is called ${JSON.stringify(demand.at)}`, {
        hint,
      })
      return null
    }
  }
  return demands.value
}

/** As the TypeScript surface collects them. */
function writtenWords(expect: unknown): Words[] | null {
  if (!Array.isArray(expect)) return null
  const all = expect.map((one: unknown) => (Array.isArray(one) ? (one.map(String) as unknown as Words) : null))
  return all.every((one) => one !== null && one.length > 0) ? (all as Words[]) : null
}
