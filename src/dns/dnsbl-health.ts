import { parseIp } from '../mail/ip.ts'
import type { Resolver } from './answer.ts'
import { type DnsblList, judge } from './dnsbl.ts'
import { reversed } from './reverse-name.ts'

/**
 * `healthy`  the test entries are as RFC 5782 §5 has them
 * `silent`   127.0.0.2 is not listed: the list is empty or gone, and lets everybody pass
 * `greedy`   127.0.0.1 is listed: the list lists everybody, as lists do that were shut down
 * `unknown`  nobody could tell
 */
export type DnsblHealth = {
  readonly state: 'healthy' | 'silent' | 'greedy' | 'unknown'
  /** For a person. */
  readonly why: string
}

/** Looks at the test entries that every list of addresses has to have (RFC 5782 §5). */
export async function checkDnsbl(resolver: Resolver, { zone, codes }: DnsblList): Promise<DnsblHealth> {
  const [listed, clear] = await Promise.all(
    ['127.0.0.2', '127.0.0.1'].map(async (address) =>
      judge(await resolver.a(`${nameOf(address)}.${zone}`), { zone, codes }),
    ),
  )
  if (clear!.outcome === 'listed') return { state: 'greedy', why: `${zone} lists 127.0.0.1, which no list may` }
  const error = [listed!, clear!].find(({ outcome }) => outcome === 'error')
  if (error !== undefined) return { state: 'unknown', why: error.reason! }
  if (listed!.outcome === 'listed') return { state: 'healthy', why: `${zone} lists 127.0.0.2 and not 127.0.0.1` }
  return { state: 'silent', why: `${zone} does not list 127.0.0.2 with a code that counts` }
}

function nameOf(text: string): string {
  const address = parseIp(text)
  if (!address.ok) throw new Error(address.error)
  return reversed(address.value)
}
