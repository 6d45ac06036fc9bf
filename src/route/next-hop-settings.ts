import type { Control } from '../graph/control.ts'
import { coveringPatterns, isSearchable } from '../graph/pattern.ts'
import type { NextHop } from '../mail/next-hop.ts'
import type { DestinationSettings, NextHopSettings } from '../mail/next-hop-settings.ts'
import { assertNever } from '../mail/result.ts'

const nothing: NextHopSettings = {}

/**
 * What the graph says of one next hop: of a relay its own; of MX hosts what `destinations` has for the domain, of hosts
 * that a row names what it has for the first of them. The most specific pattern counts, and it alone. `{}`: nothing.
 */
export function settingsOf(nextHop: NextHop, control: Control): NextHopSettings {
  switch (nextHop.kind) {
    case 'relay':
      return nextHop.relay
    case 'mx':
      return control.destinations === undefined ? nothing : ofDomain(nextHop.domain, control)
    case 'hosts':
      return control.destinations === undefined ? nothing : ofDomain(nextHop.hosts[0]?.host ?? '', control)
    case 'maildir':
      return nothing
    default:
      return assertNever(nextHop)
  }
}

const indexes = new WeakMap<Control, ReadonlyMap<string, DestinationSettings>>()

function ofDomain(domain: string, control: Control): NextHopSettings {
  let rows = indexes.get(control)
  if (rows === undefined) {
    rows = new Map((control.destinations ?? []).map((row) => [row.pattern, row]))
    indexes.set(control, rows)
  }
  // A literal or an address has no labels that mean anything: `*` alone is for it.
  const isName = isSearchable(domain) && !/^[\d.]+$|[:[]/.test(domain)
  for (const pattern of isName ? coveringPatterns(domain) : ['*']) {
    const row = rows.get(pattern)
    if (row !== undefined) return row
  }
  return nothing
}
