import { parseDuration } from '../mail/duration.ts'
import { parseSize } from '../mail/size.ts'
import { defaults } from './defaults.ts'
import type { Client } from './define.ts'
import type { RateEntry } from './document.ts'
import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { atOf, twice } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items } from './validate-rows.ts'

type Of = RateEntry['of']

/** The rates of a client, in the order in which they are asked. */
export function rates(report: Report, { rates: written }: Client, path: DocPath): RateEntry[] {
  if (written === undefined) return []
  const by = written.by ?? defaults.client.by
  const list: RateEntry[] = []
  for (const of of ['messages', 'recipients', 'bytes'] as const) {
    const value = written[of]
    if (value === undefined) continue
    const at = atOf([...path, of])
    const windows = new Map<number, Spot>()
    report.place(at, { kind: 'key', path: [...path, of] })
    for (const { text, spot } of items(report, value, [...path, of], 'rate')) {
      const reading = readRate(text, of)
      if (!reading.ok) {
        report.error('MG1332', spot, reading.error, { hint: reading.hint })
        continue
      }
      const { most, perMs } = reading.value
      const first = windows.get(perMs)
      // Two numbers for one time: only the smaller could ever decide.
      if (first !== undefined) twice(report, spot, text, first)
      windows.set(perMs, spot)
      list.push({ at, of, most, perMs, by })
    }
  }
  if (list.length === 0 && Object.keys(written).every((key) => key === 'by')) {
    report.error('MG1205', { kind: 'key', path }, 'expected messages, recipients or bytes, got none of them')
  }
  return list
}

/** Counters are kept for at most this long; a longer time would not survive what a gateway remembers. */
const longestMs = 7 * 86_400_000

/** `30/1m`, `50MiB/1h`: how much within any such time. */
export function readRate(text: string, of: Of): Reading<{ readonly most: number; readonly perMs: number }> {
  const expected = of === 'bytes' ? "a size and a time, such as '50MiB/1h'" : "a number and a time, such as '30/1m'"
  const [much = '', time = '', ...rest] = text.split('/')
  const perMs = parseDuration(/^[smhd]$/.test(time) ? `1${time}` : time)
  if (rest.length > 0 || !(perMs.ok || /^\d+[smhd]$/.test(time))) return unread(expected, text, unitHint(much, time))
  if (!perMs.ok || perMs.value < 1000 || perMs.value > longestMs) return unread('a time from 1s to 7d', text)
  if (of === 'bytes') {
    const size = parseSize(much)
    return size.ok && size.value > 0 ? read({ most: size.value, perMs: perMs.value }) : unread(expected, text)
  }
  const most = /^[1-9]\d{0,8}$/.test(much) ? Number(much) : null
  return most === null ? unread(expected, text) : read({ most, perMs: perMs.value })
}

const units = new Map([
  ...['sec', 'second', 'seconds'].map((word) => [word, '1s'] as const),
  ...['min', 'minute', 'minutes'].map((word) => [word, '1m'] as const),
  ...['hour', 'hours'].map((word) => [word, '1h'] as const),
  ...['day', 'days'].map((word) => [word, '1d'] as const),
])

function unitHint(much: string, time: string): string | null {
  const unit = units.get(time)
  return unit === undefined ? null : `did you mean "${much}/${unit}"?`
}
