import { finish, hashText, join } from './flat-hash.ts'
import { addressTable, indexFrom, mailboxTable, nameTable, packedName, slotWord } from './flat-layout.ts'
import type { WordWriter } from './flat-writer.ts'
import type { Table } from './graph.ts'
import { parseBlock } from './network.ts'

/** Gives the place of an `at`, or -1 for none. */
export type PlaceOf = (at: string) => number
type Rows = Table['rows']

/** Writes an open-addressing table of `entries` ([hash, offset]); gives the offset of its slots and its mask, -1 when empty. */
function slots(
  out: WordWriter,
  entries: readonly (readonly [hash: number, entry: number])[],
): readonly [number, number] {
  if (entries.length === 0) return [-1, -1]
  let capacity = 2
  while (capacity < entries.length * 2) capacity *= 2
  out.align(capacity)
  const offset = out.reserve(capacity)
  const mask = capacity - 1
  for (const [hash, entry] of entries) {
    let slot = hash & mask
    while (out.get(offset + slot) !== 0) slot = (slot + 1) & mask
    out.set(offset + slot, slotWord(hash, entry))
  }
  return [offset, mask]
}

export function writeMailboxTable(out: WordWriter, rows: Rows, placeOf: PlaceOf): number {
  const table = out.reserve(mailboxTable.words, -1)
  const domains = new Map<string, number>()
  const mailboxes: (readonly [number, number])[] = []
  let minLabels = 0
  let maxLabels = 0
  for (const [pattern, to, at] of rows) {
    const sign = pattern.lastIndexOf('@')
    if (pattern === '*' || pattern === '<>') {
      out.set(table + (pattern === '*' ? mailboxTable.anyTo : mailboxTable.nullTo), to)
      out.set(table + (pattern === '*' ? mailboxTable.anyPlace : mailboxTable.nullPlace), placeOf(at))
    } else if (sign >= 0) {
      const entry = writeEntry(out, pattern, to, at, placeOf)
      mailboxes.push([join(hashText(pattern.slice(0, sign)), hashText(pattern.slice(sign + 1))), entry])
    } else {
      const suffix = pattern.startsWith('*.')
      const name = suffix ? pattern.slice(2) : pattern
      let entry = domains.get(name)
      if (entry === undefined) {
        const packed = packedName(name)
        out.alignEntry(5 + packed.length)
        entry = out.push(-1, -1, -1, -1, name.length, ...packed)
        domains.set(name, entry)
      }
      out.set(entry + (suffix ? 2 : 0), to)
      out.set(entry + (suffix ? 3 : 1), placeOf(at))
      if (suffix) {
        const labels = name.split('.').length
        minLabels = minLabels === 0 ? labels : Math.min(minLabels, labels)
        maxLabels = Math.max(maxLabels, labels)
      }
    }
  }
  const [domainSlots, domainMask] = slots(
    out,
    [...domains].map(([name, entry]) => [finish(hashText(name)), entry] as const),
  )
  const [mailboxSlots, mailboxMask] = slots(out, mailboxes)
  out.set(table + mailboxTable.domains, domainSlots)
  out.set(table + mailboxTable.domainMask, domainMask)
  out.set(table + mailboxTable.mailboxes, mailboxSlots)
  out.set(table + mailboxTable.mailboxMask, mailboxMask)
  out.set(table + mailboxTable.minLabels, minLabels)
  out.set(table + mailboxTable.maxLabels, maxLabels)
  return table
}

/** [slots, mask]; an entry is [to, place, text]. */
export function writeLocalPartTable(out: WordWriter, rows: Rows, placeOf: PlaceOf): number {
  const entries = rows.map(([localPart, to, at]) => {
    const entry = writeEntry(out, localPart, to, at, placeOf)
    return [finish(hashText(localPart)), entry] as const
  })
  const [offset, mask] = slots(out, entries)
  return out.push(offset, mask)
}

