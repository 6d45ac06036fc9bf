import type { RateOracle } from '../graph/graph.ts'
import type { OracleFacts } from '../ingress/inquiry.ts'
import { clientBlock } from '../mail/client-block.ts'

/** Counters by key, as they are kept over a restart. */
export type RateRecord = { readonly key: string; readonly perMs: number; readonly slots: readonly number[] }

/** A window is told in so many parts; what happened in one part leaves the window together. */
const parts = 60

/**
 * Counts over windows that slide. Never more than `most` is let in within any time `perMs`; what leaves the window may
 * do so a sixtieth of it late. Counters go by the names of clients and not by graphs: an apply changes the limit and not
 * what was counted.
 *
 * Of so many keys at most: beyond that the one that was quiet longest is forgotten. Whoever has that many addresses (an
 * IPv6 /64 is one) has as many times the limit anyway; nobody fills our memory.
 */
export class Rates {
  private readonly counters = new Map<string, Counter>()
  private readonly maxKeys: number
  /** Something was counted since this was last set to false. */
  changed = false
  /** The latest answer was the first no after a yes: worth a line in the log, which the next thousand are not. */
  isNews = false

  constructor(maxKeys = 100_000) {
    this.maxKeys = maxKeys
  }

  get size(): number {
    return this.counters.size
  }

  /** True when it is over the limit, and then it is not counted: whoever waits gets in again. With `peek` nothing is. */
  isOver(oracle: RateOracle, facts: OracleFacts, now: number, peek: boolean): boolean {
    const { most, perMs } = oracle
    const amount = oracle.of === 'bytes' ? (facts.sizeBytes ?? 0) : 1
    const key = keyOf(oracle, facts)
    const counter = this.counters.get(key) ?? { perMs, slots: [], isOver: false }
    const slot = Math.floor(now / (perMs / parts))
    trim(counter.slots, slot)
    if (total(counter.slots) + amount > most) {
      this.isNews = !counter.isOver && !peek
      if (!peek) counter.isOver = true
      return true
    }
    if (peek) return false
    counter.isOver = false
    add(counter.slots, slot, amount)
    this.changed = true
    // Again at the end: the first one is the one that was quiet longest.
    this.counters.delete(key)
    this.counters.set(key, counter)
    if (this.counters.size > this.maxKeys) this.counters.delete(this.counters.keys().next().value as string)
    return false
  }

  /** Those whose window is at least `leastMs` long, the quietest first. */
  *records(leastMs: number): Generator<RateRecord> {
    for (const [key, { perMs, slots }] of this.counters) if (perMs >= leastMs) yield { key, perMs, slots }
  }

  /** Puts back what was kept. */
  restore(records: Iterable<RateRecord>): void {
    for (const { key, perMs, slots } of records) {
      if (this.counters.size >= this.maxKeys) return
      this.counters.set(key, { perMs, slots: [...slots], isOver: false })
    }
  }

  /** Forgets the counters in whose window nothing is left. */
  sweep(now: number): void {
    for (const [key, { perMs, slots }] of this.counters) {
      trim(slots, Math.floor(now / (perMs / parts)))
      if (slots.length === 0) this.counters.delete(key)
    }
  }
}

/** `slots` are pairs: number of the part, amount; oldest first. */
type Counter = { readonly perMs: number; readonly slots: number[]; isOver: boolean }

function trim(slots: number[], now: number): void {
  // A clock that was set back would keep what lies ahead of it for ever.
  if (slots.length > 0 && slots.at(-2)! > now) slots.length = 0
  let gone = 0
  while (gone < slots.length && slots[gone]! < now - parts) gone += 2
  if (gone > 0) slots.splice(0, gone)
}

function total(slots: readonly number[]): number {
  let sum = 0
  for (let i = 1; i < slots.length; i += 2) sum += slots[i]!
  return sum
}

function add(slots: number[], slot: number, amount: number): void {
  if (slots.at(-2) === slot) slots[slots.length - 1]! += amount
  else slots.push(slot, amount)
}

function keyOf({ id, of, perMs, by }: RateOracle, { client, login, certificate }: OracleFacts): string {
  switch (by) {
    case 'entry':
      return `${id} ${of}/${perMs}`
    case 'address':
      return `${id} ${of}/${perMs} ${clientBlock(client)}`
    case 'login':
      return `${id} ${of}/${perMs} ${login ?? certificate ?? clientBlock(client)}`
  }
}
