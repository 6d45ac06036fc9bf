import type { Answer, MxRecord, Resolver } from '../dns/answer.ts'
import { isHostName } from '../dns/name.ts'
import { tlsaText } from '../dns/record-type.ts'
import type { CachingResolver } from '../dns/resolver.ts'
import { isConnectable } from '../dns/special-addresses.ts'
import type {
  AddressStanding,
  HopAddressView,
  HopHostView,
  HopOutcome,
  HopView,
  HostStanding,
  HostTlsView,
  MxView,
} from '../mail/hop-view.ts'
import { type IpAddress, parseIp } from '../mail/ip.ts'
import type { NextHop } from '../mail/next-hop.ts'
import type { HostsOptions } from './candidates.ts'
import { type HostsToTry, type HostToTry, hostsToTry } from './hosts.ts'
import { foundByMx } from './own-host.ts'

/** A next hop that has hosts. */
export type HostedHop = Exclude<NextHop, { kind: 'maildir' }>

export type HopViewOptions = HostsOptions & {
  readonly resolver: Resolver & Pick<CachingResolver, 'tlsa'>
  /** What TLS holds for a host. */
  readonly tlsOf: (nextHop: NextHop, host: HostToTry) => Promise<HostTlsView>
  /** Epoch ms until which the others are tried first; `null`: it is as good as they. */
  readonly shunnedUntil: (nextHop: NextHop, host: HostToTry) => number | null
}

/** Hosts that are looked at. A delivery looks no farther either. */
const mostHosts = 50

type Named = { readonly name: string; readonly port: number; readonly preference: number | null }

/**
 * The whole set of hosts of a next hop, and what an attempt would make of each. What is tried is what `hostsToTry` says,
 * and nothing is concluded a second time; this only tells of the others why they are not. Connects to nobody.
 */
export async function hopView(nextHop: HostedHop, given: HopViewOptions): Promise<HopView> {
  const options = nextHop.kind === 'mx' ? { ...given, isSelf: foundByMx(given.isSelf) } : given
  const [mx, named] = await namedHosts(nextHop, options)
  const tries = await hostsToTry(nextHop, options.resolver, options)
  const shown = named.slice(0, mostHosts)
  const hosts = await Promise.all(shown.map((host) => hostView(nextHop, host, tries, options)))
  const ours = Math.min(
    ...hosts.map(({ standing, preference }) => (standing === 'ours' ? (preference ?? Infinity) : Infinity)),
  )
  return {
    nextHop: nextHop.key,
    kind: nextHop.kind,
    mx,
    hosts: hosts.map((host) => behind(host, ours)),
    omitted: named.length - shown.length,
    outcome: outcomeOf(tries),
  }
}

async function namedHosts(
  nextHop: HostedHop,
  { resolver, isSelf }: HopViewOptions,
): Promise<readonly [MxView | null, readonly Named[]]> {
  if (nextHop.kind !== 'mx') {
    const hosts = nextHop.kind === 'relay' ? nextHop.relay.hosts : nextHop.hosts
    return [null, hosts.map(({ host, port }) => ({ name: host, port, preference: null }))]
  }
  const { domain, port } = nextHop
  if (domain.startsWith('[')) {
    const name = domain.slice(1, -1).replace(/^IPv6:/i, '')
    return [mxView('literal'), [{ name, port, preference: null }]]
  }
  const answer = await resolver.mx(domain)
  if (answer.kind === 'failed') return [mxView('failed', answer), []]
  if (answer.kind === 'none') {
    if (answer.nxdomain) return [mxView('nxdomain', answer), []]
    return [mxView('none', answer), [{ name: domain, port, preference: 0 }]]
  }
  const records = [...answer.value].filter(({ exchange }) => exchange !== '')
  const isOurs = ({ exchange }: MxRecord) => Number(isSelf(null, port, exchange))
  // Of equal ones ours stands first: it decides over the others.
  records.sort((a, b) => a.preference - b.preference || isOurs(b) - isOurs(a))
  const named = records.map(({ preference, exchange }) => ({ name: exchange, port, preference }))
  return [mxView(named.length === 0 ? 'null-mx' : 'found', answer), named]
}

