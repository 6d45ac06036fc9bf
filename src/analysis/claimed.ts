import type { Claims } from '../graph/claims.ts'
import { contains, parseBlock } from '../graph/network.ts'
import { coveringPatterns, isSearchable } from '../graph/pattern.ts'
import { type IpAddress, ipBytes } from '../mail/ip.ts'

/** True when the longest of the claimed networks around this client is internal. */
export function isInternalBy({ clients }: Claims, client: IpAddress): boolean {
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
