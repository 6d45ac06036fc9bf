/**
 * `ok`           it is as it should be
 * `warning`      mail works, and somebody should look at it
 * `problem`      mail is refused or lost by it
 * `cannot tell`  nobody answered; never said of anything that is known
 * `skipped`      the DNS of the internet cannot know of it
 */
export const levels = ['ok', 'warning', 'problem', 'cannot tell', 'skipped'] as const
export type Level = (typeof levels)[number]

/** What was looked at, what it should be, and what the DNS said of it. */
export type Finding = {
  readonly level: Level
  readonly check: 'host' | 'reverse' | 'greeting' | 'mx' | 'spf' | 'dkim' | 'mta-sts' | 'tlsrpt' | 'tlsa' | 'dnsbl'
  /** The address, name, domain or list. */
  readonly of: string
  readonly wanted: string
  readonly came: string
}

/** `assumed` is what the findings rest on and no document says. */
export type DnsReport = { readonly findings: readonly Finding[]; readonly assumed: readonly string[] }

/** The levels that a finding may get, for one thing that is looked at. */
export const findings =
  (check: Finding['check'], of: string, wanted: string) =>
  (level: Level, came: string): Finding => ({ level, check, of, wanted, came })
