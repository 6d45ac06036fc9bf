import type { ClientEntry, Document } from '../config/document.ts'
import type { BoxEntry, ClaimEntry, SomeEntry } from '../config/document-claims.ts'
import { type Box, type PatternSet, unsaid } from '../graph/box.ts'
import type { Claim, Claims } from '../graph/claims.ts'
import { coveringBlocks } from '../graph/network.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import { foldPattern } from './deny.ts'

/** What the document says of itself for proofs: its clients, its domains, and what must hold. */
export function claimsOf(document: Document): Claims {
  const { relaying } = document
  const clients = clientRows(document.clients)
  const logins = rowsOf(document.clients, ({ logins = [] }) => logins.map(({ login, at }) => [login, at]))
  const certificates = rowsOf(document.clients, ({ certificates = [] }) =>
    certificates.map(({ certificate, at }) => [certificate, at]),
  )
  return {
    clients,
    ...(logins.length === 0 ? {} : { logins }),
    ...(certificates.length === 0 ? {} : { certificates }),
    domains: document.domains
      .map(({ pattern, kind, at }) => [pattern, kind, at] as const)
      .sort(([a], [b]) => byCodeUnits(a, b)),
    rules: [...document.deny, ...document.dnsbl, ...(document.checks ?? [])].map(({ at }) => at).sort(byCodeUnits),
    openRelay: relaying.kind === 'open' ? { reason: relaying.reason, until: relaying.until, at: relaying.at } : null,
    prove: document.prove.map((entry) => claimOf(entry, { clients, logins, certificates })),
  }
}

const clientRows = (clients: readonly ClientEntry[]): Claims['clients'] =>
  rowsOf(clients, ({ networks }) => networks.map(({ network, at }) => [network, at]))

function rowsOf(
  clients: readonly ClientEntry[],
  patternsOf: (client: ClientEntry) => readonly (readonly [pattern: string, at: string])[],
): Claims['clients'] {
  const rows = new Map<string, Claims['clients'][number]>()
  for (const client of clients) {
    // Of a pattern that is written twice the first stays, as in the tables.
    for (const [pattern, at] of patternsOf(client))
      if (!rows.has(pattern)) rows.set(pattern, [pattern, client.internal, at])
  }
  return [...rows.values()].sort(([a], [b]) => byCodeUnits(a, b))
}

/** A claim with the networks that its `internal` stands for. */
export function claimOf(entry: ClaimEntry, who: Identities): Claim {
  if (!('box' in entry)) return entry
  return { ...entry, box: boxOf(entry.box, who) }
}

type Identities = Pick<Claims, 'clients' | 'logins' | 'certificates'>

function boxOf(entry: BoxEntry, { clients, logins = [], certificates = [] }: Identities): Box {
  const { listeners, client, internal, tls, helo, sender, recipient, overBytes, upToBytes, dnsbl } = entry
  const given = client === null ? null : patternSet(client, everyAddress)
  const fold = ({ in: meant, except }: SomeEntry): SomeEntry => ({
    in: meant?.map(foldPattern) ?? null,
    except: except.map(foldPattern),
  })
  return {
    listeners: listeners === null ? null : [...new Set(listeners)].sort(byCodeUnits),
    clients: internal === null ? given : within(given, clientsThatAre(internal, clients), smallerBlock),
    senders: sender === null ? null : patternSet(fold(sender), everySender),
    recipients: recipient === null ? null : patternSet(fold(recipient), ['*']),
    sizes: overBytes === null && upToBytes === null ? null : [{ overBytes, upToBytes }],
    hops: null,
    oracles: Object.fromEntries(
      [...dnsbl]
        .sort(([a], [b]) => byCodeUnits(a, b))
        .map(([id, outcomes]) => [`dnsbl.${id}`, [...new Set(outcomes)].sort(byCodeUnits)]),
    ),
    ...(tls === undefined ? {} : { tls }),
    ...keyed('logins', namesOf(entry.login, internal, logins)),
    ...keyed('certificates', namesOf(entry.certificate, internal, certificates)),
    ...keyed('helos', namesOf(helo, null, [])),
  }
}

const keyed = <K extends string>(key: K, set: PatternSet | null): { readonly [key in K]?: PatternSet } =>
  set === null ? {} : ({ [key]: set } as { readonly [key in K]?: PatternSet })

