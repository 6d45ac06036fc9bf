import { parseDuration } from '../mail/duration.ts'
import type { HostPort } from '../mail/settings.ts'
import { parseSize } from '../mail/size.ts'
import type { Code } from './codes.ts'
import { type Reading, readAddressPattern } from './patterns.ts'
import { type DocPath, pathText } from './positions.ts'
import { readHost } from './validate-host.ts'
import { readNetwork } from './validate-network.ts'
import type { Report, Spot } from './validate-report.ts'
import { type Item, items } from './validate-rows.ts'

/** What every section reads with: the report, and readers that tell what is wrong and give `null`. */
export function take<T>(report: Report, code: Code, spot: Spot, reading: Reading<T>): T | null {
  if (reading.ok) return reading.value
  report.error(code, spot, reading.error, { hint: reading.hint })
  return null
}

export const valueSpot = (path: DocPath): Spot => ({ kind: 'value', path })

/** A time in ms; `null` (told) when it is none or shorter than `leastMs`. */
export function durationAt(report: Report, text: string, spot: Spot, leastMs = 1000): number | null {
  const parsed = parseDuration(text)
  if (!parsed.ok) {
    report.error('MG1307', spot, parsed.error)
    return null
  }
  if (parsed.value >= leastMs) return parsed.value
  report.error('MG1208', spot, `expected at least ${leastMs / 1000}s, got ${JSON.stringify(text)}`)
  return null
}

export function sizeAt(report: Report, text: string, spot: Spot): number | null {
  const parsed = parseSize(text)
  if (!parsed.ok) {
    report.error('MG1308', spot, parsed.error)
    return null
  }
  if (parsed.value > 0) return parsed.value
  report.error('MG1208', spot, `expected more than nothing, got ${JSON.stringify(text)}`)
  return null
}

export type Placed<T> = { readonly value: T; readonly spot: Spot }

/** The values of a list that can be read, each once; a repeated one is an error with both places. */
export function listOf<T>(
  report: Report,
  list: readonly Item[],
  code: Code,
  read: (text: string) => Reading<T> & { readonly code?: Code },
  keyOf: (value: T) => string,
): Placed<T>[] {
  const found = new Map<string, Placed<T>>()
  for (const { text, spot } of list) {
    const reading = read(text)
    const value = take(report, (!reading.ok && reading.code) || code, spot, reading)
    if (value === null) continue
    const first = found.get(keyOf(value))
    if (first === undefined) found.set(keyOf(value), { value, spot })
    else twice(report, spot, text, first.spot)
  }
  return [...found.values()]
}

export const twice = (report: Report, spot: Spot, text: string, first: Spot): void =>
  report.error('MG1401', spot, `expected it once, got ${JSON.stringify(text)} again`, {
    related: [{ message: 'first here', spot: first }],
  })

const itself = (text: string) => text

export const networksAt = (report: Report, value: unknown, path: DocPath): Placed<string>[] =>
  listOf(report, items(report, value, path, 'network'), 'MG1304', readNetwork, itself)

export const addressPatternsAt = (
  report: Report,
  value: unknown,
  path: DocPath,
  column: 'sender' | 'recipient',
): Placed<string>[] => listOf(report, items(report, value, path, column), 'MG1302', readAddressPattern, itself)

export const hostsAt = (report: Report, value: unknown, path: DocPath, port: number): Placed<HostPort>[] =>
  listOf(
    report,
    items(report, value, path, 'host'),
    'MG1305',
    (text) => readHost(text, port),
    ({ host, port }) => `${host} ${port}`,
  )

const nameForm = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/

/** Names of listeners, relays, clients and rules stand in logs, metrics and command lines. */
export function nameAt(report: Report, name: string, spot: Spot): boolean {
  if (nameForm.test(name)) return true
  report.error(
    'MG1313',
    spot,
    `expected a name of letters, digits, "-" and "_", at most 63, got ${JSON.stringify(name)}`,
  )
  return false
}

export const values = <T>(placed: readonly Placed<T>[]): T[] => placed.map(({ value }) => value)
export const atOf = (path: DocPath): string => pathText(path)
