import type { Clock, Timer } from '../mail/clock.ts'
import type { DestinationSettings, NextHopSettings } from '../mail/next-hop-settings.ts'
import type { Reply } from '../mail/reply.ts'
import type { SmtpSettings } from './dial.ts'
import { askForOne, type Member } from './member.ts'
import { Shape } from './shape.ts'

/** Nothing more is handed out for a while, because of something that was said. */
export type Pause = { readonly until: number; readonly why: string; readonly reply: Reply | null }

/**
 * What next hops share whose nearest MX host is one that the document names: `mx-host:*.protection.outlook.com`. One
 * `Shape` holds for all of them together; who finds no room waits in the order of asking. Which next hops these are is
 * known when their hosts have been looked up for a connection.
 */
export class Site {
  readonly shape: Shape
  /** Pools that have connections here, or had them lately. */
  readonly members = new Set<Member>()
  private row: DestinationSettings
  private pause: Pause | null = null
  private timer: Timer | null = null
  private readonly waiting = new Set<Member>()
  /** Shapes whose connections count here. */
  private readonly joined = new Set<Shape>()
  private readonly clock: Clock
  private readonly settings: () => Pick<SmtpSettings, 'limits'>

  constructor(row: DestinationSettings, clock: Clock, settings: () => Pick<SmtpSettings, 'limits'>) {
    this.row = row
    this.clock = clock
    this.settings = settings
    this.shape = new Shape(together(row), clock)
  }

  /** Another graph: what was learnt stays, and so does what a rate has counted. */
  renew(row: DestinationSettings): void {
    if (this.row === row) return
    this.row = row
    this.shape.renew(together(row))
  }

  /** What holds for each of them: what the row says stands in place of what `own` says of the same. */
  towards(own: NextHopSettings): NextHopSettings {
    const rest: { -readonly [Key in keyof NextHopSettings]: NextHopSettings[Key] } = { ...own }
    for (const key of shared) delete rest[key]
    const { pattern, rate, ...said } = this.row
    return { ...rest, ...said }
  }

  get hasRoom(): boolean {
    return this.shape.open < this.limit
  }

  /** More connections than there should be, as one was made before it was known to be one of these. */
  get isOver(): boolean {
    return this.shape.open > this.limit
  }

  /** True when the rate allows nothing now: the member is woken when it does. */
  holdsBack(member: Member): boolean {
    if (member.lane.ready === 0 || this.allowance > 0) return false
    this.await(member)
    return true
  }

  /** Until there is room, or the rate allows the next message. */
  await(member: Member): void {
    const isNew = !this.waiting.has(member)
    this.waiting.add(member)
    if (isNew && !this.hasRoom) askForOne(this.members, member)
    this.awaitRate()
  }

  isWaiting(member: Member): boolean {
    return this.waiting.has(member)
  }

  /** Others wait: nobody keeps a connection that has nothing to do, or has had its turn. */
  isShort(member: Member): boolean {
    return this.waiting.size > Number(this.waiting.has(member)) && !this.hasRoom
  }

  /** Wakes as many as there is room for. Those that find none ask again, behind the others. */
  next(): void {
    if (this.waiting.size === 0) return
    const room = Math.max(this.limit - this.shape.open, this.shape.isPaced ? 1 : 0)
    let count = Math.min(this.allowance, room)
    for (const member of [...this.waiting]) {
      if (count-- <= 0) break
      this.waiting.delete(member)
      member.wake(member.lane)
    }
    this.awaitRate()
  }

  /** These connections count here from now on. */
  enter(shape: Shape): void {
    this.joined.add(shape)
    this.shape.open += shape.open
  }

  /** Its hosts are elsewhere now. Who waits here waits for nothing. */
  leave(shape: Shape): void {
    this.joined.delete(shape)
    this.shape.open -= shape.open
    for (const member of [...this.members, ...this.waiting]) {
      if (member.shape !== shape) continue
      this.members.delete(member)
      if (this.waiting.delete(member)) member.wake(member.lane)
    }
    this.next()
  }

  /** A reaction: nothing more goes to any of them for so long. */
  rest(why: string, reply: Reply | null, forMs: number): void {
    this.pause = { until: this.clock.now() + forMs, why, reply }
    const all = new Set([...this.members, ...this.waiting])
    this.waiting.clear()
    for (const { lane } of all) lane.down(why, reply, forMs)
  }

  /** `null`: it does not rest. */
  get resting(): Pause | null {
    if (this.pause !== null && this.pause.until <= this.clock.now()) this.pause = null
    return this.pause
  }

  /** An operator has spoken with the other side: what was learnt is forgotten. */
  reset(): void {
    this.shape.reset()
    this.pause = null
    this.next()
  }

  /** Nobody has to do with it, and nothing is remembered. */
  get isBlank(): boolean {
    return this.joined.size + this.waiting.size === 0 && this.resting === null && this.shape.isBlank(this.clock.now())
  }

  close(): void {
    this.timer?.cancel()
    this.timer = null
    this.waiting.clear()
  }

  private get limit(): number {
    return this.shape.limit(this.settings(), this.clock.now())
  }

  private get allowance(): number {
    return this.shape.isPaced ? this.shape.allowance(this.clock.now()) : Number.POSITIVE_INFINITY
  }

  /** One timer, however many wait. */
  private awaitRate(): void {
    if (this.timer !== null || this.waiting.size === 0 || this.allowance > 0) return
    const now = this.clock.now()
    this.timer = this.clock.setTimeout(
      () => {
        this.timer = null
        this.next()
      },
      Math.max(10, this.shape.nextAt(now) - now),
    )
  }
}

const shared = ['connections', 'rate', 'messagesPerConnection', 'recipientsPerMessage', 'reactions'] as const

/** Of all together. Where nothing is said of connections, the number of one next hop means nothing. */
const together = (row: DestinationSettings): NextHopSettings => ({
  ...row,
  connections: row.connections ?? Number.POSITIVE_INFINITY,
})