/** The names that are meant, of clients that are internal or not; `null`: any. */
function namesOf(given: SomeEntry | undefined, internal: boolean | null, rows: Claims['clients']): PatternSet | null {
  const meant = given === undefined ? null : patternSet(given, ['*', unsaid])
  if (internal === null || rows.length === 0) return meant
  return within(meant, namesThatAre(internal, rows), smallerName).flatMap(({ pattern, except }) =>
    except.some((one) => isInside(pattern, one))
      ? []
      : [{ pattern, except: except.filter((one) => isInside(one, pattern)) }],
  )
}

/**
 * A login or certificate goes before the network. Internal are here the networks, of whoever is known by nothing else;
 * not internal is whom neither makes so.
 */
function namesThatAre(internal: boolean, rows: Claims['clients']): PatternSet {
  const isOut = internal ? rows : rows.filter(([, isInternal]) => isInternal)
  const out = new Set(isOut.map(([pattern]) => pattern))
  const others = internal ? [] : rows.flatMap(([pattern, isInternal]) => (isInternal ? [] : [pattern]))
  const patterns = [...new Set(['*', ...others])].filter((pattern) => !out.has(pattern)).sort(byCodeUnits)
  return [
    ...patterns.map((pattern) => ({
      pattern,
      except: [...out].filter((one) => one !== pattern && isInside(one, pattern)).sort(byCodeUnits),
    })),
    { pattern: unsaid, except: [] },
  ]
}

/** What the one matches the other matches, too. Nothing said is its own pattern, and inside of no other. */
const isInside = (one: string, pattern: string): boolean =>
  one === pattern ||
  (one !== unsaid &&
    (pattern === '*' || (pattern.startsWith('*@') && !one.startsWith('*') && one.endsWith(pattern.slice(1)))))

const smallerName = (a: string, b: string): string | null => (isInside(a, b) ? a : isInside(b, a) ? b : null)

const everyAddress = ['0.0.0.0/0', '::/0']
const everySender = ['*', '<>']

function patternSet({ in: meant, except }: SomeEntry, all: readonly string[]): PatternSet {
  const without = [...new Set(except)].sort(byCodeUnits)
  return [...new Set(meant ?? all)].sort(byCodeUnits).map((pattern) => ({ pattern, except: without }))
}

/**
 * The addresses whose longest network says `internal`, as parts that do not overlap: each network that says so, without
 * the networks inside of it that begin a part of their own or say otherwise.
 */
function clientsThatAre(internal: boolean, clients: Claims['clients']): PatternSet {
  const says = new Map(clients.map(([network, isInternal]) => [network, isInternal]))
  for (const network of everyAddress) if (!says.has(network)) says.set(network, false)
  const lengths = new Set([...says.keys()].map((network) => Number(network.slice(network.indexOf('/') + 1))))
  const inside = new Map<string, string[]>([...says.keys()].map((network) => [network, []]))
  for (const network of says.keys()) {
    const around = coveringBlocks(network, lengths).find((block) => block !== network && says.has(block))
    if (around !== undefined) inside.get(around)!.push(network)
  }
  return [...says]
    .filter(([, isInternal]) => isInternal === internal)
    .map(([network]) => ({ pattern: network, except: inside.get(network)!.sort(byCodeUnits) }))
    .sort((a, b) => byCodeUnits(a.pattern, b.pattern))
}

/** Both sets at once. Patterns are nested or disjoint, so the smaller of two (`null`: of disjoint ones) is what they share. */
function within(
  given: PatternSet | null,
  set: PatternSet,
  smaller: (a: string, b: string) => string | null,
): PatternSet {
  if (given === null) return set
  const parts = given.flatMap((a) =>
    set.flatMap((b) => {
      const pattern = smaller(a.pattern, b.pattern)
      const except = [...new Set([...a.except, ...b.except])].sort(byCodeUnits)
      return pattern === null ? [] : [{ pattern, except }]
    }),
  )
  return parts.sort((a, b) => byCodeUnits(a.pattern, b.pattern))
}

function smallerBlock(a: string, b: string): string | null {
  const bits = (block: string) => Number(block.slice(block.indexOf('/') + 1))
  const [outer, inner] = bits(a) <= bits(b) ? [a, b] : [b, a]
  return coveringBlocks(inner, new Set([bits(outer)])).includes(outer) ? inner : null
}
