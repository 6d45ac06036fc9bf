import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type IpAddress, parseIp } from '../../mail/ip.ts'
import { parseMailbox } from '../../mail/path.ts'
import type { HostToTry } from '../../route/hosts.ts'
import { openWays } from '../mx/ways.ts'
import { CommandError, type Invocation, type Terminal } from '../run.ts'
import type { Script } from './talk.ts'

/** Where to, in the order to try, and how much TLS a delivery would want (`null`: nobody says). */
export type Target = {
  readonly hosts: readonly HostToTry[]
  readonly tls: Pick<Script, 'tls' | 'verify'> | null
  /** For people: who chose it. */
  readonly why: string
}

/** `host`, `host:port`, `[2001:db8::1]:25`. A name is looked up by the system. */
export async function namedTarget(text: string, usualPort: number): Promise<Target> {
  const [, bracketed, name, digits] =
    /^(?:\[([^\]]+)\]|([^:[\]]+|[0-9a-fA-F:]+:[0-9a-fA-F:.]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? name ?? ''
  const port = digits === undefined ? usualPort : Number(digits)
  if (host === '' || port < 1 || port > 65_535) {
    throw new CommandError(`expected host, host:port or [address]:port, got ${JSON.stringify(text)}`)
  }
  const found = isIP(host) !== 0 ? [{ address: host }] : await lookup(host, { all: true }).catch(() => [])
  const hosts = found.flatMap(({ address }) => {
    const read = parseIp(address)
    return read.ok ? [{ name: host, address: read.value, port }] : []
  })
  if (hosts.length === 0) throw new CommandError(`${host} has no address`, 10)
  return { hosts, tls: null, why: 'named on the command line' }
}

/** The hosts that a delivery to the domain would try now, and its TLS. */
export async function deliveryTarget(
  domain: string,
  options: Invocation['options'],
  terminal: Terminal,
): Promise<Target> {
  const mailbox = parseMailbox(domain.includes('@') ? domain : `postmaster@${domain}`)
  if (!mailbox.ok) throw new CommandError(`--mx: expected a domain or a mailbox, got ${JSON.stringify(domain)}`)
  const ways = await openWays(options, terminal)
  try {
    const { hop, route, row } = await ways.of(mailbox.value)
    if (hop === null) throw new CommandError(`mail for ${domain} goes to no host: ${route.text}`, 10)
    const tried = hop.hosts.flatMap(({ name, port, addresses, tls }) =>
      addresses.flatMap(({ address, turn }) =>
        turn === null ? [] : [{ host: { name, address: address as IpAddress, port }, turn, tls }],
      ),
    )
    tried.sort((a, b) => a.turn - b.turn)
    const [first] = tried
    if (first === undefined) {
      const why = hop.outcome.kind === 'hosts' ? 'no host to try' : hop.outcome.why
      throw new CommandError(`mail for ${domain} goes to no host now: ${why}`, 10)
    }
    const level = first.tls?.kind === 'policy' ? first.tls.level : null
    return {
      hosts: tried.map(({ host }) => host),
      tls: level === null ? null : tlsOf(level),
      why: `${route.text} (${row.at === '' ? 'no row' : row.at})`,
    }
  } finally {
    ways.close()
  }
}

function tlsOf(level: string): Pick<Script, 'tls' | 'verify'> | null {
  switch (level) {
    case 'off':
      return { tls: 'none', verify: false }
    case 'encrypt':
      return { tls: 'starttls', verify: false }
    case 'verify':
      return { tls: 'starttls', verify: true }
    default:
      return null
  }
}
