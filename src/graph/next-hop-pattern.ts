import { coveringPatterns, isSearchable } from './pattern.ts'

/**
 * Which next hops a text means, by their names (`nextHopName`): `*` all of them, `mx:dst.example`, `mx:*.example` and
 * `mx:*` those found by MX, anything else with a colon the one of that name (`relay:isp`); without a colon the pattern of
 * a domain, as if `mx:` stood before it.
 */
export function nextHopTest(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true
  const domain = pattern.includes(':') ? pattern.replace(/^mx:/, '') : pattern
  const isDomain = !pattern.includes(':') || pattern.startsWith('mx:')
  if (!isDomain) return (name) => name === pattern
  return (name) => {
    if (!name.startsWith('mx:')) return false
    // In a lab the port stands behind the domain.
    const of = name.slice(3)
    const bare = of.startsWith('[') ? of : of.replace(/:\d+$/, '')
    if (of === domain || bare === domain || domain === '*') return true
    return domain.startsWith('*.') && isSearchable(bare) && coveringPatterns(bare).includes(domain) && bare !== domain
  }
}
