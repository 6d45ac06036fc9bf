import { createHash } from 'node:crypto'
import type { Graph } from './graph.ts'
import { byCodeUnits } from './pattern.ts'

/**
 * The one text of plain data: keys sorted by code units, no white space, NFC, integers only. Equal data, equal text.
 * Throws on what has no such text (a float, a function), as a bug.
 */
export const canonicalJson = (value: unknown): string => sortedJson(value).normalize('NFC')

/** The same before normalisation; differs from the canonical text exactly when some string is not in NFC. */
export function sortedJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      if (!Number.isSafeInteger(value)) throw new TypeError(`a graph holds whole numbers only, got ${value}`)
      return String(value === 0 ? 0 : value)
    case 'object':
      break
    default:
      throw new TypeError(`a graph holds plain data only, got ${typeof value}`)
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  const record = value as Record<string, unknown>
  const members: string[] = []
  for (const key of Object.keys(record).sort(byCodeUnits)) {
    if (record[key] !== undefined) members.push(`${JSON.stringify(key)}:${sortedJson(record[key])}`)
  }
  return `{${members.join(',')}}`
}

/** The name of a graph: `g1:` and the SHA-256 of its canonical text in base32 (RFC 4648 §6, lower case, no padding). */
export const graphHash = (graph: Graph): string => hashText(canonicalJson(graph))

export function hashText(canonical: string): string {
  return `g1:${base32(createHash('sha256').update(canonical, 'utf8').digest())}`
}

/** As `hashText` of all lines with a line feed between two, which are never put together as one text. */
export function lineHash(): { add(line: string): void; name(): string } {
  const hash = createHash('sha256')
  const lines: string[] = []
  let between = ''
  const flush = (): void => {
    hash.update(between + lines.join('\n'), 'utf8')
    between = '\n'
    lines.length = 0
  }
  return {
    add(line) {
      if (lines.push(line) === linesPerUpdate) flush()
    },
    name() {
      if (lines.length > 0) flush()
      return `g1:${base32(hash.digest())}`
    },
  }
}

const linesPerUpdate = 1000

export const isGraphHash = (text: string): boolean => /^g1:[a-z2-7]{52}$/.test(text)

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

function base32(bytes: Uint8Array): string {
  let text = ''
  let value = 0
  let bits = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += alphabet[(value >>> (bits - 5)) & 31]
    value &= (1 << bits) - 1
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text
}
