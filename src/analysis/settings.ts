import type { Claims } from '../graph/claims.ts'
import type { Graph, OracleNode } from '../graph/graph.ts'
import { oracleName } from '../graph/oracle.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import type { SettingChange } from './change-set.ts'

/**
 * What differs and is no decision about a message: the control section, the claims, and what an oracle asks (the plan
 * takes an oracle for the same as long as it has its name). Lists of named things are compared by name.
 */
export function settingChanges(before: Graph, after: Graph): SettingChange[] {
  const from = settingsOf(before)
  const to = settingsOf(after)
  const paths = [...new Set([...from.keys(), ...to.keys()])].filter((at) => from.get(at) !== to.get(at))
  return paths.sort(byCodeUnits).map((at) => ({ at, from: from.get(at) ?? null, to: to.get(at) ?? null }))
}

function settingsOf({ control, claims, nodes }: Graph): Map<string, string> {
  const found = new Map<string, string>()
  const {
    listeners,
    relays,
    recipientChecks = [],
    schedules = [],
    notifications = {},
    destinations = [],
    egress = [],
    ...rest
  } = control
  flatten('', rest, found)
  for (const { name, ...listener } of listeners) flatten(`listeners.${name}`, listener, found)
  for (const { id, ...check } of recipientChecks) flatten(`recipientChecks.${id}`, check, found)
  for (const { name, ...schedule } of schedules) flatten(`retry.schedules.${name}`, schedule, found)
  const { reasons = [], ...notices } = notifications
  flatten('notifications', notices, found)
  for (const { status, text } of reasons) found.set(`notifications.reasons.${status}`, text)
  for (const { pattern, ...one } of destinations) flatten(`destinations.${pattern}`, one, found)
  for (const { name, ...pool } of egress) flatten(`egress.${name}`, pool, found)
  for (const { name, ...relay } of relays) flatten(`relays.${name}`, relay, found)
  for (const node of nodes) {
    if (node.kind === 'oracle') oracleSettings(node, found)
  }
  claimSettings(claims, found)
  return found
}

function oracleSettings({ oracle }: OracleNode, found: Map<string, string>): void {
  for (const [key, value] of Object.entries(oracle)) {
    if (key !== 'kind' && key !== 'id') flatten(`${oracleName(oracle)}.${key}`, value, found)
  }
}

function claimSettings({ clients, domains, openRelay, prove }: Claims, found: Map<string, string>): void {
  for (const [network, isInternal] of clients) found.set(`clients ${network}`, isInternal ? 'internal' : 'not internal')
  for (const [pattern, kind] of domains) found.set(`domains ${pattern}`, kind)
  if (openRelay !== null) found.set('unsafeOpenRelay', `until ${openRelay.until}: ${openRelay.reason}`)
  for (const { at: _, ...claim } of prove) found.set(`prove ${JSON.stringify(claim)}`, 'claimed')
}

/** Values at their paths; a list of plain values is one value, as is a secret's reference and a host with its port. */
function flatten(path: string, value: unknown, found: Map<string, string>): void {
  if (typeof value === 'string' && value.includes('\n')) {
    // Of a long text a reader wants to see what differs.
    for (const [at, line] of value.split('\n').entries()) found.set(`${path} line ${at + 1}`, line)
    return
  }
  if (typeof value !== 'object' || value === null) {
    found.set(path, String(value))
    return
  }
  if (Array.isArray(value)) {
    found.set(path, value.map(oneText).join(', '))
    return
  }
  for (const [key, member] of Object.entries(value)) flatten(path === '' ? key : `${path}.${key}`, member, found)
}

function oneText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if ('host' in value && 'port' in value) return `${String(value.host)}:${String(value.port)}`
  return JSON.stringify(value)
}
