import { isIP } from 'node:net'
import { mxHostPrefix, type NextHopSettings, ofMxHosts } from '../mail/next-hop-settings.ts'
import { readMatch } from '../mail/reply-match.ts'
import { nextHopContent } from './check-copies.ts'
import { isSorted } from './check-order.ts'
import { patternCheck } from './check-pattern.ts'
import type { Control } from './control.ts'
import { type Check, listOf, oneOf, record, ShapeError, text, whole } from './shape.ts'

const name = text(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'a name')
const hostname = text(/^[a-z0-9_.-]{1,255}$|^\[[0-9a-zA-Z.:]{2,50}\]$/, 'a host name')
const ms = whole(1000, Number.MAX_SAFE_INTEGER)
const rate = record({ most: whole(1, 1_000_000_000), perMs: ms })

const match: Check = (value, where) => {
  const read = typeof value === 'string' ? readMatch(value) : null
  if (!read?.ok) throw new ShapeError(where, 'a pattern of replies', value)
}

const deeds = new Map<unknown, Check>([
  ['back-off', record({ kind: () => {}, forMs: ms })],
  ['slow', record({ kind: () => {}, rate, forMs: ms })],
  ['suspend', record({ kind: () => {}, forMs: ms })],
])
const deed: Check = (value, where) => {
  const check = deeds.get((value as { kind?: unknown } | null)?.kind)
  if (check === undefined) throw new ShapeError(where, 'back-off, slow or suspend', value)
  check(value, where)
}

/** What may stand beside the other keys of a relay, and in a destination. */
export const nextHop: Readonly<Record<string, Check>> = {
  rate,
  messagesPerConnection: whole(1, 1_000_000),
  recipientsPerMessage: whole(1, 1_000_000),
  egress: name,
  ...nextHopContent,
  reactions: listOf(record({ match, do: deed }), 1000),
  retry: name,
  dsn: oneOf('never'),
}

const domain: Check = (value, where) => {
  const text = typeof value === 'string' && value.startsWith(mxHostPrefix) ? value.slice(mxHostPrefix.length) : value
  patternCheck('recipient')(text, where)
  if (String(text).includes('@')) throw new ShapeError(where, 'a domain pattern', value)
}

export const destinations: Check = listOf(
  record({ pattern: domain }, { connections: whole(1, 1_000_000), ...nextHop }),
  100_000,
)

const address: Check = (value, where) => {
  if (typeof value !== 'string' || isIP(value) === 0) throw new ShapeError(where, 'an address', value)
}
const networks = listOf(patternCheck('client'), 10_000)

export const egress: Check = listOf(
  record(
    { name, addresses: listOf(record({ address }, { weight: whole(1, 1_000_000), hostname }), 10_000) },
    { hostname, sameAsListener: record({}, { within: networks, except: networks }) },
  ),
  1000,
)

/** What the parts say of each other. Throws `ShapeError`. */
export function checkNextHops({ destinations = [], egress = [], relays }: Control, where: string): void {
  if (!isSorted(destinations.map(({ pattern }) => pattern)))
    throw new ShapeError(`${where}.destinations`, 'patterns sorted, each once', destinations)
  if (!isSorted(egress.map(({ name }) => name)))
    throw new ShapeError(`${where}.egress`, 'names sorted, each once', egress)
  const pools = new Set(egress.map(({ name }) => name))
  for (const { pattern, ...one } of destinations) {
    if (!pattern.startsWith(mxHostPrefix)) continue
    const suspends = one.reactions?.some(({ do: { kind } }) => kind === 'suspend') === true
    if (suspends || Object.keys(one).some((key) => !ofMxHosts.has(key)))
      throw new ShapeError(`${where}.destinations`, 'what can be said of MX hosts', pattern)
  }
  for (const one of [...relays, ...destinations] satisfies readonly NextHopSettings[]) {
    if (one.egress !== undefined && !pools.has(one.egress))
      throw new ShapeError(`${where}.egress`, `a pool called ${one.egress}`, null)
  }
}
