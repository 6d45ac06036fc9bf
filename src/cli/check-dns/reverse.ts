import type { Answer } from '../../dns/answer.ts'
import { isHostName } from '../../dns/name.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import type { IpAddress } from '../../mail/ip.ts'
import { type Finding, findings } from './finding.ts'
import { askForwards, type Forward, failureOf, forwardText, leadsTo } from './forward.ts'

/** The names of an address, and where those lead. */
export type Reverse = {
  readonly address: IpAddress
  readonly names: Answer<readonly string[]>
  readonly forwards: ReadonlyMap<string, Forward>
}

/** More names of one address are not looked up by anybody (RFC 7208 §5.5). */
const mostNames = 10

export async function askReverse(
  resolver: Pick<CachingResolver, 'ptr' | 'a' | 'aaaa'>,
  address: IpAddress,
): Promise<Reverse> {
  const names = await resolver.ptr(address)
  const hosts = names.kind === 'found' ? names.value.filter(isHostName).slice(0, mostNames) : []
  return { address, names, forwards: await askForwards(resolver, hosts) }
}

/**
 * The address has a name that leads back to it (RFC 8601 §3, "iprev"), and it is the name of the greeting: large
 * receivers refuse the first, and distrust who calls himself something else.
 */
export function compareReverse({ address, names, forwards }: Reverse, greeted: readonly string[]): readonly Finding[] {
  const finding = findings('reverse', address, 'a name that leads back to the address')
  if (names.kind === 'failed') return [finding('cannot tell', names.why)]
  if (names.kind === 'none') return [finding('problem', 'no name')]
  if (forwards.size === 0) return [finding('problem', `${names.value.join(', ')}, which is no name of a host`)]
  const back = [...forwards].filter(([, forward]) => leadsTo(forward, address) === true).map(([name]) => name)
  const unknown = [...forwards].filter(([, forward]) => leadsTo(forward, address) === null)
  const all = [...forwards].map(([name, forward]) => `${name} (${forwardText(forward)})`).join(', ')
  if (back.length === 0 && unknown.length > 0) return [finding('cannot tell', failureOf(unknown[0]![1]) ?? all)]
  if (back.length === 0) return [finding('problem', all)]
  const open = new Set(unknown.map(([name]) => name))
  return [finding('ok', back.join(', ')), ...greeted.map((name) => greetingFinding(address, name, back, open))]
}

function greetingFinding(
  address: IpAddress,
  hostname: string,
  back: readonly string[],
  unknown: ReadonlySet<string>,
): Finding {
  const finding = findings('greeting', `${hostname} at ${address}`, `the name of the address, ${hostname}`)
  const name = hostname.toLowerCase()
  if (back.includes(name)) return finding('ok', name)
  if (unknown.has(name)) return finding('cannot tell', `${name}, whose addresses could not be looked up`)
  return finding('warning', back.join(', '))
}