/** Logins or certificates: `nameTable`. */
export function writeNameTable(out: WordWriter, rows: Rows, placeOf: PlaceOf): number {
  const table = out.reserve(nameTable.words, -1)
  const names: (readonly [number, number])[] = []
  const domains: (readonly [number, number])[] = []
  for (const [pattern, to, at] of rows) {
    if (pattern === '*') {
      out.set(table + nameTable.anyTo, to)
      out.set(table + nameTable.anyPlace, placeOf(at))
    } else {
      const isDomain = pattern.startsWith('*@')
      const key = isDomain ? pattern.slice(2) : pattern
      const entry = writeEntry(out, key, to, at, placeOf)
      ;(isDomain ? domains : names).push([finish(hashText(key)), entry])
    }
  }
  const [nameSlots, nameMask] = slots(out, names)
  const [domainSlots, domainMask] = slots(out, domains)
  out.set(table + nameTable.names, nameSlots)
  out.set(table + nameTable.nameMask, nameMask)
  out.set(table + nameTable.domains, domainSlots)
  out.set(table + nameTable.domainMask, domainMask)
  return table
}

/** [to, place, text], and behind it the place, if nobody has written it before. */
function writeEntry(out: WordWriter, key: string, to: number, at: string, placeOf: PlaceOf): number {
  out.alignEntry(3 + Math.ceil(key.length / 4))
  const entry = out.push(to, -1)
  out.text(key)
  out.set(entry + 1, placeOf(at))
  return entry
}

type Prefix = { readonly start: bigint; readonly end: bigint; readonly to: number; readonly place: number }
type Range = { readonly start: bigint; readonly to: number; readonly place: number }

export function writeAddressTable(out: WordWriter, rows: Rows, placeOf: PlaceOf): number {
  const prefixes: Readonly<Record<4 | 16, Prefix[]>> = { 4: [], 16: [] }
  for (const [network, to, at] of rows) {
    const { bytes, bits } = parseBlock(network)!
    const start = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
    const end = start + (1n << BigInt(bytes.length * 8 - bits))
    prefixes[bytes.length as 4 | 16].push({ start, end, to, place: placeOf(at) })
  }
  const table = out.reserve(addressTable.words, -1)
  const four = disjoint(prefixes[4], 32n)
  const starts4 = four.map(({ start }) => Number(start))
  out.set(table + addressTable.count4, four.length)
  // With the highest bit turned over, signed words sort like addresses.
  out.set(table + addressTable.starts4, out.length())
  for (const start of starts4) out.push(start ^ 0x8000_0000)
  out.set(table + addressTable.rows4, writeRows(out, four))
  if (four.length >= indexFrom) out.set(table + addressTable.index4, writeIndex(out, starts4))

  const six = disjoint(prefixes[16], 128n)
  out.set(table + addressTable.count6, six.length)
  out.set(table + addressTable.starts6, out.length())
  for (const { start } of six) {
    for (const shift of [96n, 64n, 32n, 0n]) out.push(Number((start >> shift) & 0xffff_ffffn) ^ 0x8000_0000)
  }
  out.set(table + addressTable.rows6, writeRows(out, six))
  return table
}

function writeRows(out: WordWriter, ranges: readonly Range[]): number {
  const offset = out.length()
  for (const { to, place } of ranges) out.push(to, place)
  return offset
}

/** For each upper half of an address the last range that begins at or before its first address, and one more at the end. */
function writeIndex(out: WordWriter, starts: readonly number[]): number {
  const offset = out.reserve(65_537)
  let range = 0
  for (let half = 0; half < 65_536; half++) {
    while (range + 1 < starts.length && starts[range + 1]! <= half * 65_536) range++
    out.set(offset + half, range)
  }
  out.set(offset + 65_536, starts.length - 1)
  return offset
}

/**
 * Prefixes as ranges in order that cover all addresses, each with the row of the longest prefix there, or -1. Prefixes are
 * nested or disjoint, so those open at one address are a stack.
 */
function disjoint(prefixes: readonly Prefix[], bits: bigint): Range[] {
  if (prefixes.length === 0) return []
  const sorted = prefixes.toSorted((a, b) => compare(a.start, b.start) || compare(b.end, a.end))
  const ranges: Range[] = []
  const open: Prefix[] = []
  const begin = (start: bigint) => {
    const { to, place } = open.at(-1) ?? { to: -1, place: -1 }
    if (ranges.at(-1)?.start === start) ranges.pop()
    ranges.push({ start, to, place })
  }
  begin(0n)
  const closeUpTo = (address: bigint | null) => {
    for (let top = open.at(-1); top !== undefined && (address === null || top.end <= address); top = open.at(-1)) {
      open.pop()
      begin(top.end)
    }
  }
  for (const prefix of sorted) {
    closeUpTo(prefix.start)
    open.push(prefix)
    begin(prefix.start)
  }
  closeUpTo(null)
  return ranges.filter(({ start }) => start < 1n << bits)
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
