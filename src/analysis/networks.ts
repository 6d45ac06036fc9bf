import { type IpAddress, ipBytes, ipFromBytes, parseIp } from '../mail/ip.ts'
import type { CanonTable } from './canon.ts'
import { bordersOf, type Family, orderOf } from './family.ts'
import { makeStates, type StateId, type States } from './states.ts'

/** Address blocks of a dimension, IPv4 and IPv6 each in its own half, with an address of each cell. */
export type Networks = Family & { readonly states: States; readonly witness: (cell: number) => IpAddress }

type Range = { readonly pattern: string; readonly is4: boolean; readonly start: bigint; readonly end: bigint }

/** No message comes from there: an address in it is the IPv4 one that it maps (`parseIp`). */
const mapped = '::ffff:0:0/96'

/** Addresses for documentation (RFC 5737, RFC 3849): a person sees that a witness with one of them stands for any. */
const preferred = ['203.0.113.9', '198.51.100.9', '192.0.2.9', '2001:db8::9']

export function networksOf(tables: readonly CanonTable[]): Networks {
  const states = makeStates(tables.map(({ otherwise }) => otherwise))
  const changes = new Map<string, number>(['0.0.0.0/0', '::/0', mapped].map((pattern) => [pattern, states.noChanges]))
  for (const [table, { rows, labels }] of tables.entries()) {
    for (let i = 0; i < labels.length; i++) {
      const pattern = rows[i]![0]
      changes.set(pattern, states.also(changes.get(pattern) ?? states.noChanges, table, labels[i]!))
    }
  }
  // Preorder: a block stands before all that lie in it.
  const ranges = [...changes.keys()].map(rangeOf).sort(inOrder)
  const parent = new Int32Array(ranges.length)
  const state = new Int32Array(ranges.length)
  const next = ranges.map(({ start }) => start)
  const gaps: ({ lo: bigint; hi: bigint } | null)[] = ranges.map(() => null)
  const open: number[] = []
  for (const [cell, range] of ranges.entries()) {
    while (open.length > 0 && !holds(ranges[open.at(-1)!]!, range)) open.pop()
    const around = open.at(-1) ?? -1
    parent[cell] = around
    const before: StateId = around < 0 ? states.root : state[around]!
    state[cell] = states.after(before, changes.get(range.pattern)!)
    if (around >= 0) {
      if (gaps[around] === null && range.start > next[around]!)
        gaps[around] = { lo: next[around]!, hi: range.start - 1n }
      next[around] = range.end + 1n
    }
    open.push(cell)
  }
  for (const [cell, { end }] of ranges.entries())
    if (gaps[cell] === null && next[cell]! <= end) gaps[cell] = { lo: next[cell]!, hi: end }

  const chosen = new Map<number, IpAddress>()
  for (const text of preferred) {
    const address = parseIp(text)
    if (address.ok) {
      const cell = cellOf(address.value)
      if (!chosen.has(cell)) chosen.set(cell, address.value)
    }
  }
  const patterns = ranges.map(({ pattern }) => pattern)
  const isEmpty = (cell: number) => gaps[cell] === null || patterns[cell] === mapped
  const family = { patterns, parent, order: orderOf(parent), state, isEmpty }
  return {
    ...family,
    borders: bordersOf(family),
    states,
    witness(cell) {
      const gap = gaps[cell]
      if (gap === null || gap === undefined) throw new Error(`nothing is left of ${patterns[cell]}`)
      return chosen.get(cell) ?? addressAt(inside(gap), ranges[cell]!.is4)
    },
  }

  function cellOf(address: IpAddress): number {
    const at = numberOf(ipBytes(address))
    const is4 = !address.includes(':')
    let best = -1
    for (const [cell, range] of ranges.entries())
      if (range.is4 === is4 && range.start <= at && at <= range.end) best = cell
    return best
  }
}

/** Not the first address of a block, where there is another: that one names the network and no host. */
const inside = ({ lo, hi }: { lo: bigint; hi: bigint }): bigint => (lo + 9n <= hi ? lo + 9n : lo < hi ? lo + 1n : lo)

function rangeOf(pattern: string): Range {
  const slash = pattern.indexOf('/')
  const is4 = !pattern.includes(':')
  const start = is4
    ? BigInt(number4(pattern, slash))
    : numberOf(pattern === mapped ? mappedBytes : ipBytes(pattern.slice(0, slash) as IpAddress))
  const size = 1n << BigInt((is4 ? 32 : 128) - Number(pattern.slice(slash + 1)))
  return { pattern, is4, start, end: start + size - 1n }
}

/** An address in its canonical form, up to `end`. */
function number4(text: string, end: number): number {
  let number = 0
  let byte = 0
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x2e) {
      number = number * 256 + byte
      byte = 0
    } else byte = byte * 10 + code - 0x30
  }
  return number * 256 + byte
}

const mappedBytes = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0)

function inOrder(a: Range, b: Range): number {
  if (a.is4 !== b.is4) return a.is4 ? -1 : 1
  if (a.start !== b.start) return a.start < b.start ? -1 : 1
  return a.end > b.end ? -1 : a.end < b.end ? 1 : 0
}

const holds = (outer: Range, inner: Range): boolean =>
  outer.is4 === inner.is4 && outer.start <= inner.start && inner.end <= outer.end

function numberOf(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

function addressAt(value: bigint, is4: boolean): IpAddress {
  const bytes = new Uint8Array(is4 ? 4 : 16)
  let rest = value
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n)
    rest >>= 8n
  }
  return ipFromBytes(bytes)
}
