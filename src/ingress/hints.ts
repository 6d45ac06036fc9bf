import type { Control } from '../graph/control.ts'
import { parseDuration } from '../mail/duration.ts'
import type { Envelope, Recipient } from '../mail/envelope.ts'
import type { HintRights, Hints } from '../mail/hints.ts'
import { parseHintRights } from '../mail/hints.ts'
import { parseIp } from '../mail/ip.ts'
import { type Reply, reply } from '../mail/reply.ts'
import { assertNever, ok, type Result, wrong } from '../mail/result.ts'
import type { HintField, HintFields, HintKind } from '../message/hint-fields.ts'
import { encodeXtext } from '../smtp/xtext.ts'
import { timeOf } from './hint-time.ts'

/** What the fields of a header come to. */
export type HintsRead =
  | { readonly kind: 'refused'; readonly reply: Reply }
  | {
      readonly kind: 'read'
      /** `null`: nothing is taken off, and nothing steered. */
      readonly hints: Hints | null
      readonly wishes: DsnWishes
      /** Fields that this client may not steer by, for the log. */
      readonly ignored: readonly string[]
    }

/** What the header asks of notifications: what the session says goes before it. */
export type DsnWishes = {
  readonly notify?: NonNullable<Recipient['notify']>
  readonly ret?: NonNullable<Envelope['ret']>
  readonly envid?: string
}

/** @param rights the note of the client's rights; `null`: it has none */
export type ReadHints = (found: HintFields, rights: string | null, now: number) => HintsRead

type Draft = { -readonly [Key in keyof Hints]: Hints[Key] }
type Wishes = { -readonly [Key in keyof DsnWishes]: DsnWishes[Key] }
type Reading = {
  readonly rights: HintRights
  readonly now: number
  readonly hints: Draft
  readonly wishes: Wishes
  /** From when on it may be sent, whatever stands first. */
  expireAfterMs: number | null
}

/**
 * Who may steer is told what he got wrong: mail that goes at another time or another way than its sender wrote is worse
 * than mail that is refused. Of who may not, such fields are ignored and taken off: they came from anywhere.
 */
export function hintReader({ egress = [], mailerqHints }: Pick<Control, 'egress' | 'mailerqHints'>): ReadHints {
  const pools = new Map(egress.map(({ name, addresses }) => [name, addresses.map(({ address }) => address)]))
  const isMailerq = mailerqHints === true

  return ({ fields, tooMany }, note, now) => {
    const parsed = note === null ? null : parseHintRights(note)
    const rights = parsed?.ok === true ? parsed.value : {}
    const isTrusted = note !== null
    if (isTrusted && tooMany) return refused('5.6.0', 'too many fields that steer the delivery')
    const hints: Draft = {}
    const reading: Reading = { rights, now, hints, wishes: {}, expireAfterMs: null }
    const ignored: string[] = []
    const taken = new Set<HintKind>()
    let strips = tooMany
    if (tooMany && isMailerq) hints.mailerq = true
    for (const field of fields) {
      const { family, kind, name, value } = field
      if (family === 'mailerq' && !isMailerq) continue
      if (kind !== null || family === 'mailerq') strips = true
      if (family === 'mailerq') hints.mailerq = true
      if (kind === null) {
        if (family === 'mailgw' && isTrusted) return refused('5.6.0', `${name} is no field of this gateway`)
        continue
      }
      if (!mayBy(rights, field)) {
        ignored.push(name)
        continue
      }
      if (taken.has(kind)) return refused('5.6.0', `${name}: said twice`)
      taken.add(kind)
      if (value === null) return refused('5.6.0', `${name}: longer than any value is`)
      const read = readField(field, value, reading, pools)
      if (!read.ok) return refused('5.6.0', `${name}: ${read.error}`)
      if (read.value !== null) return refused('5.7.1', `${name}: ${read.value}`)
    }
    const { expireAfterMs, wishes } = reading
    if (expireAfterMs !== null) hints.expireAt = (hints.notBefore ?? now) + expireAfterMs
    const { notBefore, expireAt } = hints
    if (expireAt !== undefined && expireAt <= (notBefore ?? now)) {
      return refused('5.6.0', 'the message would expire before it may be sent')
    }
    return { kind: 'read', hints: strips ? hints : null, wishes, ignored }
  }
}

const refused = (status: `5.${string}`, text: string): HintsRead => ({
  kind: 'refused',
  reply: reply(550, status as Reply['status'], text),
})

