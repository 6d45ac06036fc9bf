import { literalDomain } from '../mail/domain.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Mailbox } from '../mail/path.ts'
import { parseMailDomain } from '../mail/path.ts'
import type { DnsblAnswer } from './dnsbl.ts'
import { isHostName } from './name.ts'
import type { CachingResolver } from './resolver.ts'

/**
 * Questions about who sends that the DNS answers. `listed`: it is as it should not be, and `reason` says how, for the
 * reply; `error`: nobody could tell. None of them rejects.
 */

type Asked = Pick<CachingResolver, 'mx' | 'addresses' | 'ptr'>

const clear: DnsblAnswer = { outcome: 'clear', reason: null }
const listed = (reason: string): DnsblAnswer => ({ outcome: 'listed', reason })
const error = (reason: string): DnsblAnswer => ({ outcome: 'error', reason })

/** An address may have many names; more are not looked up (RFC 8601 §3 and RFC 7208 §5.5 allow ten). */
const mostNames = 10

/** The address has a name, and the name has the address (RFC 8601 §3, "iprev"). */
export async function checkReverse(resolver: Asked, client: IpAddress): Promise<DnsblAnswer> {
  const names = await resolver.ptr(client)
  if (names.kind === 'failed') return error(names.why)
  if (names.kind === 'none') return listed(`${client} has no name`)
  const hosts = names.value.filter(isHostName).slice(0, mostNames)
  const found = await Promise.all(hosts.map((name) => resolver.addresses(name)))
  if (found.some((answer) => answer.kind === 'found' && answer.value.includes(client))) return clear
  const failed = found.find((answer) => answer.kind === 'failed')
  if (failed?.kind === 'failed') return error(failed.why)
  const [first] = hosts
  return listed(first === undefined ? `the name of ${client} is none` : `${first} does not have the address ${client}`)
}

/**
 * The name in HELO or EHLO: a full name that exists, and not one of ours; or the client's own address in brackets
 * (RFC 5321 §4.1.4, which leaves it to local policy what follows).
 */
export async function checkHelo(
  resolver: Asked,
  helo: string | null,
  client: IpAddress,
  isOurs: (name: string) => boolean,
): Promise<DnsblAnswer> {
  if (helo === null) return listed('no name was given')
  const parsed = parseMailDomain(helo.endsWith('.') ? helo.slice(0, -1) : helo)
  if (!parsed.ok) return listed('it is no host name')
  const name = parsed.value
  if (name.startsWith('[')) return name === literalDomain(client) ? clear : listed('it is an address that is not yours')
  if (!name.includes('.') || !isHostName(name)) return listed('it is no full host name')
  if (isOurs(name)) return listed('it is a name of this host')
  const [addresses, mx] = await Promise.all([resolver.addresses(name), resolver.mx(name)])
  if (addresses.kind === 'found' || mx.kind === 'found') return clear
  if (addresses.kind === 'failed') return error(addresses.why)
  if (mx.kind === 'failed') return error(mx.why)
  return listed('it does not exist')
}

/** The domain takes mail, so that a reply or a notification could reach the sender. `<>` has none, and is always well. */
export async function checkSenderDomain(resolver: Asked, sender: Mailbox | null): Promise<DnsblAnswer> {
  if (sender === null || sender.domain.startsWith('[')) return clear
  const { domain } = sender
  const mx = await resolver.mx(domain)
  if (mx.kind === 'failed') return error(mx.why)
  if (mx.kind === 'found') {
    // RFC 7505 §4.2: a domain that takes no mail sends none.
    const isNull = mx.value.length === 1 && mx.value[0]!.exchange === ''
    return isNull ? listed(`${domain} says that it takes none (null MX)`) : clear
  }
  if (mx.nxdomain) return listed(`${domain} does not exist`)
  const addresses = await resolver.addresses(domain)
  if (addresses.kind === 'failed') return error(addresses.why)
  return addresses.kind === 'found' ? clear : listed(`${domain} has neither MX nor address`)
}
