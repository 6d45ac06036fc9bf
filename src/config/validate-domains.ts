import { parseLocalPart } from '../mail/path.ts'
import { defaults } from './defaults.ts'
import type { Domain } from './define.ts'
import type { DomainEntry, Unknown } from './document.ts'
import { foldLocalPart, type Reading, read, readDomainPattern, readMailbox, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { isSpecialUse } from './validate-listeners.ts'
import { atOf, listOf, take, twice, valueSpot } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries, items } from './validate-rows.ts'

/** What the document says of its domains. `keys` has the key's place of each pattern, also of entries that are wrong. */
export type Domains = { readonly list: DomainEntry[]; readonly keys: ReadonlyMap<string, Spot> }

export function domains(report: Report, section: unknown): Domains {
  const list: DomainEntry[] = []
  const keys = new Map<string, Spot>()
  for (const [key, value] of entries(section)) {
    const path = ['domains', key]
    const keySpot: Spot = { kind: 'key', path }
    const pattern = take(report, 'MG1301', keySpot, readDomainPattern(key))
    if (pattern === null) continue
    const first = keys.get(pattern)
    if (first !== undefined) {
      twice(report, keySpot, pattern, first)
      continue
    }
    keys.set(pattern, keySpot)
    checkBreadth(report, pattern, keySpot)
    if (!report.sound(path)) continue
    const at = atOf(['domains', pattern])
    report.place(at, keySpot)
    list.push({ at, pattern, ...settings(report, value as Domain, path, pattern) })
  }
  return { list, keys }
}

type Settings = Pick<DomainEntry, 'kind' | 'recipients' | 'unknown' | 'verify'>

function settings(report: Report, value: Domain, path: DocPath, pattern: string): Settings {
  if (typeof value === 'string') return { kind: value, recipients: null, unknown: { kind: 'reject' } }
  const kind = value.kind ?? defaults.domain.kind
  const verify = value.verify === undefined ? {} : { verify: value.verify }
  if (value.verify !== undefined) report.place(atOf(['domains', pattern, 'verify']), valueSpot([...path, 'verify']))
  if (value.recipients === undefined || value.recipients === 'any') {
    if (value.verify !== undefined && value.recipients === undefined) {
      return { kind, recipients: null, unknown: unknownOf(report, value, path), ...verify }
    }
    if (value.verify !== undefined) {
      const hint = 'leave recipients out: all of them are asked about then'
      report.error('MG1209', valueSpot([...path, 'verify']), "has no effect: recipients: 'any' exist all", { hint })
    }
    if (value.unknown !== undefined) {
      report.error(
        'MG1209',
        { kind: 'key', path: [...path, 'unknown'] },
        'has no effect: without a list of recipients nobody is unknown',
        {
          hint: 'write recipients: [...] or recipients: table(...), or leave unknown out',
        },
      )
    }
    return { kind, recipients: null, unknown: { kind: 'reject' } }
  }
  const column = items(report, value.recipients, [...path, 'recipients'], 'recipient')
  const found = listOf(
    report,
    column,
    'MG1317',
    (text) => readRecipient(text, pattern),
    (localPart) => localPart,
  )
  const recipients = found.map(({ value: localPart, spot }) => {
    const at = atOf(['domains', pattern, 'recipients', localPart])
    report.place(at, spot)
    return { at, localPart }
  })
  return {
    kind,
    recipients,
    unknown: unknownOf(report, value, path),
    ...verify,
  }
}

function unknownOf(report: Report, { unknown, verify }: Exclude<Domain, string>, path: DocPath): Unknown {
  const value = unknown ?? defaults.domain.unknown
  const at = [...path, 'unknown']
  if (value === 'park' && verify !== undefined) {
    // What is parked is routed anew at every attempt, by the document alone.
    report.error('MG1209', valueSpot(at), 'expected "reject" or catchAll(...) beside verify, got "park"', {
      hint: 'only who is not in a list can be parked: list the recipients, or leave verify out',
    })
  }
  if (typeof value === 'string') return { kind: value }
  const to = take(report, 'MG1303', valueSpot([...at, 'catchAll']), readMailbox(value.catchAll))
  return to === null ? { kind: 'reject' } : { kind: 'catch-all', to }
}

/** `bob`, or `bob@` with this very domain. */
function readRecipient(text: string, pattern: string): Reading<string> {
  const expected = `a recipient of ${pattern}, such as "ann"`
  if (text.includes('*')) return unread(expected, text, "recipients: 'any' takes all of them")
  if (!text.includes('@') || text.endsWith('"')) {
    const localPart = parseLocalPart(text)
    return localPart.ok ? read(foldLocalPart(localPart.value)) : unread(expected, text)
  }
  const mailbox = readMailbox(text)
  return mailbox.ok && mailbox.value.domain === pattern
    ? read(foldLocalPart(mailbox.value.localPart))
    : unread(expected, text)
}

/** A domain of ours is open to the world, so `*` here is an open relay, and `*.com` nearly one. */
function checkBreadth(report: Report, pattern: string, spot: Spot): void {
  const suffix = pattern.startsWith('*.') ? pattern.slice(2) : null
  if (pattern !== '*' && (suffix === null || suffix.includes('.') || isSpecialUse(suffix))) return
  report.error(
    'MG1604',
    spot,
    'would make this gateway answer for domains of others: anybody could send to them through it',
    {
      hint: pattern === '*' ? 'routes for all other domains stand in localMx' : 'name the domains that are yours',
    },
  )
}
