import type { Claims } from '../graph/claims.ts'
import type { Graph } from '../graph/graph.ts'
import type { Member, Region, Space } from './prove-space.ts'

/**
 * Which clients are internal, by the entry that holds: that of the login, else of the certificate, else the longest
 * network. Five members: of logins and of certificates who is named and who is internal, and the internal networks.
 */
export const internalMembers = ({ claims }: Graph): readonly Member[] => [
  named('login', claims.logins),
  internal('login', claims.logins),
  named('certificate', claims.certificates),
  internal('certificate', claims.certificates),
  { dimension: 'client', patterns: claims.clients.map(([network, isInternal]) => [network, isInternal] as const) },
]

type Rows = Claims['logins']
const named = (dimension: 'login' | 'certificate', rows: Rows = []): Member => ({
  dimension,
  patterns: rows.map(([pattern]) => [pattern, true] as const),
})
const internal = (dimension: 'login' | 'certificate', rows: Rows = []): Member => ({
  dimension,
  patterns: rows.map(([pattern, isInternal]) => [pattern, isInternal] as const),
})

/** The messages of a region whose client is not internal. `first`: number of the first of `internalMembers`. */
export function outsideOf(space: Space, first: number, region: Region): Region[] {
  const isIn = (member: number) => (state: number) => space.isIn(first + member, state)
  const [login, notLogin] = parted(region.login, isIn(0))
  const [certificate, notCertificate] = parted(region.certificate, isIn(2))
  const others = { ...region, login: notLogin }
  return [
    { ...region, login: login.filter((state) => !isIn(1)(state)) },
    { ...others, certificate: certificate.filter((state) => !isIn(3)(state)) },
    { ...others, certificate: notCertificate, client: region.client.filter((state) => !isIn(4)(state)) },
  ].filter(({ login, certificate, client }) => [login, certificate, client].every((list) => list.length > 0))
}

/** Those of a region who come from outside, not logged in and without a certificate: mail of the world. */
export const strangersOf = (space: Space, first: number, region: Region): Region => ({
  ...region,
  login: region.login.filter((state) => state === space.unsaid.login),
  certificate: region.certificate.filter((state) => state === space.unsaid.certificate),
  client: region.client.filter((state) => !space.isIn(first + 4, state)),
})

function parted<T>(list: readonly T[], isIn: (one: T) => boolean): readonly [T[], T[]] {
  return [list.filter(isIn), list.filter((one) => !isIn(one))]
}

/** What a proof about internal clients takes for granted. */
export function internalAssumptions({ claims, control }: Graph): string[] {
  const found: string[] = []
  if (control.srs !== undefined)
    found.push(
      `only this gateway makes return addresses of ${control.srs.domain} that it believes (srs): who has one reaches the sender that it was made from, for ${control.srs.validDays} days`,
    )
  if (claims.clients.some(([, isInternal]) => isInternal))
    found.push(
      'clients in internal networks are really those hosts: no bridge, proxy or NAT shows strangers with their addresses',
    )
  const of = (rows: Rows = []) => rows.filter(([, isInternal]) => isInternal)
  const logins = of(claims.logins)
  if (logins.length > 0)
    found.push(`whoever logs in as ${patterns(logins)} is who they say: no password is shared, guessed or stolen`)
  const certificates = of(claims.certificates)
  if (certificates.length > 0)
    found.push(`whoever shows a certificate of ${owners(certificates)} is its owner: no key is shared or stolen`)
  return found
}

const shown = 5
function patterns(rows: NonNullable<Rows>): string {
  const names = rows.map(([pattern]) => (pattern === '*' ? 'anybody' : pattern))
  const some = names.length > shown ? [...names.slice(0, shown - 1), `${names.length - shown + 1} more`] : names
  return `${some.join(', ')} (${owners(rows)})`
}

/** `clients.staff.logins["joe"]` is said of `client staff`. */
function owners(rows: NonNullable<Rows>): string {
  const names = new Set(rows.map(([, , at]) => /^clients\.([^.[]+)/.exec(at)?.[1] ?? at))
  return `client ${[...names].join(', ')}`
}