function mayBy(rights: HintRights, { family, kind }: HintField): boolean {
  if (family === 'mailerq' && rights.mailerq !== true) return false
  switch (kind) {
    case null:
      return false
    case 'egress':
    case 'class':
    case 'schedule':
      return rights[kind] !== undefined
    case 'not-before':
      return rights.notBeforeMs !== undefined
    case 'expire-after':
      return rights.expireAfter === true
    case 'max-attempts':
      return rights.maxAttempts === true
    case 'notify':
    case 'ret':
    case 'envid':
      return rights.dsn === true
    default:
      return assertNever(kind)
  }
}

const notItsChoice = 'not one that this client may choose'

/** Gives why the client may not choose that, or `null`; wrong: the value says nothing. */
function readField(
  { kind, family }: HintField,
  value: string,
  reading: Reading,
  pools: ReadonlyMap<string, readonly string[]>,
): Result<string | null> {
  const { rights, now, hints, wishes } = reading
  switch (kind) {
    case 'egress': {
      const address = parseIp(value)
      const pool = address.ok
        ? rights.egress!.find((name) => pools.get(name)?.includes(address.value) === true)
        : rights.egress!.find((name) => name === value)
      if (pool === undefined) return ok(notItsChoice)
      hints.egress = pool
      if (address.ok) hints.source = address.value
      return ok(null)
    }
    case 'class':
    case 'schedule': {
      if (!rights[kind]!.includes(value)) return ok(notItsChoice)
      hints[kind] = value
      return ok(null)
    }
    case 'not-before': {
      const at = timeOf(value, family, now)
      if (!at.ok) return at
      if (at.value - now > rights.notBeforeMs!) return ok('further ahead than this client may put it off')
      if (at.value > now) hints.notBefore = at.value
      return ok(null)
    }
    case 'expire-after': {
      if (family === 'mailgw') {
        const span = parseDuration(value)
        if (!span.ok || span.value === 0) return wrong('expected a time with its unit, such as 30m or 2h')
        reading.expireAfterMs = span.value
        return ok(null)
      }
      const at = timeOf(value, family, now)
      if (!at.ok) return at
      hints.expireAt = at.value
      return ok(null)
    }
    case 'max-attempts': {
      if (!/^[1-9]\d{0,3}$/.test(value)) return wrong('expected a number from 1 to 9999')
      hints.maxAttempts = Number(value)
      return ok(null)
    }
    case 'notify': {
      const words = value.toLowerCase().split(/[ \t]*,[ \t]*/)
      if (words.length === 1 && words[0] === 'never') {
        wishes.notify = []
        return ok(null)
      }
      const known = words.filter((word) => word === 'success' || word === 'failure' || word === 'delay')
      if (known.length !== words.length || new Set(words).size !== words.length)
        return wrong('expected NEVER, or some of SUCCESS, FAILURE and DELAY')
      wishes.notify = known
      return ok(null)
    }
    case 'ret': {
      const word = value.toLowerCase()
      if (word !== 'full' && word !== 'hdrs') return wrong('expected FULL or HDRS')
      wishes.ret = word
      return ok(null)
    }
    case 'envid': {
      // RFC 3461 §4.4: at most 100 characters of xtext.
      const text = encodeXtext(value)
      if (!/^[ -~]+$/.test(value) || text.length > 100) return wrong('expected up to 100 printable characters')
      wishes.envid = text
      return ok(null)
    }
    case null:
      return ok(null)
    default:
      return assertNever(kind)
  }
}

/** The envelope with what the header asks of notifications, where the session asked nothing. */
export function withWishes(envelope: Envelope, { notify, ret, envid }: DsnWishes): Envelope {
  const next = {
    ...envelope,
    ret: envelope.ret ?? ret ?? null,
    envid: envelope.envid ?? envid ?? null,
  }
  if (notify === undefined) return next
  const { recipients } = envelope
  const wanted = recipients.map((recipient, i) => {
    if (recipient.notify !== null) return recipient
    // An alias that stands for several: success is that it was expanded, and told once (RFC 3461 §5.2.7.3).
    const before = recipients[i - 1]?.original === recipient.original
    const isOneOfSeveral = before || recipients[i + 1]?.original === recipient.original
    if (!isOneOfSeveral || !notify.includes('success')) return { ...recipient, notify }
    const others = notify.filter((word) => word !== 'success')
    return { ...recipient, notify: others, ...(before ? {} : { expanded: true as const }) }
  })
  return { ...next, recipients: wanted }
}
