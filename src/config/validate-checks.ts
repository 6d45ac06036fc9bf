import { reasonMark } from '../mail/listed-text.ts'
import type { Check, Checks } from './define.ts'
import type { CheckEntry } from './document.ts'
import { atOf } from './validate-read.ts'
import type { Report } from './validate-report.ts'
import { entries } from './validate-rows.ts'
import { consequence, type Usual } from './validate-then.ts'

const kinds = [
  [
    'senderDomain',
    'sender-domain',
    {
      reply: { code: 550, status: '5.1.8', text: `the domain of this sender takes no mail: ${reasonMark}` },
      deferText: `the domain of this sender takes no mail: ${reasonMark}`,
      status: '1.8',
    },
  ],
  [
    'helo',
    'helo',
    {
      reply: { code: 550, text: `the name that you gave in HELO is not yours: ${reasonMark}` },
      deferText: `the name that you gave in HELO is not yours: ${reasonMark}`,
      status: '7.1',
    },
  ],
  [
    'reverse',
    'reverse',
    {
      // RFC 7372 §3.3
      reply: { code: 550, status: '5.7.25', text: `your address has no name that leads back to it: ${reasonMark}` },
      deferText: `your address has no name that leads back to it: ${reasonMark}`,
      status: '7.25',
    },
  ],
] as const satisfies readonly (readonly [keyof Checks, CheckEntry['id'], Usual])[]

/** The questions that are asked of the DNS about who sends, in the order in which they are asked: the cheapest first. */
export function checks(report: Report, section: unknown): CheckEntry[] {
  const written = new Map(entries(section))
  const list: CheckEntry[] = []
  for (const [key, id, usual] of kinds) {
    const path = ['checks', key]
    const check = written.get(key) as Check | undefined
    if (check === undefined || !report.sound(path)) continue
    const at = atOf(path)
    report.place(at, { kind: 'key', path })
    list.push({
      at,
      id,
      listeners: check.listeners === undefined ? null : [check.listeners].flat(),
      then: consequence(report, check.then, usual, [...path, 'then']),
      onError: check.onError,
      ...(check.mode === undefined ? {} : { mode: check.mode }),
    })
  }
  return list
}
