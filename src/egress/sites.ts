import type { Clock } from '../mail/clock.ts'
import type { NextHop } from '../mail/next-hop.ts'
import type { DestinationSettings } from '../mail/next-hop-settings.ts'
import type { HostToTry } from '../route/hosts.ts'
import type { Closed, SmtpSettings } from './dial.ts'
import type { Member } from './member.ts'
import { Site } from './site.ts'

export type SitesOptions = {
  readonly clock: Clock
  readonly settings: () => Pick<SmtpSettings, 'limits'>
  /** What the graph says of an MX host of a next hop; `null`: nothing. Absent: nothing of any. */
  readonly rowOf?: (nextHop: NextHop, host: string) => DestinationSettings | null
}

/** `later`: the site has no room now; who asks is to wait for it. */
export type Placing = Closed | { readonly kind: 'later' } | null

/** The sites of a carrier, by the patterns of the document. */
export class Sites {
  private readonly options: SitesOptions
  private readonly all = new Map<string, Site>()

  constructor(options: SitesOptions) {
    this.options = options
  }

  /**
   * The hosts of a next hop have been looked up for a connection, which counts already: says whether it may be made.
   * `null`: it may.
   */
  place(nextHop: NextHop, hosts: readonly HostToTry[], member: Member): Placing {
    const { shape } = member
    const site = this.of(nextHop, hosts)
    shape.join(site)
    if (site === null) return null
    const { resting } = site
    if (resting !== null) {
      const { until, why, reply } = resting
      return { kind: 'down', status: '4.4.5', why, reply, forMs: until - this.options.clock.now() }
    }
    if (site.isOver || shape.allowance(this.options.clock.now()) <= 0) return { kind: 'later' }
    site.members.add(member)
    return null
  }

  /** Of several that are equally near, the first: the load goes to all of them in turn. */
  private of(nextHop: NextHop, [nearest]: readonly HostToTry[]): Site | null {
    const row = nearest === undefined ? null : (this.options.rowOf?.(nextHop, nearest.name) ?? null)
    if (row === null) return null
    let site = this.all.get(row.pattern)
    if (site === undefined) {
      site = new Site(row, this.options.clock, this.options.settings)
      this.all.set(row.pattern, site)
    } else site.renew(row)
    return site
  }

  entries(): Iterable<readonly [name: string, site: Site]> {
    return this.all
  }

  /** Time has passed. */
  sweep(): void {
    for (const [name, site] of this.all) {
      if (site.isBlank) this.all.delete(name)
      else site.next()
    }
  }

  close(): void {
    for (const site of this.all.values()) site.close()
  }
}
