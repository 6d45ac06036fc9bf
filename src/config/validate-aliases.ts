import type { Mailbox } from '../mail/path.ts'
import type { AliasRow } from './document.ts'
import { mailboxKey, readMailbox } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { atOf, listOf, take, twice } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { type Item, type Pair, pairs } from './validate-rows.ts'

export type PlacedAlias = AliasRow & {
  readonly keySpot: Spot
  readonly targets: readonly { readonly value: Mailbox; readonly spot: Spot }[]
}

/** Aliases by key of their mailbox. In a table, several targets are divided by commas. */
export function aliases(report: Report, section: unknown): Map<string, PlacedAlias> {
  const list = new Map<string, PlacedAlias>()
  for (const pair of pairs(report, section, ['aliases'], ['alias', 'to'])) {
    const alias = take(report, 'MG1303', pair.keySpot, readMailbox(pair.key))
    if (alias === null) continue
    const key = mailboxKey(alias)
    const first = list.get(key)
    if (first !== undefined) {
      twice(report, pair.keySpot, key, first.keySpot)
      continue
    }
    const at = atOf(['aliases', key])
    report.place(at, pair.keySpot)
    const targets = listOf(report, targetsOf(report, pair), 'MG1303', readMailbox, mailboxKey)
    list.set(key, { at, alias, to: targets.map(({ value }) => value), keySpot: pair.keySpot, targets })
  }
  return list
}

function targetsOf(report: Report, { value, valueSpot }: Pair): Item[] {
  const cell = valueSpot.kind === 'cell'
  if (typeof value === 'string') {
    const texts = cell ? value.split(',').map((text) => text.trim()) : [value]
    return texts.map((text) => ({ text, spot: valueSpot }))
  }
  const list = Array.isArray(value) ? value : []
  if (list.length === 0) report.error('MG1205', valueSpot, 'expected at least one mailbox, got none')
  return list.flatMap((text, i) => {
    const spot = element(valueSpot, i)
    if (typeof text === 'string') return [{ text, spot }]
    report.error('MG1303', spot, 'expected a mailbox as text')
    return []
  })
}

function element(spot: Spot, i: number): Spot {
  const path: DocPath = [...spot.path, i]
  return spot.kind === 'cell' ? { ...spot, path, part: [...spot.part, i] } : { kind: 'value', path }
}
