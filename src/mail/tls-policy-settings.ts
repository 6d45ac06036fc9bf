/** What is asked of the owners of hosts before mail goes to them. Every key is absent where it has its default. */
export type TlsPolicySettings = {
  /** DANE (RFC 7672) is on unless this says otherwise. */
  readonly dane?: false
  /** MTA-STS (RFC 8461) is on, with policies at port 443, unless this says otherwise. */
  readonly mtaSts?: false | { readonly port: number }
  /** Domain patterns, sorted: what the owners of these have published does not count. */
  readonly except?: readonly string[]
  /** File of more authorities (PEM) that vouch for hosts and for the servers of policies. */
  readonly ca?: string
}

/** Whether one of the patterns covers the name: itself, `*.` and any name above it, or `*`. */
export function isExcepted(name: string, patterns: readonly string[] = []): boolean {
  if (patterns.length === 0) return false
  if (patterns.includes(name) || patterns.includes('*')) return true
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    if (patterns.includes(`*${name.slice(dot)}`)) return true
  }
  return false
}

/** Who sends reports on TLS (RFC 8460), and in whose name. */
export type TlsReportSettings = {
  /** Mailbox that reports come from. */
  readonly from: string
  readonly contact: string
  readonly organization: string
}
