import type { NextHopSettings } from '../mail/next-hop-settings.ts'
import { parseMailDomain } from '../mail/path.ts'
import type { RewriteRow, RewriteSettings } from '../mail/rewriting.ts'
import type { Client } from './define.ts'
import type { NextHopContent, Rewrite } from './define-copies.ts'
import type { RewriteEntry } from './document-copies.ts'
import { type Reading, read, readAddressPattern, readDomain, readMailbox, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { atOf, listOf, take, twice, valueSpot } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items, pairs } from './validate-rows.ts'

/** A rewriting at `path`, wherever it is written. `null`: told, or nothing is in it. */
export function rewriteAt(report: Report, written: Rewrite, path: DocPath): RewriteSettings | null {
  if (!report.sound(path)) return null
  const rows = (key: 'senders' | 'recipients' | 'addresses') => {
    const value = written[key]
    return value === undefined || !report.sound([...path, key]) ? {} : { [key]: rowsAt(report, value, [...path, key]) }
  }
  const except = exceptAt(report, written, path)
  const found: RewriteSettings = {
    ...rows('senders'),
    ...rows('recipients'),
    ...rows('addresses'),
    ...(except.length === 0 ? {} : { except }),
    ...(written.header === 'off' ? { header: 'off' as const } : {}),
  }
  if (found.senders !== undefined || found.recipients !== undefined || found.addresses !== undefined) return found
  if (['senders', 'recipients', 'addresses'].every((key) => written[key as keyof Rewrite] === undefined)) {
    report.error('MG1202', valueSpot(path), 'expected senders, recipients or addresses, got none of them')
  }
  return null
}

function rowsAt(report: Report, value: unknown, path: DocPath): readonly RewriteRow[] {
  const rows: RewriteRow[] = []
  const known = new Map<string, Spot>()
  for (const { key, value: to, keySpot, valueSpot } of pairs(report, value, path, ['address', 'to'])) {
    const pattern = take(report, 'MG1302', keySpot, notNull(readAddressPattern(key), key))
    const target = typeof to === 'string' ? take(report, 'MG1370', valueSpot, readTarget(to)) : null
    if (typeof to !== 'string') report.error('MG1370', valueSpot, 'expected a mailbox or a domain as text')
    if (pattern === null || target === null) continue
    const first = known.get(pattern)
    if (first !== undefined) {
      twice(report, keySpot, key, first)
      continue
    }
    known.set(pattern, keySpot)
    report.place(`${atOf(path)}[${JSON.stringify(pattern)}]`, keySpot)
    rows.push([pattern, target])
  }
  // In the order of a graph: an equal rewriting is an equal graph.
  return rows.sort(([a], [b]) => (a < b ? -1 : 1))
}

function exceptAt(report: Report, { except }: Rewrite, path: DocPath): string[] {
  if (except === undefined || !report.sound([...path, 'except'])) return []
  const list = items(report, except, [...path, 'except'], 'address')
  return listOf(
    report,
    list,
    'MG1302',
    (text) => notNull(readAddressPattern(text), text),
    (text) => text,
  )
    .map(({ value }) => value)
    .sort()
}

/** The null sender has no address that could be another. */
const notNull = (reading: Reading<string>, text: string): Reading<string> =>
  reading.ok && reading.value === '<>' ? unread('an address pattern', text, '<> stays what it is') : reading

function readTarget(text: string): Reading<string> {
  const expected = 'a mailbox or a domain'
  if (text.includes('@')) {
    const mailbox = readMailbox(text.startsWith('*@') ? `x${text.slice(1)}` : text)
    if (!mailbox.ok) return unread(expected, text)
    return read(text.startsWith('*@') ? mailbox.value.domain : mailbox.value.text)
  }
  const domain = readDomain(text)
  return domain.ok && parseMailDomain(domain.value).ok ? read(domain.value) : unread(expected, text)
}

/** What a client says of it: key and value for its entry, or nothing. */
export function clientRewriteAt(
  report: Report,
  { rewrite, internal }: Pick<Client, 'rewrite' | 'internal'>,
  client: DocPath,
): { readonly rewrite?: RewriteEntry | 'off' } {
  const path = [...client, 'rewrite']
  if (rewrite === undefined || !report.sound(path)) return {}
  if (rewrite === 'off') return { rewrite }
  if (internal !== true) {
    report.warning(
      'MG1471',
      { kind: 'key', path },
      'rewrites mail of a client that is not internal: signatures in it break',
      {
        hint: "header: 'off' leaves signatures whole; or say internal: true, where it is one of ours",
      },
    )
  }
  const found = rewriteAt(report, rewrite, path)
  return found === null ? {} : { rewrite: entryAt(report, found, path) }
}

/** The section `rewrite` of the document. */
export function rewriteOf(report: Report, section: unknown): RewriteEntry | null {
  const path = ['rewrite']
  if (section === undefined) return null
  const found = rewriteAt(report, section as Rewrite, path)
  return found === null ? null : entryAt(report, found, path)
}

function entryAt(report: Report, settings: RewriteSettings, path: DocPath): RewriteEntry {
  const at = atOf(path)
  report.place(at, { kind: 'key', path })
  return { at, ...settings }
}

/** What a relay or destination says of content and addresses. */
export function contentAt(
  report: Report,
  { rewrite, conversion }: NextHopContent,
  path: DocPath,
): Pick<NextHopSettings, 'rewrite' | 'conversion'> {
  const found = rewrite === undefined ? null : rewriteAt(report, rewrite, [...path, 'rewrite'])
  return {
    ...(found === null ? {} : { rewrite: found }),
    ...(conversion === 'refuse' ? { conversion } : {}),
  }
}
