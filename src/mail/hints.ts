import { exactDuration, parseDuration } from './duration.ts'
import type { IpAddress } from './ip.ts'
import { ok, type Result, wrong } from './result.ts'

/**
 * What fields of its own header have said of the delivery of a message, after they were held against what its client may
 * say. It is stored with the envelope. `{}`: nothing that counts; the fields are taken off all the same when it leaves.
 */
export type Hints = {
  /** Name of the pool that it leaves by, in place of its route's. */
  readonly egress?: string
  /** One address of that pool. */
  readonly source?: IpAddress
  /** Name of the schedule that it is tried by. */
  readonly schedule?: string
  /** Epoch ms before which it is not tried; its age is counted from then on. */
  readonly notBefore?: number
  /** Epoch ms at which it is given up, where its schedule would not sooner. */
  readonly expireAt?: number
  readonly maxAttempts?: number
  /** A mark for the next hop. */
  readonly class?: string
  /** Fields named as MailerQ's are taken off as well. */
  readonly mailerq?: true
}

/** Which fields a client may steer its mail by, and what it may choose. Absent, as an empty list: not by this one. */
export type HintRights = {
  /** Pools, by name. */
  readonly egress?: readonly string[]
  readonly class?: readonly string[]
  /** Schedules, by name. */
  readonly schedule?: readonly string[]
  /** How far ahead at most. */
  readonly notBeforeMs?: number
  readonly expireAfter?: true
  readonly maxAttempts?: true
  readonly dsn?: true
  /** Fields named as MailerQ's are read too. */
  readonly mailerq?: true
}

/** For the log and for people: `egress=bulk notBefore=2026-11-21T22:00:00.000Z`; `stripped` where nothing else is said. */
export function hintsText(hints: Hints): string {
  const words = Object.entries(hints).flatMap(([key, value]) =>
    key === 'mailerq'
      ? []
      : [`${key}=${key === 'notBefore' || key === 'expireAt' ? new Date(value as number).toISOString() : value}`],
  )
  return words.length === 0 ? 'stripped' : words.sort().join(' ')
}

const lists = ['egress', 'class', 'schedule'] as const
const flags = ['expireAfter', 'maxAttempts', 'dsn', 'mailerq'] as const

/** As a note of a graph has it, without blanks: `class=bulk,news;dsn;egress=bulk;notBefore=3d`. One text for equal rights. */
export function hintRightsText(rights: HintRights): string {
  const words = [
    ...lists.flatMap((key) => {
      const names = rights[key] ?? []
      return names.length === 0 ? [] : [`${key}=${[...new Set(names)].sort().join(',')}`]
    }),
    ...(rights.notBeforeMs === undefined ? [] : [`notBefore=${exactDuration(rights.notBeforeMs)}`]),
    ...flags.filter((key) => rights[key] === true),
  ]
  return words.sort().join(';')
}

/** The rights of such a text, and of no other one. */
export function parseHintRights(text: string): Result<HintRights> {
  const rights: { -readonly [Key in keyof HintRights]: HintRights[Key] } = {}
  for (const word of text.split(';')) {
    const equals = word.indexOf('=')
    const key = equals < 0 ? word : word.slice(0, equals)
    const value = equals < 0 ? undefined : word.slice(equals + 1)
    const list = lists.find((one) => one === key)
    const flag = flags.find((one) => one === key)
    if (list !== undefined && value !== undefined && /^[A-Za-z0-9_.=-]+(?:,[A-Za-z0-9_.=-]+)*$/.test(value)) {
      rights[list] = value.split(',')
    } else if (key === 'notBefore' && value !== undefined) {
      const span = parseDuration(value)
      if (!span.ok) return span
      rights.notBeforeMs = span.value
    } else if (flag !== undefined && value === undefined) rights[flag] = true
    else return wrong(`expected what a client may steer its mail by, got ${JSON.stringify(word)}`)
  }
  return hintRightsText(rights) === text
    ? ok(rights)
    : wrong(`expected words in their order, got ${JSON.stringify(text)}`)
}
