import type { CacheView } from '../dns/cache-view.ts'
import type { ServerStats } from '../dns/server.ts'
import type { WayView } from '../mail/hop-view.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import type { Identity } from './access.ts'

/** What an operator sees and does of names. */
export type DnsOperations = {
  /** Answers that are kept of a name and of what is below it, or of all names (`null`); sorted by name, then by type. */
  cache(filter: CacheFilter): CacheAnswer
  /** Forgets them. Gives how many they were. */
  flush(name: string | null, identity: Identity): number
  /** @param sender `undefined`: nobody in particular */
  way(mailbox: Mailbox, sender: ReversePath | undefined): Promise<WayView>
}

export type CacheFilter = {
  readonly name: string | null
  /** `name type` that the page before ended with; `null`: from the first. */
  readonly after: string | null
  readonly limit: number
}

export type CacheAnswer = {
  readonly now: number
  readonly servers: readonly ServerStats[]
  readonly questions: {
    readonly asked: number
    readonly cached: number
    readonly shared: number
    readonly failed: number
    readonly stale: number
    readonly inFlight: number
    readonly waiting: number
  }
  /** How many there are, of which `entries` are a page. */
  readonly total: number
  readonly entries: readonly CacheView[]
}
