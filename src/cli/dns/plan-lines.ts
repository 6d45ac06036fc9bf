import { oneLine } from '../text.ts'
import type { DnsPlan } from './dns-plan.ts'
import { type PlannedRecord, states } from './planned.ts'

/** Anybody may write what stands in the DNS, and at any length. */
const maxText = 600
const widest = Math.max(...states.map((state) => state.length))

/** Each record with what is there now, then the files, for a person. */
export function dnsPlanText({ records, files, assumed }: DnsPlan): string {
  const counts = states.map(
    (state) => [state, [...records, ...files].filter((one) => one.state === state).length] as const,
  )
  const sum = counts.filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`)
  return [
    ...records.flatMap(recordLines),
    ...files.flatMap(({ url, state, text, why }) => [
      `${state.padEnd(widest)}  ${url} (${why})`,
      ...text
        .trimEnd()
        .split(/\r?\n/)
        .map((line) => `  ${line}`),
    ]),
    ...assumed.map((text) => `assumed: ${text}`),
    sum.length > 0 ? sum.join(', ') : 'the document has no domain of its own',
    '',
  ]
    .map(short)
    .join('\n')
}

function recordLines({ name, type, state, wanted, published, why }: PlannedRecord): string[] {
  const head = `${state.padEnd(widest)}  ${name} ${type}: ${why}`
  if (state === 'published') return [head]
  return [
    head,
    ...wanted.map((value) => `  wanted     ${value}`),
    ...(published ?? []).map((value) => `  published  ${value}`),
    ...(published?.length === 0 ? ['  published  nothing'] : []),
  ]
}

/**
 * The records as a zone file: what is to be done stands as records, what may be done and what is there already as
 * comments. TTLs are the zone's.
 */
export function dnsPlanZone({ records, files, assumed }: DnsPlan): string {
  return [
    ...records.flatMap((record) => [
      `; ${record.state}: ${record.why}`,
      ...record.wanted.map(
        (value) => `${isLive(record) ? '' : '; '}${record.name}. IN ${record.type} ${rdata(record, value)}`,
      ),
    ]),
    ...files.flatMap(({ url, state, text }) => [
      `; ${state}: ${url}`,
      ...text
        .trimEnd()
        .split(/\r?\n/)
        .map((line) => `;   ${line}`),
    ]),
    ...assumed.map((text) => `; assumed: ${text}`),
    '',
  ]
    .map(short)
    .join('\n')
}

/** What somebody else has to put into a zone of his is none of ours. */
const isLive = ({ state }: PlannedRecord): boolean => state === 'add' || state === 'change'

/** Texts in strings of at most 255 octets (RFC 1035 §3.3). */
function rdata({ type }: PlannedRecord, value: string): string {
  if (type !== 'TXT') return value
  const parts = value.match(/[\s\S]{1,250}/g) ?? ['']
  return parts.map((part) => `"${part.replace(/[\\"]/g, '\\$&')}"`).join(' ')
}

function short(text: string): string {
  const line = oneLine(text)
  return line.length > maxText ? `${line.slice(0, maxText)}...` : line
}
