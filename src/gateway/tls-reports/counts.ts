import type { PublishedPolicy, TlsResult } from '../../egress/tls-policy/policy.ts'
import type { FailureDetails, PolicyResult } from '../../message/tls-report.ts'

/** What is kept of a day at most: domains are whoever mail goes to. What is beyond it is not reported. */
const maxDomains = 10_000
const maxPolicies = 5
const maxDetails = 50
const maxDetailText = 300

/** One policy of one domain on one day, as it stands in the file. */
export type CountRecord = PolicyResult & { readonly day: string }

type Counted = {
  readonly published: PublishedPolicy
  successes: number
  failures: number
  readonly details: Map<string, FailureDetails>
}

/** The day in UTC, such as `2026-01-31`: reports cover whole days of UTC (RFC 8460 §4.1). */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export const startOfDay = (day: string): number => Date.parse(`${day}T00:00:00Z`)

/** How TLS went, by day and domain. */
export class TlsCounts {
  /** Since it was written last. */
  changed = false
  private readonly days = new Map<string, Map<string, Counted[]>>()

  add({ published, failure, host, from }: TlsResult, now: number): void {
    const counted = this.counted(dayOf(now), published)
    if (counted === null) return
    this.changed = true
    if (failure === null) {
      counted.successes++
      return
    }
    counted.failures++
    const key = [failure.type, host.name, host.address, from ?? ''].join(' ')
    const known = counted.details.get(key)
    if (known !== undefined) counted.details.set(key, { ...known, sessions: known.sessions + 1 })
    else if (counted.details.size < maxDetails) {
      counted.details.set(key, {
        type: failure.type,
        sendingIp: from,
        mx: host.name,
        receivingIp: from === null ? null : host.address,
        sessions: 1,
        reason: failure.detail.slice(0, maxDetailText),
      })
    }
  }

  /** Days that are over at `now`, oldest first. */
  finished(now: number): string[] {
    const today = dayOf(now)
    return [...this.days.keys()].filter((day) => day < today).sort()
  }

  domains(day: string): string[] {
    return [...(this.days.get(day)?.keys() ?? [])]
  }

  results(day: string, domain: string): PolicyResult[] {
    return (this.days.get(day)?.get(domain) ?? []).map(resultOf)
  }

  drop(day: string, domain: string): void {
    const domains = this.days.get(day)
    if (domains?.delete(domain)) this.changed = true
    if (domains?.size === 0) this.days.delete(day)
  }

  *records(): Generator<CountRecord> {
    for (const [day, domains] of this.days) {
      for (const policies of domains.values()) for (const one of policies) yield { day, ...resultOf(one) }
    }
  }

  restore(records: Iterable<CountRecord>): void {
    for (const { day, type, domain, text, mx, successes, failures, details } of records) {
      const counted = this.counted(day, { type, domain, text, mx })
      if (counted === null) continue
      counted.successes += successes
      counted.failures += failures
      for (const [i, one] of details.slice(0, maxDetails).entries()) {
        const key = [one.type, one.mx ?? '', one.receivingIp ?? '', one.sendingIp ?? ''].join(' ')
        counted.details.set(counted.details.has(key) ? `${key} ${i}` : key, one)
      }
    }
  }

  private counted(day: string, published: PublishedPolicy): Counted | null {
    let domains = this.days.get(day)
    if (domains === undefined) {
      domains = new Map()
      this.days.set(day, domains)
    }
    let policies = domains.get(published.domain)
    if (policies === undefined) {
      if (domains.size >= maxDomains) return null
      policies = []
      domains.set(published.domain, policies)
    }
    const known = policies.find((one) => isSame(one.published, published))
    if (known !== undefined) return known
    if (policies.length >= maxPolicies) return null
    const counted: Counted = { published, successes: 0, failures: 0, details: new Map() }
    policies.push(counted)
    return counted
  }
}

const resultOf = ({ published, successes, failures, details }: Counted): PolicyResult => ({
  ...published,
  successes,
  failures,
  details: [...details.values()],
})

const isSame = (a: PublishedPolicy, b: PublishedPolicy): boolean =>
  a.type === b.type && a.text.join('\n') === b.text.join('\n') && a.mx.join('\n') === b.mx.join('\n')
