import { parseDuration } from '../mail/duration.ts'
import { ok, type Result, wrong } from '../mail/result.ts'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** RFC 3339: `2026-11-21T22:00:00Z`, with an offset or Z. */
const internet = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)([Zz]|[+-]\d\d:\d\d)$/
/** RFC 5322 §3.3: `Sat, 21 Nov 2026 22:00:00 +0000`. */
const mail = /^(?:[A-Za-z]{3}, ?)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? ([+-]\d{4})$/
/** MailerQ's, which is UTC. */
const plain = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/

/** A time as a header has it, in epoch ms: a date with its zone, or how long from now. A zone is never guessed. */
export function timeOf(text: string, family: 'mailgw' | 'mailerq', now: number): Result<number> {
  if (family === 'mailerq') {
    const found = plain.exec(text)
    const at = found === null ? null : epoch(found.slice(1, 7).map(Number), 0)
    return at === null ? wrong('expected a time of UTC such as 2026-11-21 22:00:00') : ok(at)
  }
  const span = parseDuration(text)
  if (span.ok) return ok(now + span.value)
  const date = internet.exec(text)
  if (date !== null) return known(epoch(date.slice(1, 7).map(Number), offset(date[7]!)))
  const [, day, month, year, hour, minute, second, zone] = mail.exec(text) ?? []
  if (zone === undefined) return known(null)
  const number = months.indexOf(month!.toLowerCase()) + 1
  return known(
    epoch([Number(year), number, Number(day), Number(hour), Number(minute), Number(second ?? 0)], offset(zone)),
  )
}

const known = (at: number | null): Result<number> =>
  at === null ? wrong('expected a time with its zone, such as 2026-11-21T22:00:00Z, or a span such as 2h') : ok(at)

/** Minutes; `null`: no zone has that. */
function offset(zone: string): number | null {
  if (zone.toLowerCase() === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 14 || minutes > 59) return null
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

function epoch(parts: readonly number[], offsetMinutes: number | null): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
  if (offsetMinutes === null || year < 1970 || hour > 23 || minute > 59 || second > 59) return null
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  // 31 February is March to a clock, and a mistake to people.
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return null
  return at.getTime() - offsetMinutes * 60_000
}