function mxView(state: MxView['state'], answer: Answer<unknown> | null = null): MxView {
  return {
    state,
    why: answer?.kind === 'failed' ? answer.why : null,
    secure: answer !== null && answer.kind !== 'failed' && answer.secure === true,
    stale: answer?.kind === 'found' && answer.stale === true,
    ttlMs: answer?.kind === 'found' ? answer.ttlMs : null,
  }
}

async function hostView(
  nextHop: HostedHop,
  { name, port, preference }: Named,
  tries: HostsToTry,
  options: HopViewOptions,
): Promise<HopHostView> {
  const { resolver, isSelf } = options
  const bare = {
    name,
    port,
    preference,
    why: null,
    secure: false,
    stale: false,
    canonical: null,
    addresses: [],
    tlsa: [],
    tls: null,
  }
  const literal = parseIp(name)
  if (preference !== null && isSelf(null, port, name)) return { ...bare, standing: 'ours', why: 'our name' }
  if (preference !== null && !isHostName(name)) return { ...bare, standing: 'no host' }
  const answer: Answer<readonly IpAddress[]> = literal.ok
    ? { kind: 'found', value: [literal.value], ttlMs: 0 }
    : await resolver.addresses(name)
  if (answer.kind === 'failed') return { ...bare, standing: 'unknown', why: answer.why }
  if (answer.kind === 'none') return { ...bare, standing: 'no address' }
  const addresses = answer.value.map((address) => addressView(nextHop, { name, address, port }, tries, options))
  const host = answer.value.map((address) => ({ name, address, port })).find((one) => turnOf(one, tries) !== null)
  return {
    ...bare,
    standing: standingOf(addresses),
    secure: answer.secure === true,
    stale: answer.stale === true,
    canonical: answer.canonical ?? null,
    addresses,
    tlsa: answer.secure === true ? await tlsaOf(resolver, answer.canonical ?? name, port) : [],
    tls: host === undefined ? null : await options.tlsOf(nextHop, host),
  }
}

function addressView(
  nextHop: HostedHop,
  host: HostToTry,
  tries: HostsToTry,
  { isSelf, denied = () => null, shunnedUntil }: HopViewOptions,
): HopAddressView {
  const { address, port, name } = host
  const turn = turnOf(host, tries)
  const view = (standing: AddressStanding, why: string | null = null): HopAddressView => ({
    address,
    standing,
    why,
    turn,
    shunnedUntil: turn === null ? null : shunnedUntil(nextHop, host),
  })
  if (turn !== null) return view('tried')
  if (!isConnectable(address)) return view('nowhere')
  if (isSelf(address, port, name)) return view('ours')
  const refusal = denied(address)
  return refusal === null ? view('surplus') : view('denied', `${refusal.reply.text} (${refusal.at})`)
}

/** By address and port: one that stands below two names is tried once. */
function turnOf({ address, port }: HostToTry, tries: HostsToTry): number | null {
  if (tries.kind !== 'hosts') return null
  const index = tries.hosts.findIndex((one) => one.address === address && one.port === port)
  return index < 0 ? null : index + 1
}

function standingOf(addresses: readonly HopAddressView[]): HostStanding {
  const has = (wanted: AddressStanding) => addresses.some(({ standing }) => standing === wanted)
  if (has('tried')) return 'tried'
  return has('ours') ? 'ours' : 'not tried'
}

/** Who is as far as we are is out, though an address of it may be tried below another name. */
function behind(host: HopHostView, ours: number): HopHostView {
  const { standing, preference } = host
  if (standing !== 'not tried' || preference === null || preference < ours) return host
  return { ...host, standing: 'behind us', addresses: host.addresses.map((one) => ({ ...one, turn: null })) }
}

async function tlsaOf(resolver: Pick<CachingResolver, 'tlsa'>, host: string, port: number): Promise<readonly string[]> {
  const answer = await resolver.tlsa(host, port)
  if (answer.kind !== 'found') return answer.kind === 'failed' ? [`unknown: ${answer.why}`] : []
  return answer.value.records.map((record) => `${tlsaText(record)}${answer.value.secure ? '' : ' (not validated)'}`)
}

function outcomeOf(tries: HostsToTry): HopOutcome {
  if (tries.kind === 'hosts') return { kind: 'hosts', count: tries.hosts.length }
  const { status, why } = tries
  return tries.kind === 'failed' ? { kind: 'failed', status, why } : { kind: 'refused', code: tries.code, status, why }
}
