import type { Clock } from '../mail/clock.ts'
import type { DeliveryRate, NextHopSettings, Reaction } from '../mail/next-hop-settings.ts'
import { Ceiling } from './ceiling.ts'
import type { Shunned, SmtpSettings } from './dial.ts'
import type { Turns } from './equals.ts'
import { askForOne, type Member } from './member.ts'
import { Pace } from './pace.ts'
import type { Site } from './site.ts'

/** A slower rate for a while, because of something that the other side said. */
export type SlowDown = { readonly pace: Pace; readonly until: number; readonly why: string }

/** Answers of several connections to one and the same thing. */
const sameReactionMs = 5000
/** How long it is remembered after how many messages a host ended its session. */
const fewMs = 600_000

/** Connections in a row that ended in their first transaction; then the next hop counts as down. */
const maxBarren = 3
/** Transactions in a row that are refused for now as a whole; then the next hop is left alone for a while. */
const maxRefusals = 20

/**
 * What holds towards one next hop now: what the document says, and what was learnt. It outlives pools, so that a rate is
 * kept although no connection is; pools of the same destination (with another TLS level, or another source address)
 * share it.
 */
export class Shape {
  settings: NextHopSettings
  readonly shunned: Shunned = new Map()
  readonly turns: Turns = { last: null }
  readonly ceiling = new Ceiling()
  /** What it shares with other next hops; `null`: nothing, or nobody has looked its hosts up yet. */
  site: Site | null = null
  /** Connections of all its pools, open and being opened. */
  open = 0
  /** Pools that have it. */
  readonly members = new Set<Member>()
  /** It opened a session since the shape is known. */
  wasUp = false
  /** It took a message, or refused one for good. Until then one connection is enough to wait for it. */
  works = false
  slowed: SlowDown | null = null
  private pace: Pace | null = null
  /** What holds where it is of no site. */
  private own: NextHopSettings
  private refusals = 0
  private barren = 0
  private reacted: { readonly reaction: Reaction; readonly at: number } | null = null
  private few: { readonly most: number; readonly until: number } | null = null
  /** Pools without a connection, for which the others have left no room. */
  private readonly waiting = new Set<Member>()
  private readonly clock: Clock

  constructor(settings: NextHopSettings, clock: Clock) {
    this.settings = settings
    this.own = settings
    this.clock = clock
    this.renew(settings)
  }

  /** Another graph: what was learnt stays, and so does what a rate has counted. */
  renew(own: NextHopSettings): void {
    this.own = own
    this.settings = this.site?.towards(own) ?? own
    const { rate } = this.settings
    if (rate === undefined) this.pace = null
    else if (this.pace?.rate.most !== rate.most || this.pace.rate.perMs !== rate.perMs) this.pace = new Pace(rate)
  }

  /** Its hosts are those of a site, or of none: connections count there from now on, and what is said of it holds. */
  join(site: Site | null): void {
    if (this.site === site) return
    const before = this.site
    this.site = site
    this.renew(this.own)
    before?.leave(this)
    site?.enter(this)
  }

  opened(): void {
    this.open++
    if (this.site !== null) this.site.shape.open++
  }

  closed(): void {
    this.open--
    // Before the pool whose connection it was: it has had its turn.
    for (const member of this.waiting) member.wake(member.lane)
    this.waiting.clear()
    if (this.site === null) return
    this.site.shape.open--
    this.site.next()
  }

  /** Connections at one moment: what the document says, or fewer where it has shown that it bears fewer. */
  limit({ limits }: Pick<SmtpSettings, 'limits'>, now: number): number {
    const said = this.settings.connections ?? limits.connectionsPerNextHop
    return this.ceiling.limit(Math.min(said, limits.connectionsOut), now)
  }

  /** One more connection may be made. */
  hasRoom(settings: Pick<SmtpSettings, 'limits'>, now: number): boolean {
    return this.open < this.limit(settings, now) && this.site?.hasRoom !== false
  }

  /** Until another of its pools has made room; one that has nothing to do makes it now. */
  await(member: Member): void {
    if (this.waiting.has(member)) return
    this.waiting.add(member)
    askForOne(this.members, member)
  }

  isWaiting(member: Member): boolean {
    return this.waiting.has(member) || this.site?.isWaiting(member) === true
  }

