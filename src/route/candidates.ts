import type { Answer, Resolver } from '../dns/answer.ts'
import { isConnectable } from '../dns/special-addresses.ts'
import { type IpAddress, parseIp } from '../mail/ip.ts'
import type { Reply } from '../mail/reply.ts'
import type { HostsToTry, HostToTry } from './hosts.ts'
import type { IsSelf } from './own-host.ts'

export type HostsOptions = {
  /** An integer from 0 to `below` - 1: `randomInt` of node:crypto. */
  readonly random: (below: number) => number
  readonly isSelf: IsSelf
  /** Why the document forbids to deliver to an address, and the row that says so; `null`: it does not. */
  readonly denied?: (address: IpAddress) => { readonly at: string; readonly reply: Reply } | null
  /** Addresses that one attempt may try. RFC 5321 §5.1 wants at least two and allows a limit. */
  readonly maxHosts?: number
}

export const defaultMaxHosts = 16
/** Of one host, so that one name with a hundred addresses does not hide all the others. */
const maxAddressesOfHost = 6

/** What became of the addresses of one host, or of several together. */
export type Candidates = {
  readonly hosts: readonly HostToTry[]
  /** An address of it is ours. */
  readonly self: boolean
  /** Why nobody could tell its addresses. */
  readonly failed: string | null
  /** The reply of the first address that the document forbids. */
  readonly denied: Reply | null
}

export const noCandidates: Candidates = { hosts: [], self: false, failed: null, denied: null }

/** Looks up one host and sorts out what is ours, forbidden, or nothing to connect to. Never asks for MX. */
export async function candidates(
  name: string,
  port: number,
  resolver: Resolver,
  { isSelf, denied = () => null }: HostsOptions,
): Promise<Candidates> {
  const answer = await addressesOf(name, resolver)
  if (answer.kind === 'failed') return { ...noCandidates, failed: answer.why }
  if (answer.kind === 'none') return noCandidates
  const connectable = alternating(answer.value.filter(isConnectable)).slice(0, maxAddressesOfHost)
  const foreign = connectable.filter((address) => !isSelf(address, port, name))
  const refusals = new Map(foreign.map((address) => [address, denied(address)]))
  return {
    hosts: foreign.filter((address) => refusals.get(address) === null).map((address) => ({ name, address, port })),
    self: foreign.length < connectable.length,
    failed: null,
    denied: [...refusals.values()].find((refusal) => refusal !== null)?.reply ?? null,
  }
}

/** Several hosts as one, in the order given. An address that stands twice is tried once. */
export function together(all: readonly Candidates[]): Candidates {
  const hosts = new Map<string, HostToTry>()
  for (const host of all.flatMap((one) => one.hosts)) {
    const key = `${host.address} ${host.port}`
    if (!hosts.has(key)) hosts.set(key, host)
  }
  return {
    hosts: [...hosts.values()],
    self: all.some((one) => one.self),
    failed: all.find((one) => one.failed !== null)?.failed ?? null,
    denied: all.find((one) => one.denied !== null)?.denied ?? null,
  }
}

/** What the caller gets: hosts if there are any; otherwise why not, what may pass first. `absent`: there is nothing. */
export function conclude(
  found: Candidates,
  { maxHosts = defaultMaxHosts }: HostsOptions,
  absent: HostsToTry,
): HostsToTry {
  if (found.hosts.length > 0) return { kind: 'hosts', hosts: found.hosts.slice(0, maxHosts) }
  if (found.failed !== null) return { kind: 'failed', status: '4.4.3', why: found.failed }
  if (found.self) {
    return { kind: 'refused', code: 554, status: '5.4.6', why: 'mail loop: the next hop is this host itself' }
  }
  if (found.denied === null) return absent
  const { code, status, text } = found.denied
  return { kind: 'refused', code, status: status ?? '5.7.1', why: text }
}

async function addressesOf(name: string, resolver: Resolver): Promise<Answer<readonly IpAddress[]>> {
  const address = parseIp(name)
  if (address.ok) return { kind: 'found', value: [address.value], ttlMs: 0 }
  return await resolver.addresses(name)
}

/** Takes turns between the families (RFC 8305 §4): when one of them leads nowhere, the second try is of the other. */
function alternating(addresses: readonly IpAddress[]): IpAddress[] {
  const isSix = (address: IpAddress) => address.includes(':')
  const sixFirst = addresses[0] !== undefined && isSix(addresses[0])
  const first = addresses.filter((address) => isSix(address) === sixFirst)
  const second = addresses.filter((address) => isSix(address) !== sixFirst)
  const longest = Math.max(first.length, second.length)
  const turns = Array.from({ length: longest }, (_, i) => [first[i], second[i]])
  return turns.flat().filter((address) => address !== undefined)
}
