import type { Control } from '../graph/control.ts'
import { coveringPatterns, isSearchable } from '../graph/pattern.ts'
import type { NextHop } from '../mail/next-hop.ts'
import { type DestinationSettings, mxHostPrefix, type NextHopSettings } from '../mail/next-hop-settings.ts'
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

/**
 * What the graph says of all next hops together whose nearest MX host is `host`; `null`: nothing. A domain that has a
 * row of its own is none of them.
 */
export function siteOf(nextHop: NextHop, host: string, control: Control): DestinationSettings | null {
  if (nextHop.kind !== 'mx' || control.destinations === undefined) return null
  const { rows, hasHosts } = indexOf(control)
  if (!hasHosts || !isSearchable(host)) return null
  const own: Partial<DestinationSettings> = ofDomain(nextHop.domain, control)
  if (own.pattern !== undefined && own.pattern !== '*') return null
  for (const pattern of coveringPatterns(host)) {
    const row = rows.get(`${mxHostPrefix}${pattern}`)
    if (row !== undefined) return row
  }
  return null
}

type Index = { readonly rows: ReadonlyMap<string, DestinationSettings>; readonly hasHosts: boolean }

const indexes = new WeakMap<Control, Index>()

function indexOf(control: Control): Index {
  let index = indexes.get(control)
  if (index === undefined) {
    const { destinations = [] } = control
    index = {
      rows: new Map(destinations.map((row) => [row.pattern, row])),
      hasHosts: destinations.some(({ pattern }) => pattern.startsWith(mxHostPrefix)),
    }
    indexes.set(control, index)
  }
  return index
}

function ofDomain(domain: string, control: Control): NextHopSettings {
  const { rows } = indexOf(control)
  // A literal or an address has no labels that mean anything: `*` alone is for it.
  const isName = isSearchable(domain) && !/^[\d.]+$|[:[]/.test(domain)
  for (const pattern of isName ? coveringPatterns(domain) : ['*']) {
    const row = rows.get(pattern)
    if (row !== undefined) return row
  }
  return nothing
}