  /** Others wait: nobody keeps a connection that has nothing to do, or has had its turn. */
  isShort(member: Member): boolean {
    return this.waiting.size > Number(this.waiting.has(member)) || this.site?.isShort(member) === true
  }

  /** It has shown that it bears fewer connections than there are. */
  isOver(settings: Pick<SmtpSettings, 'limits'>, now: number): boolean {
    return (this.ceiling.why !== null && this.open > this.limit(settings, now)) || this.site?.isOver === true
  }

  /** The host ended a session before it would take another message. */
  parted(messages: number, now: number): void {
    this.few = { most: messages, until: now + fewMs }
  }

  /** Messages of one connection, as learnt. */
  messagesPerConnection(now: number): number {
    if (this.few !== null && this.few.until <= now) this.few = null
    return this.few?.most ?? Number.POSITIVE_INFINITY
  }

  /** True when messages are counted. */
  get isPaced(): boolean {
    return this.pace !== null || this.slowed !== null || this.site?.shape.isPaced === true
  }

  /** Messages that may be begun now. */
  allowance(now: number): number {
    this.recover(now)
    const own = this.pace?.allowance(now) ?? Number.POSITIVE_INFINITY
    const slow = this.slowed?.pace.allowance(now) ?? Number.POSITIVE_INFINITY
    return Math.min(own, slow, this.site?.shape.allowance(now) ?? Number.POSITIVE_INFINITY)
  }

  /** When the next message may be begun. */
  nextAt(now: number): number {
    this.recover(now)
    return Math.max(
      this.pace?.nextAt(now) ?? now,
      Math.min(this.slowed?.pace.nextAt(now) ?? now, this.slowed?.until ?? now),
      this.site?.shape.nextAt(now) ?? now,
    )
  }

  begin(now: number): void {
    this.pace?.take(now)
    this.slowed?.pace.take(now)
    this.site?.shape.begin(now)
  }

  /** One that was begun was never offered. */
  giveBack(): void {
    this.pace?.giveBack()
    this.slowed?.pace.giveBack()
    this.site?.shape.giveBack()
  }

  /** False: the same reaction has just been taken, to what was on the wire with it. */
  react(reaction: Reaction, now: number): boolean {
    if (this.reacted?.reaction === reaction && now < this.reacted.at + sameReactionMs) return false
    this.reacted = { reaction, at: now }
    return true
  }

  slowDown(rate: DeliveryRate, until: number, why: string): void {
    const { slowed } = this
    const same = slowed !== null && slowed.pace.rate.most === rate.most && slowed.pace.rate.perMs === rate.perMs
    this.slowed = { pace: same ? slowed.pace : new Pace(rate), until, why }
  }

  /** A session is over. True: one after the other ended before a message was through. */
  ended(wasOfUse: boolean): boolean {
    this.barren = wasOfUse ? 0 : this.barren + 1
    return this.barren >= maxBarren
  }

  /** A whole transaction was refused for now. True: so many in a row that it is no single message's trouble. */
  refused(): boolean {
    this.refusals++
    if (this.refusals < maxRefusals) return false
    this.refusals = 0
    return true
  }

  /** Something was taken, or refused for good: it works. */
  worked(): void {
    this.works = true
    this.refusals = 0
  }

  get rate(): DeliveryRate | null {
    this.recover(this.clock.now())
    return this.slowed?.pace.rate ?? this.pace?.rate ?? null
  }

  /** An operator has spoken with the other side: what was learnt is forgotten. */
  reset(): void {
    this.shunned.clear()
    this.ceiling.reset()
    this.slowed = null
    this.reacted = null
    this.few = null
    this.refusals = 0
  }

  /** Nothing that matters is remembered: a new one would do the same. */
  isBlank(now: number): boolean {
    for (const [label, until] of this.shunned) if (until <= now) this.shunned.delete(label)
    this.recover(now)
    const { open, shunned, slowed, pace, ceiling } = this
    if (open > 0 || shunned.size > 0 || slowed !== null) return false
    return (pace?.isBlank(now) ?? true) && ceiling.isBlank(now)
  }

  private recover(now: number): void {
    if (this.slowed !== null && this.slowed.until <= now) this.slowed = null
  }
}
