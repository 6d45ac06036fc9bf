import type { ResolverSettings } from '../../src/mail/settings.ts'
import { type Nsd, startNsd } from './nsd.ts'

/**
 * What the DNS of a lab says of one domain:
 *   a list      MX in order of preference (10, 20, ...): loopback addresses, each of a host of its own; equal ones in a
 *               list inside of the list
 *   null-mx     takes no mail (RFC 7505)
 *   { a }       no MX; the domain has these addresses
 *   { zone }    records in zone file notation, relative to the domain
 */
export type LabDomain =
  | readonly (string | readonly string[])[]
  | 'null-mx'
  | { readonly a: readonly string[] }
  | { readonly zone: string }

export type MxLab = {
  /** For the document's `resolver` section. */
  readonly resolver: ResolverSettings
  /** `127.0.0.1:port`, as the document writes it. */
  readonly server: string
  /** The name of the MX host at an address. */
  host(address: string): string
  /** Puts other domains in the place of the ones before. A gateway that has asked keeps what it knows for 300 s. */
  change(domains: Readonly<Record<string, LabDomain>>): Promise<void>
  /** From now on nobody answers: the port is closed. */
  stop(): Promise<void>
}

/**
 * An authoritative name server (NSD) for mail domains whose hosts are on this machine, for gateways under test. Domains
 * that it has no zone for are REFUSED (temporary); names below its domains that are not there do not exist.
 * Ended with the test.
 *
 *     const lab = await startMxLab({ 'one.test': ['127.0.0.11'], 'two.test': ['127.0.0.11', '127.0.0.12'] })
 */
export async function startMxLab(domains: Readonly<Record<string, LabDomain>>): Promise<MxLab> {
  const nsd: Nsd = await startNsd(zonesOf(domains))
  return {
    resolver: { servers: [{ host: '127.0.0.1', port: nsd.port }], timeoutMs: 2000, attempts: 2 },
    server: `127.0.0.1:${nsd.port}`,
    host,
    change: (next) => nsd.change(zonesOf(next)),
    stop: () => nsd.stop(),
  }
}

const hosts = 'mx-lab.test'
const host = (address: string): string => `mx-${address.replaceAll('.', '-')}.${hosts}`

function zonesOf(domains: Readonly<Record<string, LabDomain>>): Record<string, string> {
  const addresses = new Set<string>()
  const zones = Object.entries(domains).map(([name, domain]) => [name, recordsOf(domain, addresses)])
  const known = [...addresses].map((address) => `${host(address)}. IN A ${address}`)
  return { ...Object.fromEntries(zones), [hosts]: known.join('\n') }
}

function recordsOf(domain: LabDomain, addresses: Set<string>): string {
  if (domain === 'null-mx') return '@ IN MX 0 .'
  if ('zone' in domain) return domain.zone
  if ('a' in domain) return domain.a.map((address) => `@ IN A ${address}`).join('\n')
  const records = domain.flatMap((equal, i) =>
    [equal].flat().map((address) => {
      addresses.add(address)
      return `@ IN MX ${10 * (i + 1)} ${host(address)}.`
    }),
  )
  return records.join('\n')
}
