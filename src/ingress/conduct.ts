import type { Offence } from '../credentials/offence.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Reply } from '../mail/reply.ts'
import type { Limits } from '../mail/settings.ts'
import type { House } from './house.ts'
import { offenceOf, tooManyErrors } from './replies.ts'

const minuteMs = 60_000

/** How the client of one session behaves, and what it gets for it: its errors, and how fast its commands come. */
export class Conduct {
  /** Error replies since the last message that was accepted. */
  errors = 0
  private readonly house: House
  private readonly limits: Limits
  /** Commands that may come at once; one more every so often. */
  private tokens: number
  private filledAt: number

  constructor(house: House, limits: Limits) {
    this.house = house
    this.limits = limits
    this.tokens = limits.commandsPerMinute ?? 0
    this.filledAt = limits.commandsPerMinute === undefined ? 0 : house.clock.now()
  }

  /** The client gets such an answer. Gives what ends the session for it: then `tooManyErrors` is said in its place. */
  refused(answer: Reply, client: IpAddress): Reply | null {
    const offence = offenceOf(answer)
    const ban = offence === null ? null : this.offended(offence, client)
    if (answer.code >= 500 && ++this.errors > this.limits.maxErrors) return ban ?? tooManyErrors
    return ban
  }

  /** Counts over sessions. Gives the reply that ends this one, when the client is banned now. */
  offended(offence: Offence, client: IpAddress): Reply | null {
    return this.house.guard?.offended(client, offence) ?? null
  }

  /** A command came: how long it waits for its turn. */
  waitMs(): number {
    const perMinute = this.limits.commandsPerMinute
    if (perMinute === undefined) return 0
    const now = this.house.clock.now()
    const filled = (Math.max(0, now - this.filledAt) * perMinute) / minuteMs
    this.tokens = Math.min(perMinute, this.tokens + filled) - 1
    this.filledAt = now
    return this.tokens >= 0 ? 0 : Math.ceil((-this.tokens * minuteMs) / perMinute)
  }
}
