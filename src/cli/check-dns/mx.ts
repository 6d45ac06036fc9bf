import type { Answer, MxRecord } from '../../dns/answer.ts'
import { isHostName } from '../../dns/name.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import type { Domain } from '../../mail/domain.ts'
import { type Finding, findings } from './finding.ts'
import { addressesOf, askForward, askForwards, type Forward, failureOf, forwardText } from './forward.ts'
import type { Ours } from './ours.ts'

export type MxAsked = {
  readonly domain: string
  readonly records: Answer<readonly MxRecord[]>
  /** Addresses of the domain itself, which count where it has no MX (RFC 5321 §5.1); `null`: not asked. */
  readonly own: Forward | null
  readonly hosts: ReadonlyMap<string, Forward>
}

/** More hosts of one domain are not looked up. */
const mostHosts = 50

export async function askMx(resolver: Pick<CachingResolver, 'mx' | 'a' | 'aaaa'>, domain: Domain): Promise<MxAsked> {
  const records = await resolver.mx(domain)
  const names = records.kind === 'found' ? records.value.map(({ exchange }) => exchange).filter(isHostName) : []
  const hosts = await askForwards(resolver, names.slice(0, mostHosts))
  const own = records.kind === 'none' && !records.nxdomain ? await askForward(resolver, domain) : null
  return { domain, records, own, hosts }
}

/** Mail for the domain comes to us. */
export function compareMx({ domain, records, own, hosts }: MxAsked, ours: Pick<Ours, 'names' | 'addresses'>): Finding {
  const finding = findings('mx', domain, 'an MX that is one of our names or leads to one of our addresses')
  if (records.kind === 'failed') return finding('cannot tell', records.why)
  if (records.kind === 'none') {
    if (records.nxdomain) return finding('problem', 'the domain does not exist')
    return withoutMx(finding, own, ours)
  }
  // RFC 7505 §3: alone. Beside others it means nothing.
  if (records.value.every(({ exchange }) => exchange === '')) {
    return finding('problem', 'a null MX: the domain says that it takes no mail')
  }
  const judged = records.value
    .filter(({ exchange }) => exchange !== '')
    .sort((one, other) => one.preference - other.preference)
    .map(({ preference, exchange }) => ({ preference, exchange, is: judge(exchange, hosts.get(exchange), ours) }))
  const came = judged.map(({ preference, exchange, is }) => `${preference} ${exchange} (${words[is]})`).join(', ')
  const has = (wanted: Standing) => judged.some(({ is }) => is === wanted)
  const isBroken = has('no host') || has('no address')
  if (has('ours')) return finding(isBroken ? 'warning' : 'ok', came)
  if (has('unknown')) return finding('cannot tell', came)
  return finding(has('elsewhere') || has('foreign') ? 'warning' : 'problem', came)
}

type Standing = 'ours' | 'elsewhere' | 'foreign' | 'unknown' | 'no host' | 'no address'
const words: Readonly<Record<Standing, string>> = {
  ours: 'ours',
  elsewhere: 'our name, at addresses that are not ours',
  foreign: 'not ours',
  unknown: 'its addresses could not be looked up',
  'no host': 'no name of a host',
  'no address': 'no address',
}

function judge(
  exchange: string,
  forward: Forward | undefined,
  { names, addresses }: Pick<Ours, 'names' | 'addresses'>,
): Standing {
  if (!isHostName(exchange)) return 'no host'
  if (forward === undefined) return 'unknown'
  const found = addressesOf(forward)
  if (found.some((address) => addresses.has(address))) return 'ours'
  if (failureOf(forward) !== null) return 'unknown'
  if (found.length === 0) return 'no address'
  if (!names.has(exchange)) return 'foreign'
  // Behind an address translation no address of ours is known, and the name has to do.
  return addresses.size === 0 ? 'ours' : 'elsewhere'
}

function withoutMx(
  finding: ReturnType<typeof findings>,
  own: Forward | null,
  { addresses }: Pick<Ours, 'addresses'>,
): Finding {
  if (own === null) return finding('cannot tell', 'no MX, and its addresses were not asked for')
  const found = addressesOf(own)
  const came = `no MX, and the domain itself has ${forwardText(own)}`
  if (found.some((address) => addresses.has(address))) return finding('ok', `${came} (ours)`)
  if (failureOf(own) !== null) return finding('cannot tell', `no MX, and ${failureOf(own)}`)
  return found.length === 0 ? finding('problem', 'neither MX nor address') : finding('warning', `${came} (not ours)`)
}
