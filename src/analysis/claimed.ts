import type { Claims } from '../graph/claims.ts'
import type { Described } from '../graph/explanation.ts'
import { certificateRank, loginRank } from '../graph/name-rank.ts'
import { contains, parseBlock } from '../graph/network.ts'
import { coveringPatterns, isSearchable } from '../graph/pattern.ts'
import { type IpAddress, ipBytes } from '../mail/ip.ts'

/** True when the client entry that holds is internal: that of the login, else of the certificate, else of the network. */
export function isInternalBy(claims: Claims, { login, certificate, client }: Pick<Described, Identity>): boolean {
  const named =
    (login === null ? null : mostSpecific(claims.logins ?? [], login, loginRank)) ??
    (certificate === null ? null : mostSpecific(claims.certificates ?? [], certificate, certificateRank))
  return named ?? isInternalNetwork(claims, client)
}
/** True when the client entry of this login is internal. */
export const isInternalLoginBy = ({ logins = [] }: Claims, login: string | null): boolean =>
  login !== null && mostSpecific(logins, login, loginRank) === true

type Identity = 'login' | 'certificate' | 'client'

function mostSpecific(
  rows: NonNullable<Claims['logins']>,
  name: string,
  rankOf: (pattern: string, name: string) => number,
): boolean | null {
  let best = -1
  let found: boolean | null = null
  for (const [pattern, isInternal] of rows) {
    const rank = rankOf(pattern, name)
    if (rank <= best) continue
    best = rank
    found = isInternal
  }
  return found
}

/** True when the longest of the claimed networks around this client is internal. */
function isInternalNetwork({ clients }: Claims, client: IpAddress): boolean {
  const bytes = ipBytes(client)
  let longest = -1
  let found = false
  for (const [network, isInternal] of clients) {
    const block = parseBlock(network)!
    if (block.bits <= longest || !contains(block, bytes)) continue
    longest = block.bits
    found = isInternal
  }
  return found
}

/** True when the gateway answers for this domain. */
export function isOursBy({ domains }: Claims, domain: string): boolean {
  const patterns = new Set(domains.map(([pattern]) => pattern))
  return isSearchable(domain) ? coveringPatterns(domain).some((one) => patterns.has(one)) : patterns.has('*')
}
