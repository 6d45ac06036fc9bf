import type { ArchiveFolder, ArchiveSettings } from '../mail/archive-settings.ts'
import { defaults } from './defaults.ts'
import type { Archive, Journal, Srs, ArchiveFolder as SurfaceFolder } from './define-copies.ts'
import type { Document, Relaying } from './document.ts'
import type { JournalEntry, SrsEntry } from './document-copies.ts'
import { type Reading, read, readDomain, readMailbox, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { recipientsAt } from './validate-clients.ts'
import { addressPatternsAt, atOf, durationAt, sizeAt, take, twice, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { rewriteOf } from './validate-rewrite.ts'
import { entries } from './validate-rows.ts'
import { checkSecret } from './validate-secret.ts'

/** The sections of the document, each key absent where it says nothing. */
export function copies(
  report: Report,
  get: (key: string) => unknown,
  ours: ReadonlyMap<string, unknown>,
): Pick<Document, 'rewrite' | 'srs' | 'journal' | 'archive'> {
  const rewriting = rewriteOf(report, get('rewrite'))
  const returns = srs(report, get('srs'), ours)
  const journals = journal(report, get('journal'))
  const folders = archive(report, get('archive'))
  return {
    ...(rewriting === null ? {} : { rewrite: rewriting }),
    ...(returns === null ? {} : { srs: returns }),
    ...(journals.length === 0 ? {} : { journal: journals }),
    ...(folders === null ? {} : { archive: folders }),
  }
}

const dayMs = 86_400_000
/** The day of an address is told in ten bits. */
const maxDays = 500

/** @param ours patterns of `domains` */
export function srs(report: Report, section: unknown, ours: ReadonlyMap<string, unknown>): SrsEntry | null {
  const path = ['srs']
  if (section === undefined || !report.sound(path)) return null
  const { domain, secret, validFor = defaults.srs.validFor, of = defaults.srs.of } = section as Srs
  const at = atOf(path)
  report.place(at, { kind: 'key', path })
  const spot = valueSpot([...path, 'domain'])
  const name = take(report, 'MG1318', spot, readDomain(domain))
  if (name !== null && !ours.has(name)) {
    report.error(
      'MG1470',
      spot,
      `expected one of \`domains\`, got ${JSON.stringify(domain)}: what returns would not come here`,
    )
  }
  const secrets = Array.isArray(secret)
    ? (secret as readonly { readonly $secret: string }[])
    : [secret as { readonly $secret: string }]
  if (secrets.length === 0) report.error('MG1205', valueSpot([...path, 'secret']), 'expected at least one, got none')
  for (const [i, one] of secrets.entries()) {
    const place = Array.isArray(secret) ? [...path, 'secret', i] : [...path, 'secret']
    checkSecret(report, one as Parameters<typeof checkSecret>[1], place)
  }
  const validMs = daysAt(report, validFor, valueSpot([...path, 'validFor']), dayMs)
  const validDays = Math.ceil((validMs ?? dayMs) / dayMs)
  if (validDays > maxDays) {
    report.error(
      'MG1208',
      valueSpot([...path, 'validFor']),
      `expected at most "${maxDays}d", got ${JSON.stringify(validFor)}`,
    )
  }
  if (name === null) return null
  return { at, domain: name, secrets: secrets.map(({ $secret }) => ({ $secret })), validDays, of }
}

/** Without strangers among the senders nobody answers to the addresses that are given out. */
export function checkReturns(report: Report, returns: SrsEntry | undefined, relaying: Relaying['kind']): void {
  if (returns === undefined || relaying === 'two-way' || relaying === 'open') return
  report.warning(
    'MG1472',
    { kind: 'key', path: ['srs'] },
    `gives out return addresses of ${returns.domain}, and with relaying "${relaying}" no stranger may write to them: what bounces is lost`,
    { hint: "say relaying: 'two-way', or leave srs out, unless what bounces comes back by an internal client" },
  )
}

/** As other times; no timer waits for it, so days may be many. */
function daysAt(report: Report, text: string, spot: Spot, leastMs: number): number | null {
  const days = Number(/^(\d{1,4})d$/.exec(text)?.[1] ?? 0)
  return days > 0 && days <= 3660 ? days * dayMs : durationAt(report, text, spot, leastMs)
}

export function journal(report: Report, section: unknown): JournalEntry[] {
  if (!Array.isArray(section)) return []
  const list: JournalEntry[] = []
  const known = new Map<string, Spot>()
  for (const [i, value] of section.entries()) {
    const path: DocPath = ['journal', i]
    if (!report.sound(path)) continue
    const { to, form = defaults.journal.form, match = {} } = value as Journal
    const spot = valueSpot([...path, 'to'])
    const mailbox = take(report, 'MG1303', spot, readAscii(to))
    if (mailbox === null) continue
    const first = known.get(mailbox.text)
    if (first !== undefined) twice(report, spot, to, first)
    known.set(mailbox.text, spot)
    const at = atOf(path)
    report.place(at, { kind: 'value', path })
    const { senders, recipients, direction } = match
    list.push({
      at,
      to: mailbox,
      form,
      senders:
        senders === undefined
          ? null
          : values(addressPatternsAt(report, senders, [...path, 'match', 'senders'], 'sender')),
      recipients:
        recipients === undefined ? null : values(recipientsAt(report, recipients, [...path, 'match', 'recipients'])),
      direction: direction ?? null,
    })
  }
  return list
}

/** It stands in notes of the graph, and has to be reached from every host. */
function readAscii(text: string): ReturnType<typeof readMailbox> {
  const mailbox = readMailbox(text)
  return mailbox.ok && !/^[!-~]+$/.test(mailbox.value.text)
    ? unread('a mailbox in ASCII, without blanks', text)
    : mailbox
}

/** Smaller ones would remove what was just written. */
const leastBytes = 1024 * 1024
const leastKeepMs = 60_000

export function archive(report: Report, section: unknown): ArchiveSettings | null {
  if (section === undefined || !report.sound(['archive'])) return null
  const written = section as Archive
  const folders: { sent?: ArchiveFolder; failed?: ArchiveFolder } = {}
  for (const [key] of entries(written)) {
    const which = key as 'sent' | 'failed'
    const path = ['archive', which]
    if (!report.sound(path)) continue
    const folder = folderAt(report, written[which]!, path)
    if (folder !== null) folders[which] = folder
  }
  const { sent, failed } = folders
  if (sent === undefined && failed === undefined) {
    if (entries(written).length === 0)
      report.error('MG1205', valueSpot(['archive']), 'expected sent or failed, got none')
    return null
  }
  if (sent !== undefined && failed !== undefined && sameOrInside(sent.dir, failed.dir)) {
    report.error('MG1401', valueSpot(['archive', 'failed', 'dir']), 'expected a folder apart from that of archive.sent')
  }
  return folders
}

function folderAt(report: Report, { dir, keep, maxSize }: SurfaceFolder, path: DocPath): ArchiveFolder | null {
  const found = take(report, 'MG1312', valueSpot([...path, 'dir']), readFolder(dir))
  const keepMs = daysAt(report, keep ?? defaults.archive.keep, valueSpot([...path, 'keep']), leastKeepMs)
  const sizeSpot = valueSpot([...path, 'maxSize'])
  const maxBytes = sizeAt(report, maxSize ?? defaults.archive.maxSize, sizeSpot)
  if (maxBytes !== null && maxBytes < leastBytes) {
    report.error('MG1208', sizeSpot, `expected at least "1MiB", got ${JSON.stringify(maxSize)}`)
  }
  return found === null || keepMs === null || maxBytes === null ? null : { dir: found, keepMs, maxBytes }
}

/** What is in a state folder already is not a place for others' files. */
const taken = /^(?:spool|graphs|envelopes|mail|journal|bans|overlays|credentials)(?:\/|$)/

function readFolder(text: string): Reading<string> {
  const expected = 'a folder, absolute or below the state folder, such as "archive/sent"'
  const parts = text.split('/')
  const plain = /^[^\x00-\x1f\x7f\\]{1,1000}$/.test(text) && !text.endsWith('/')
  const isPath =
    plain && parts.slice(text.startsWith('/') ? 1 : 0).every((part) => part !== '' && part !== '.' && part !== '..')
  if (!isPath) return unread(expected, text)
  return taken.test(text) ? unread(`${expected}, and not one of the gateway's own`, text) : read(text)
}

const sameOrInside = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
