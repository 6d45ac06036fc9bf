import { type IpAddress, ipBytes } from '../mail/ip.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import { assertNever } from '../mail/result.ts'
import { candidateRows } from './candidate-rows.ts'
import { graphHash } from './canonical.ts'
import { type Evaluator, type Facts, type NoteAt, noNotes, type Winner } from './evaluator.ts'
import {
  type Choice,
  type Compare,
  edgesOf,
  type Graph,
  isLeaf,
  type Leaf,
  type Node,
  type Oracle,
  type Outcome,
  type Stage,
  type Table,
} from './graph.ts'
import { certificateRank, heloRank, loginRank } from './name-rank.ts'
import { blockOf, contains } from './network.ts'
import { oracleName } from './oracle.ts'
import { foldLocalPart, isSearchable, mailboxKey } from './pattern.ts'
import { noSources, type Place, placeFinder, type Sources } from './sources.ts'

/** One node that a walk came through: what it compared, with what, and the edge it took. */
export type Step = {
  readonly node: number
  readonly kind: 'choice' | 'table' | 'compare' | 'oracle' | 'note' | 'leaf'
  /** What is compared or asked: `listener`, `recipient`, `size`, `dnsbl`; `observe`, `tag`; of a leaf its kind. */
  readonly on: string
  /** Who asks, or what the taken row is called; `''` when nothing in the document says. */
  readonly at: string
  readonly place: Place | null
  /** The fact that was compared, `null` when it is not known; of a note what it says. */
  readonly compared: string | null
  /** The row, case or outcome taken; `null` for otherwise. */
  readonly took: string | null
}

/** The plain evaluator can tell how it came to its latest answer. */
export type Interpreter = Evaluator & { steps(): readonly Step[] }

/**
 * The plain evaluator: slow, obvious, and the specification. Each table is read row by row (of large ones the rows that
 * could match); the run-time form is held equal to this by a property test.
 */
export function interpreter(graph: Graph, sources: Sources = noSources, hash = graphHash(graph)): Interpreter {
  const placeOf = placeFinder(sources)
  let steps: Step[] = []
  let winner = ''
  let notes: NoteAt[] | null = null
  const placed = (at: string): Winner => ({ at, ...(placeOf(at) ?? { file: null, line: 0, column: 0 }) })

  const note = (step: Omit<Step, 'place'>) => steps.push({ ...step, place: step.at === '' ? null : placeOf(step.at) })
  const walk = (from: number, facts: Facts): number => {
    let id = from
    for (;;) {
      const node = graph.nodes[id]!
      switch (node.kind) {
        case 'choice':
        case 'table':
        case 'compare': {
          const answer = ask(node, facts)
          note({ node: id, kind: node.kind, on: node.on, at: answer.at || (node.at ?? ''), ...answer.seen })
          if (answer.at !== '') winner = answer.at
          id = answer.to
          break
        }
        case 'oracle':
          return ~id
        case 'note': {
          const { note: kind, at, code, status, text } = node
          notes = [...(notes ?? []), { note: kind, code, status, text, ...placed(at) }]
          note({ node: id, kind: 'note', on: kind, at, compared: noteText(node), took: null })
          id = node.to
          break
        }
        default:
          if (node.at !== null) winner = node.at
          note({ node: id, kind: 'leaf', on: node.kind, at: winner, compared: null, took: null })
          return id
      }
    }
  }

  return {
    hash,
    control: graph.control,
    routesBySender: routesBySender(graph),
    start(stage: Stage, facts: Facts) {
      steps = []
      winner = ''
      notes = null
      return walk(graph.entry[stage], facts)
    },
    resume(number: number, outcome: Outcome, facts: Facts) {
      const node = oracleNode(graph.nodes[number])
      steps = []
      notes = null
      const { kind } = node.oracle
      const name = oracleName(node.oracle).slice(kind.length + 1)
      note({ node: number, kind: 'oracle', on: kind, at: node.at, compared: name, took: outcome })
      winner = node.at
      return walk(node.outcomes[outcome], facts)
    },
    leaf: (number) => leafNode(graph.nodes[number]),
    oracle: (number): Oracle => oracleNode(graph.nodes[number]).oracle,
    winner: (): Winner => placed(winner),
    notes: () => notes ?? noNotes,
    steps: () => steps,
  }
}

function routesBySender({ nodes, entry }: Graph): boolean {
  const seen = new Set([entry.route])
  for (const id of seen) {
    const node = nodes[id]!
    if (node.kind === 'table' && node.on === 'sender') return true
    for (const to of edgesOf(node)) seen.add(to)
  }
  return false
}

type Answer = { to: number; at: string; seen: { compared: string | null; took: string | null } }

