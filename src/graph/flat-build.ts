import type { Bundle } from './bundle.ts'
import { canonicalJson } from './canonical.ts'
import { checksum, header, headerWords, high, layoutVersion, low, magic, nodeKinds, nodeWords } from './flat-layout.ts'
import { writeAddressTable, writeLocalPartTable, writeMailboxTable, writeNameTable } from './flat-tables.ts'
import { type WordWriter, wordWriter } from './flat-writer.ts'
import { type Node, stages, type Table } from './graph.ts'
import { placeFinder } from './sources.ts'

/** The run-time form of a bundle that was read, in memory that threads share. Slow work: done in a worker. */
export function flatten({ graph, hash, sources, meta }: Bundle): SharedArrayBuffer {
  const out = wordWriter()
  out.reserve(headerWords)
  out.set(header.magic, magic)
  out.set(header.version, layoutVersion)

  const files = sources.files.map((file) => out.text(file))
  out.set(header.files, out.push(...files))
  out.set(header.fileCount, files.length)
  const { placeOf, writeNames } = placeWriter(out, sources)

  const listeners = graph.control.listeners.map(({ name }) => name)
  const names = new Set(listeners)
  for (const node of graph.nodes)
    if (node.kind === 'choice' && node.on === 'listener') for (const [name] of node.cases) names.add(name)
  const numbers = new Map([...names].map((name, number) => [name, number]))
  const nameTexts = [...names].map((name) => out.text(name))
  out.set(header.listeners, out.push(...nameTexts))
  out.set(header.listenerCount, names.size)

  const nodes = out.reserve(graph.nodes.length * nodeWords)
  out.set(header.nodes, nodes)
  out.set(header.nodeCount, graph.nodes.length)
  for (const [id, node] of graph.nodes.entries()) {
    for (const [i, word] of nodeRecord(out, node, placeOf, numbers).entries()) out.set(nodes + id * nodeWords + i, word)
  }
  for (const [i, stage] of stages.entries()) out.set(header.entry + i, graph.entry[stage])
  out.set(header.control, out.blob(canonicalJson(graph.control)))
  out.set(header.hash, out.text(hash))
  out.set(header.meta, out.blob(JSON.stringify(meta)))

  writeNames()

  out.set(header.words, out.length())
  const words = new Int32Array(new SharedArrayBuffer(out.length() * 4))
  words.set(out.words())
  words[header.checksum] = checksum(words)
  return words.buffer
}

/**
 * Gives the place of an `at`, written when it is first asked for: next to the row that names it, so that whoever has read
 * the row has its place in the cache.
 */
function placeWriter(out: WordWriter, sources: Bundle['sources']) {
  const known = new Map<string, number>()
  const placeFor = placeFinder(sources)
  const numbers = new Map(sources.files.map((file, number) => [file, number]))
  const names: string[] = []
  let length = 0

  function placeOf(at: string): number {
    if (at === '') return -1
    let offset = known.get(at)
    if (offset === undefined) {
      const place = placeFor(at)
      const isLatin1 = !/[^\x00-\xff]/.test(at)
      const name = isLatin1 ? [length, length + at.length] : [-1, out.text(at)]
      if (isLatin1) {
        names.push(at)
        length += at.length
      }
      const [file, line, column] = place === null ? [-1, 0, 0] : [numbers.get(place.file)!, place.line, place.column]
      offset = out.push(file, line, column, ...name)
      known.set(at, offset)
    }
    return offset
  }
  function writeNames(): void {
    out.set(header.nameLength, length)
    out.set(header.names, out.text(names.join('')) + 1)
  }
  return { placeOf, writeNames }
}

function nodeRecord(
  out: WordWriter,
  node: Node,
  placeOf: (at: string) => number,
  listeners: ReadonlyMap<string, number>,
): readonly number[] {
  switch (node.kind) {
    case 'choice': {
      if (node.on === 'tls') return [nodeKinds.tls, node.cases[0]?.[1] ?? node.otherwise, node.otherwise]
      const edges = out.reserve(listeners.size, node.otherwise)
      for (const [name, to] of node.cases) out.set(edges + listeners.get(name)!, to)
      return [nodeKinds.choice, edges, node.otherwise]
    }
    case 'table':
      return [tableKind(node.on), writeTable(out, node, placeOf), node.otherwise]
    case 'compare':
      return [nodeKinds[node.on], high(node.value), low(node.value), node.over, node.within]
    case 'oracle': {
      const { listed, clear, error } = node.outcomes
      return [nodeKinds.oracle, out.blob(canonicalJson(node.oracle)), placeOf(node.at), listed, clear, error]
    }
    case 'note': {
      const { note, code, status, text } = node
      return [nodeKinds.note, out.blob(canonicalJson({ note, code, status, text })), placeOf(node.at), node.to]
    }
    default:
      return [nodeKinds.leaf, out.blob(canonicalJson(node)), node.at === null ? -1 : placeOf(node.at)]
  }
}

const tableKind = (on: Table['on']): number => (on === 'local-part' ? nodeKinds.localPart : nodeKinds[on])

function writeTable(out: WordWriter, { on, rows }: Table, placeOf: (at: string) => number): number {
  switch (on) {
    case 'sender':
    case 'recipient':
    case 'helo':
      return writeMailboxTable(out, rows, placeOf)
    case 'login':
    case 'certificate':
      return writeNameTable(out, rows, placeOf)
    case 'local-part':
      return writeLocalPartTable(out, rows, placeOf)
    default:
      return writeAddressTable(out, rows, placeOf)
  }
}
