import { isReasonPattern, longestReason, parseNotice, parseNoticeSubject } from '../mail/notice-template.ts'
import { notificationKinds } from '../mail/notification-settings.ts'
import { needsUtf8, parseMailbox } from '../mail/path.ts'
import { isSorted } from './check-order.ts'
import type { Control } from './control.ts'
import { type Check, line, listOf, oneOf, orNull, record, ShapeError, text, whole } from './shape.ts'

const ms = whole(0, Number.MAX_SAFE_INTEGER)
const name = text(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'a name')
const policy = { scheduleMs: listOf(ms, 1000), expireAfterMs: ms }
const more = { warnAfterMs: orNull(ms), maxAttempts: whole(1, 1_000_000) }

export const retry = record(policy, more)
export const schedules = listOf(record({ name, ...policy }, more), 10_000)

/** Texts go to people in the name of the gateway: one that cannot be read is not taken. */
const readable =
  (read: (value: string) => { readonly ok: boolean }, expected: string): Check =>
  (value, where) => {
    if (typeof value !== 'string' || !read(value).ok) throw new ShapeError(where, expected, value)
  }
const mailbox = readable((value) => {
  const read = parseMailbox(value)
  return { ok: read.ok && !needsUtf8(read.value) }
}, 'a mailbox in ASCII')
const kind = oneOf(...notificationKinds)
const notice = record(
  {},
  { subject: readable(parseNoticeSubject, 'a subject'), text: readable(parseNotice, 'a text with placeholders') },
)
const reason = record({
  status: readable((value) => ({ ok: isReasonPattern(value) }), 'a status'),
  text: readable((value) => ({ ok: value.length <= longestReason }), 'a sentence'),
})
const sentence: Check = (value, where) => {
  reason(value, where)
  line((value as { text: unknown }).text, `${where}.text`)
}

export const notifications = record(
  {},
  {
    from: mailbox,
    copy: record({ to: mailbox, of: listOf(kind, notificationKinds.length) }),
    doubleBounce: oneOf('postmaster'),
    limit: orNull(record({ most: whole(1, 1_000_000_000), perMs: whole(1000, Number.MAX_SAFE_INTEGER) })),
    language: text(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, 'a language'),
    texts: record({}, Object.fromEntries(notificationKinds.map((each) => [each, notice]))),
    reasons: listOf(sentence, 1000),
  },
)

/** A route that names no schedule there is would be tried by another one than was reviewed. */
export function checkSchedules({ schedules = [], relays, destinations = [] }: Control, where: string): void {
  const names = schedules.map((schedule) => schedule.name)
  if (!isSorted(names)) throw new ShapeError(`${where}.schedules`, 'names sorted, each once', names)
  for (const { retry: wanted } of [...relays, ...destinations]) {
    if (wanted !== undefined && !names.includes(wanted)) {
      throw new ShapeError(`${where}.schedules`, `a schedule ${wanted}`, names)
    }
  }
}