function ask(node: Choice | Table | Compare, facts: Facts): Answer {
  switch (node.kind) {
    case 'choice': {
      const fact = node.on === 'listener' ? facts.listener : facts.tls ? 'tls' : null
      const found = node.cases.find(([name]) => name === fact)
      return {
        to: found === undefined ? node.otherwise : found[1],
        at: '',
        seen: { compared: node.on === 'tls' ? (fact ?? 'none') : fact, took: found?.[0] ?? null },
      }
    }
    case 'compare': {
      const fact = node.on === 'size' ? facts.sizeBytes : facts.hops
      const over = fact !== null && fact > node.value
      return {
        to: over ? node.over : node.within,
        at: '',
        seen: { compared: fact === null ? null : String(fact), took: over ? `over ${node.value}` : null },
      }
    }
    case 'table': {
      const row = bestRow(node, facts)
      return {
        to: row === null ? node.otherwise : row[1],
        at: row === null ? '' : row[2],
        seen: { compared: compared(node.on, facts), took: row === null ? null : row[0] },
      }
    }
    default:
      return assertNever(node)
  }
}

/** The most specific of the rows that match, or `null`. */
function bestRow(table: Table, facts: Facts): Table['rows'][number] | null {
  let best: Table['rows'][number] | null = null
  let bestRank = -1
  for (const row of candidateRows(table, facts)) {
    const rank = rankOf(table.on, row[0], facts)
    if (rank > bestRank) {
      best = row
      bestRank = rank
    }
  }
  return best
}

/** How specific a match is; -1: none. */
function rankOf(on: Table['on'], pattern: string, facts: Facts): number {
  switch (on) {
    case 'client':
      return addressRank(pattern, facts.client)
    case 'destination':
      return facts.destination === null ? -1 : addressRank(pattern, facts.destination)
    case 'sender':
      return facts.sender === undefined ? -1 : pathRank(pattern, facts.sender)
    case 'recipient':
      return facts.recipient === null ? -1 : pathRank(pattern, facts.recipient)
    case 'local-part':
      return facts.recipient !== null && foldLocalPart(facts.recipient.localPart) === pattern ? 0 : -1
    case 'login':
      return facts.login === null ? -1 : loginRank(pattern, facts.login)
    case 'certificate':
      return facts.certificate === null ? -1 : certificateRank(pattern, facts.certificate)
    case 'helo':
      return facts.helo === null ? -1 : heloRank(pattern, facts.helo)
    default:
      return assertNever(on)
  }
}

function addressRank(network: string, address: IpAddress): number {
  const block = blockOf(network)
  return contains(block, ipBytes(address)) ? block.bits : -1
}

/** `*` 0, `*.suffix` its length, the domain 1000, the mailbox 1001: no suffix is longer than 255. */
function pathRank(pattern: string, path: Exclude<ReversePath, undefined>): number {
  if (path === null) return pattern === '<>' ? 1001 : -1
  if (pattern === '<>') return -1
  if (pattern === '*') return 0
  if (!isSearchable(path.domain)) return -1
  // First, as a local part may begin with `*.` too.
  if (pattern.includes('@')) return pattern === mailboxKey(path) ? 1001 : -1
  if (pattern.startsWith('*.')) return path.domain.endsWith(pattern.slice(1)) ? pattern.length : -1
  return pattern === path.domain ? 1000 : -1
}

function compared(on: Table['on'], facts: Facts): string | null {
  switch (on) {
    case 'client':
      return facts.client
    case 'destination':
      return facts.destination
    case 'sender':
      return facts.sender === undefined ? null : pathText(facts.sender)
    case 'recipient':
      return facts.recipient === null ? null : facts.recipient.text
    case 'local-part':
      return facts.recipient === null ? null : facts.recipient.localPart
    case 'login':
    case 'certificate':
    case 'helo':
      return facts[on]
    default:
      return assertNever(on)
  }
}

/** What a note says, for people. */
export function noteText({ note, code, status, text }: Pick<NoteAt, 'note' | 'code' | 'status' | 'text'>): string {
  switch (note) {
    case 'tag':
      return `tagged ${text}`
    case 'rewrite':
      return `addresses rewritten by ${text}`
    case 'journal':
      return `copied to the journal ${text.slice(text.indexOf(':') + 1)} (${text.slice(0, text.indexOf(':'))})`
    case 'hints':
      return `may be steered by fields of its header: ${text}`
    case 'observe':
      return `would be refused ${code} ${status} ${text}`
    default:
      return assertNever(note)
  }
}

/** As in MAIL FROM: `<>` for the null reverse-path. */
export const pathText = (path: Mailbox | null): string => (path === null ? '<>' : path.text)

function oracleNode(node: Node | undefined): Extract<Node, { kind: 'oracle' }> {
  if (node?.kind !== 'oracle') throw new Error('not the number of an oracle')
  return node
}

function leafNode(node: Node | undefined): Leaf {
  if (node === undefined || !isLeaf(node)) throw new Error('not the number of a leaf')
  return node
}
