import { type HintRights, hintRightsText } from '../mail/hints.ts'
import type { Client } from './define.ts'
import type { ClientHints } from './define-hints.ts'
import type { DocPath } from './positions.ts'
import { didYouMean } from './suggest.ts'
import { atOf, durationAt, valueSpot } from './validate-read.ts'
import type { Report } from './validate-report.ts'
import { entries, items } from './validate-rows.ts'
import { checkTag } from './validate-then.ts'

/** All of it is one note of the graph, which goes with each message of the client. */
const mostText = 4000

/** What a client may steer by, for its entry; nothing where it may steer nothing. */
export function clientHintsAt(
  report: Report,
  { hints }: Client,
  clientPath: DocPath,
): { readonly hints?: { readonly at: string; readonly rights: HintRights } } {
  const path = [...clientPath, 'hints']
  if (hints === undefined || !report.sound(path)) return {}
  const names = (key: 'egress' | 'class' | 'schedule'): readonly string[] =>
    hints[key] === undefined || !report.sound([...path, key])
      ? []
      : items(report, hints[key], [...path, key], key).map(({ text }) => text)
  const classes = names('class')
  for (const one of classes) checkTag(report, one, [...path, 'class'])
  const notBeforeMs =
    hints.notBefore === undefined || !report.sound([...path, 'notBefore'])
      ? null
      : durationAt(report, hints.notBefore, valueSpot([...path, 'notBefore']))
  const flags = (['expireAfter', 'maxAttempts', 'dsn', 'mailerq'] as const).filter((key) => hints[key] === true)
  const rights: HintRights = {
    egress: names('egress'),
    class: classes,
    schedule: names('schedule'),
    ...(notBeforeMs === null ? {} : { notBeforeMs }),
    ...Object.fromEntries(flags.map((key) => [key, true])),
  }
  const { mailerq: _, ...steering } = rights
  if (hintRightsText(steering) === '') {
    report.error('MG1202', valueSpot(path), 'expected something that its fields may steer, got nothing', {
      hint: "such as hints: { egress: ['bulk'] }",
    })
    return {}
  }
  const { length } = hintRightsText(rights)
  if (length > mostText) {
    report.error('MG1202', valueSpot(path), `expected names of at most ${mostText} characters together, got ${length}`)
    return {}
  }
  const at = atOf(path)
  report.place(at, { kind: 'key', path })
  return { hints: { at, rights } }
}

/** Pools and schedules that clients may choose must be declared. Gives those that are chosen. */
export function checkHintNames(
  report: Report,
  clients: unknown,
  declared: { readonly egress: readonly string[]; readonly schedule: readonly string[] },
): { readonly egress: readonly string[]; readonly schedule: readonly string[] } {
  const used = { egress: [] as string[], schedule: [] as string[] }
  const told = {
    egress: ['MG1450', 'pool', 'there is no egress section'],
    schedule: ['MG1460', 'schedule', 'retry has no schedules'],
  } as const
  for (const [name, client] of entries(clients)) {
    const path = ['clients', name, 'hints']
    const hints = new Map(entries(client)).get('hints') as ClientHints | undefined
    if (hints === undefined || !report.sound(path)) continue
    for (const key of ['egress', 'schedule'] as const) {
      if (hints[key] === undefined || !report.sound([...path, key])) continue
      const [code, what, none] = told[key]
      for (const { text, spot } of items(report, hints[key], [...path, key], key)) {
        used[key].push(text)
        if (declared[key].includes(text)) continue
        const known = declared[key].length === 0 ? none : `declared: ${declared[key].slice(0, 12).join(', ')}`
        report.error(code, spot, `no ${what} is called ${JSON.stringify(text)}`, {
          hint: didYouMean(text, declared[key]) ?? known,
        })
      }
    }
  }
  return used
}
