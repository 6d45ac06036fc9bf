import type { Load } from './load.js'
import type { Sink, SinkCounts } from './sink.js'

export type Outcome = {
  readonly acknowledged: number
  readonly lost: number
  readonly firstLost: string | null
  readonly doubled: number
  readonly unknown: number
  readonly unknownDelivered: number
}
export function deliveries(file: string): Map<string, number>
export function compare(load: Load, counts: ReadonlyMap<string, number>): Outcome
export function settled(sink: Sink, expected: number, stillMs?: number): Promise<SinkCounts>
