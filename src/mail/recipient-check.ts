import type { SecretRef } from './settings.ts'

/**
 * How it is found out at RCPT whether a recipient of ours exists. `id` names it in the graph, in logs and in commands.
 * Answers are remembered: `positiveMs` for one that exists, `negativeMs` for one that does not, and one that existed for
 * `staleMs` more while nobody can be asked.
 */
export type RecipientCheckSettings = {
  readonly id: string
  /** Patterns of our domains that it is asked for, sorted. Of others it says nothing, whoever asks. */
  readonly domains: readonly string[]
  /** For one question, all servers and commands together. */
  readonly timeoutMs: number
  readonly positiveMs: number
  readonly negativeMs: number
  readonly staleMs: number
  /** Addresses that are remembered; more push out the oldest. */
  readonly entries: number
} & (LdapRecipients | HttpRecipients | CalloutRecipients)

export type LdapRecipients = {
  readonly kind: 'ldap'
  /** `ldap://host:389` or `ldaps://host:636`, in order of preference. */
  readonly urls: readonly string[]
  readonly startTls: boolean
  readonly ca: string | null
  readonly base: string
  readonly scope: 'base' | 'one' | 'sub'
  /** With `{address}`, `{localPart}` or `{domain}`, which are escaped. An entry that it finds is a recipient. */
  readonly filter: string
  /** `null`: anonymous. */
  readonly bind: { readonly dn: string; readonly password: SecretRef } | null
  readonly connections: number
}

export type HttpRecipients = {
  readonly kind: 'http'
  readonly url: string
  readonly header: { readonly name: string; readonly value: SecretRef } | null
  readonly ca: string | null
}

/** The next hop that the route names is asked, as far as RCPT. */
export type CalloutRecipients = {
  readonly kind: 'callout'
  /** Recipients that one next hop is asked about within a minute; what is more cannot be found out. */
  readonly perMinute: number
}

/** The secrets that a check needs. */
export function secretsOfCheck(check: RecipientCheckSettings): readonly SecretRef[] {
  switch (check.kind) {
    case 'ldap':
      return check.bind === null ? [] : [check.bind.password]
    case 'http':
      return check.header === null ? [] : [check.header.value]
    case 'callout':
      return []
  }
}
