import type { IpAddress } from '../mail/ip.ts'
import { ok, type Result, wrong } from '../mail/result.ts'
import { patternCheck } from './check-pattern.ts'
import { type Check, line, oneOf, orNull, record, ShapeError, text, whole } from './shape.ts'

/**
 * A restriction of the moment, beside the graph and on top of whichever one is active: who put it there and why, and
 * when it ends by itself. There is no kind that could let anything in: an overlay refuses, or holds back what is queued.
 */
export type Overlay = {
  /** `deny-7f3a`: named in the reply, the log and `status`. */
  readonly id: string
  readonly owner: string
  readonly reason: string
  /** Epoch ms. */
  readonly since: number
  readonly until: number
} & Restriction

export type Restriction = Deny | Ban | Hold

/** All conditions that are not `null` must hold. Asked before everything that the document says. */
export type Deny = {
  readonly kind: 'deny'
  readonly client: string | null
  readonly sender: string | null
  readonly recipient: string | null
  readonly listener: string | null
  readonly code: number
  readonly text: string
}

/** One client address: what lock-outs use, and cheap however many there are. */
export type Ban = { readonly kind: 'ban'; readonly client: IpAddress }

/** Recipients in the queue that would go there wait. Exactly one of the two is given. */
export type Hold = {
  readonly kind: 'hold'
  readonly domain: string | null
  /** As `queue list` names it, without the digest: `relay:isp`, `mx:dst.example`; also `mx:*.example` and `mx:*`. */
  readonly nextHop: string | null
}

export type Refusing = Extract<Overlay, Deny | Ban>
export type Holding = Extract<Overlay, Hold>

export const banCode = 554
export const banText = 'no mail is taken from your address'

/** 5.7.1, or 4.7.1 for a refusal that is not for good (RFC 3463 §3.8). */
export const overlayStatus = (code: number): string => `${Math.floor(code / 100)}.7.1`

/** What a refused client reads: an operator who hears of it can look the overlay up. */
export const overlayText = (overlay: Refusing): string =>
  `${overlay.kind === 'ban' ? banText : overlay.text} (${overlay.id})`

export const overlayCode = (overlay: Refusing): number => (overlay.kind === 'ban' ? banCode : overlay.code)

/** As `at` in the log and in explanations, where a row of the document would stand. */
export const overlayAt = ({ id }: Overlay): string => `overlay ${id}`

const reply: Check = (value, where) => {
  whole(400, 599)(value, where)
  // 421 ends the session (RFC 5321 §3.8) and says that we are going down, which we are not.
  if (value === 421) throw new ShapeError(where, 'a code other than 421', value)
}
const address: Check = (value, where) => patternCheck('client')(`${String(value)}/${isV6(value) ? 128 : 32}`, where)
const isV6 = (value: unknown): boolean => String(value).includes(':')
const domainOf: Check = (value, where) => {
  patternCheck('recipient')(value, where)
  if (String(value).includes('@')) throw new ShapeError(where, 'a domain pattern', value)
}

const restrictions = new Map<unknown, Check>([
  [
    'deny',
    record({
      kind: oneOf('deny'),
      client: orNull(patternCheck('client')),
      sender: orNull(patternCheck('sender')),
      recipient: orNull(patternCheck('recipient')),
      listener: orNull(line),
      code: reply,
      text: line,
    }),
  ],
  ['ban', record({ kind: oneOf('ban'), client: address })],
  [
    'hold',
    record({
      kind: oneOf('hold'),
      domain: orNull(domainOf),
      nextHop: orNull(text(/^[!-~]{1,300}$/, 'a next hop as queue list names it')),
    }),
  ],
])

/** Reads what claims to be a restriction; nothing of it is used before all of it is checked. */
export function readRestriction(value: unknown): Result<Restriction> {
  const kind = (value as { kind?: unknown } | null)?.kind
  const check = restrictions.get(kind)
  if (check === undefined) return wrong(`overlay.kind: expected deny, ban or hold, got ${JSON.stringify(kind)}`)
  try {
    check(value, 'overlay')
  } catch (error) {
    if (error instanceof ShapeError) return wrong(error.message)
    throw error
  }
  const restriction = value as Restriction
  const isEmpty =
    (restriction.kind === 'deny' &&
      [restriction.client, restriction.sender, restriction.recipient, restriction.listener].every(
        (one) => one === null,
      )) ||
    (restriction.kind === 'hold' && restriction.domain === null && restriction.nextHop === null)
  if (restriction.kind === 'hold' && restriction.domain !== null && restriction.nextHop !== null) {
    return wrong('overlay: expected a domain or a next hop, got both')
  }
  return isEmpty
    ? wrong(`overlay: expected at least one condition, got a ${restriction.kind} of everything`)
    : ok(restriction)
}
