import { type Evaluator, type Facts, type NoteAt, noNotes, type Winner } from './evaluator.ts'
import type { Flat } from './flat.ts'
import { flatAddresses } from './flat-addresses.ts'
import { flatHelo } from './flat-helo.ts'
import { header, nodeKinds, nodeWords } from './flat-layout.ts'
import { flatMailboxes } from './flat-mailboxes.ts'
import { flatNames } from './flat-names.ts'
import { readBlob, readText } from './flat-writer.ts'
import { type Leaf, type Oracle, type Stage, stages } from './graph.ts'

const nothing: Winner = Object.freeze({ at: '', file: null, line: 0, column: 0 })

/**
 * Answers from the run-time form. A walk allocates nothing: it reads words and characters in place, and parses a client's
 * address or a mailbox's domain once for as long as the same one is asked about. Leaves are read when first asked for.
 */
export function flatEvaluator({ hash, control, buffer }: Flat): Evaluator {
  const words = new Int32Array(buffer)
  const octets = Buffer.from(buffer)
  const nodes = words[header.nodes]!
  const listeners = new Map<string, number>()
  for (let i = 0; i < words[header.listenerCount]!; i++) {
    listeners.set(readText(words, octets, words[words[header.listeners]! + i]!), i)
  }
  const files = Array.from({ length: words[header.fileCount]! }, (_, i) =>
    readText(words, octets, words[words[header.files]! + i]!),
  )
  const entry = Object.fromEntries(stages.map((stage, i) => [stage, words[header.entry + i]!])) as Record<Stage, number>
  const leaves = new Map<number, Leaf>()
  const oracles = new Map<number, Oracle>()
  const noted = new Map<number, Omit<NoteAt, keyof Winner>>()
  let names: string | null = null

  const senders = flatMailboxes(words)
  const recipients = flatMailboxes(words)
  const clients = flatAddresses(words)
  const destinations = flatAddresses(words)
  const logins = flatNames(words)
  const certificates = flatNames(words)
  const helos = flatHelo(words)
  let listener = ''
  let listenerNumber = -1
  let place = -1
  /** Of the latest walk; `null` on the way of nearly all mail. */
  let notes: NoteAt[] | null = null

  function walk(from: number, facts: Facts): number {
    let id = from
    for (;;) {
      const node = nodes + id * nodeWords
      switch (words[node]) {
        case nodeKinds.leaf: {
          const own = words[node + 2]!
          if (own >= 0) place = own
          return id
        }
        case nodeKinds.choice:
          if (facts.listener !== listener) {
            listener = facts.listener
            listenerNumber = listeners.get(listener) ?? -1
          }
          id = listenerNumber < 0 ? words[node + 2]! : words[words[node + 1]! + listenerNumber]!
          break
        case nodeKinds.recipient: {
          const row = facts.recipient === null ? -1 : recipients.find(words[node + 1]!, facts.recipient)
          id = row < 0 ? words[node + 2]! : taken(row)
          break
        }
        case nodeKinds.sender: {
          const { sender } = facts
          const row =
            sender === undefined
              ? -1
              : sender === null
                ? senders.findNull(words[node + 1]!)
                : senders.find(words[node + 1]!, sender)
          id = row < 0 ? words[node + 2]! : taken(row)
          break
        }
        case nodeKinds.localPart: {
          const row = facts.recipient === null ? -1 : recipients.findLocalPart(words[node + 1]!, facts.recipient)
          id = row < 0 ? words[node + 2]! : taken(row)
          break
        }
        case nodeKinds.client: {
          const row = clients.find(words[node + 1]!, facts.client)
          id = row < 0 ? words[node + 2]! : taken(row)
          break
        }
        case nodeKinds.destination: {
          const row = facts.destination === null ? -1 : destinations.find(words[node + 1]!, facts.destination)
          id = row < 0 ? words[node + 2]! : taken(row)
          break
        }
        case nodeKinds.size:
          id = isOver(node, facts.sizeBytes) ? words[node + 3]! : words[node + 4]!
          break
        case nodeKinds.hops:
          id = isOver(node, facts.hops) ? words[node + 3]! : words[node + 4]!
          break
        case nodeKinds.oracle:
          return ~id
        case nodeKinds.tls:
          id = words[node + (facts.tls ? 1 : 2)]!
          break
        case nodeKinds.login: {
          const row = facts.login === null ? -1 : logins.find(words[node + 1]!, facts.login)
          id = row < 0 ? words[node + 2]! : taken(row)
          break
        }
        case nodeKinds.certificate: {
          const row = facts.certificate === null ? -1 : certificates.find(words[node + 1]!, facts.certificate)
          id = row < 0 ? words[node + 2]! : taken(row)
          break
        }
        case nodeKinds.helo: {
          const row = facts.helo === null ? -1 : helos.find(words[node + 1]!, facts.helo)
          id = row < 0 ? words[node + 2]! : taken(row)
          break
        }
        case nodeKinds.note:
          passed(id)
          id = words[node + 3]!
          break
        default:
          throw new Error(`not a node: ${words[node]}`)
      }
    }
  }

  /** The row is a pair [to, place]. */
  function taken(row: number): number {
    const own = words[row + 1]!
    if (own >= 0) place = own
    return words[row]!
  }

  function isOver(node: number, fact: number | null): boolean {
    return fact !== null && fact > words[node + 1]! * 0x1_0000_0000 + (words[node + 2]! >>> 0)
  }

  function passed(id: number): void {
    const said = read<Omit<NoteAt, keyof Winner>>(noted, id, nodeKinds.note)
    notes ??= []
    notes.push({ ...said, ...placed(words[nodes + id * nodeWords + 2]!) })
  }

  /** A slice of the one string of names is not a copy: with a copy, most of a decision's time would be this. */
  function placed(place: number): Winner {
    if (place < 0) return nothing
    names ??= octets.toString('latin1', words[header.names]! * 4, words[header.names]! * 4 + words[header.nameLength]!)
    const file = words[place]!
    const first = words[place + 3]!
    const last = words[place + 4]!
    return {
      at: first < 0 ? readText(words, octets, last) : names.slice(first, last),
      file: file < 0 ? null : files[file]!,
      line: words[place + 1]!,
      column: words[place + 2]!,
    }
  }

  return {
    hash,
    control,
    routesBySender: routesBySender(),
    start(stage, facts) {
      place = -1
      notes = null
      return walk(entry[stage], facts)
    },
    resume(number, outcome, facts) {
      const node = nodes + number * nodeWords
      if (words[node] !== nodeKinds.oracle) throw new Error('not the number of an oracle')
      place = words[node + 2]!
      notes = null
      const edge = outcome === 'listed' ? 3 : outcome === 'clear' ? 4 : 5
      return walk(words[node + edge]!, facts)
    },
    leaf(number) {
      return read(leaves, number, nodeKinds.leaf)
    },
    oracle(number) {
      return read(oracles, number, nodeKinds.oracle)
    },
    winner: () => placed(place),
    notes: () => notes ?? noNotes,
  }

  /** All that the route stage reaches stands behind its entry; tables of senders of other stages before it (`builder.ts`). */
  function routesBySender(): boolean {
    for (let id = entry.route; id < words[header.nodeCount]!; id++) {
      if (words[nodes + id * nodeWords] === nodeKinds.sender) return true
    }
    return false
  }

  function read<T>(known: Map<number, T>, number: number, kind: number): T {
    let value = known.get(number)
    if (value === undefined) {
      const node = nodes + number * nodeWords
      if (words[node] !== kind) throw new Error('not the number of such a node')
      value = JSON.parse(readBlob(words, octets, words[node + 1]!)) as T
      known.set(number, value)
    }
    return value
  }
}
