import { defaultPool, type EgressAddress, type EgressPool } from '../mail/next-hop-settings.ts'
import type { EgressPool as Surface } from './define-egress.ts'
import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { didYouMean } from './suggest.ts'
import { readHostname } from './validate-listeners.ts'
import { readAddress } from './validate-network.ts'
import { atOf, nameAt, networksAt, take, twice, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries, tellEmpty } from './validate-rows.ts'

type PoolObject = Exclude<Surface, string | readonly string[]>

/** The section `egress`, in the document's order. */
export function egress(report: Report, section: unknown): (EgressPool & { readonly at: string })[] {
  const list: (EgressPool & { readonly at: string })[] = []
  for (const [name, value] of entries(section)) {
    const path = ['egress', name]
    if (!report.sound(path)) continue
    const spot: Spot = { kind: 'key', path }
    nameAt(report, name, spot)
    report.place(atOf(path), spot)
    const written = value as Surface
    const isObject = typeof written === 'object' && !Array.isArray(written)
    const pool = isObject ? (written as PoolObject) : { addresses: written as string | readonly string[] }
    const { addresses, hostname, sameAsListener } = pool
    const base = isObject ? [...path, 'addresses'] : path
    if (addresses === undefined && sameAsListener === undefined)
      report.error('MG1205', spot, 'expected addresses or sameAsListener, got none of them')
    const name_ = hostname === undefined ? null : hostnameAt(report, hostname, [...path, 'hostname'])
    list.push({
      at: atOf(path),
      name,
      addresses: addresses === undefined ? [] : addressesAt(report, addresses, base),
      ...(name_ === null ? {} : { hostname: name_ }),
      ...(sameAsListener === undefined
        ? {}
        : { sameAsListener: sameAt(report, sameAsListener, [...path, 'sameAsListener']) }),
    })
  }
  return list
}

function addressesAt(report: Report, written: NonNullable<PoolObject['addresses']>, path: DocPath): EgressAddress[] {
  const isList = Array.isArray(written)
  const list = isList ? (written as readonly (string | EgressAddress)[]) : [written as string | EgressAddress]
  if (list.length === 0) tellEmpty(report, path)
  const found: EgressAddress[] = []
  const known = new Map<string, Spot>()
  for (const [i, one] of list.entries()) {
    const here = isList ? [...path, i] : path
    const entry = typeof one === 'string' ? { address: one } : one
    const spot = valueSpot(typeof one === 'string' ? here : [...here, 'address'])
    const address = take(report, 'MG1304', spot, readSource(entry.address))
    if (address === null) continue
    const first = known.get(address)
    if (first !== undefined) twice(report, spot, entry.address, first)
    known.set(address, spot)
    const hostname = entry.hostname === undefined ? null : hostnameAt(report, entry.hostname, [...here, 'hostname'])
    found.push({
      address,
      ...(entry.weight === undefined || entry.weight === 1 ? {} : { weight: entry.weight }),
      ...(hostname === null ? {} : { hostname }),
    })
  }
  return found
}

const hostnameAt = (report: Report, text: string, path: DocPath) =>
  take(report, 'MG1310', valueSpot(path), readHostname(text))

/** One address: a socket can be bound to it. */
function readSource(text: string): Reading<string> {
  const address = readAddress(text)
  if (address === null) return unread('an address of this machine, such as 192.0.2.1 or 2001:db8::1', text)
  if (address === '0.0.0.0' || address === '::') {
    return unread('one address of this machine', text, 'without a pool the system chooses the address')
  }
  return read(address)
}

function sameAt(
  report: Report,
  written: NonNullable<PoolObject['sameAsListener']>,
  path: DocPath,
): NonNullable<EgressPool['sameAsListener']> {
  if (written === true) return {}
  const { within, except } = written
  return {
    ...(within === undefined ? {} : { within: values(networksAt(report, within, [...path, 'within'])) }),
    ...(except === undefined ? {} : { except: values(networksAt(report, except, [...path, 'except'])) }),
  }
}

/** Pools are used by name; each name must be declared, and what is declared should be used, or `chosen` by mail itself. */
export function checkPoolNames(
  report: Report,
  sections: readonly (readonly [string, unknown])[],
  pools: unknown,
  chosen: readonly string[] = [],
): void {
  const declared = entries(pools).map(([name]) => name)
  const used = new Set<string>([defaultPool, ...chosen])
  for (const [section, value] of sections) {
    for (const [key, part] of entries(value)) {
      const name = new Map(entries(part)).get('egress')
      const path = [section, key, 'egress']
      if (typeof name !== 'string' || !report.sound(path)) continue
      used.add(name)
      if (declared.includes(name)) continue
      const known =
        declared.length === 0 ? 'there is no egress section' : `declared: ${declared.slice(0, 12).join(', ')}`
      report.error('MG1450', valueSpot(path), `no pool is called ${JSON.stringify(name)}`, {
        hint: didYouMean(name, declared) ?? known,
      })
    }
  }
  for (const name of declared) {
    if (used.has(name)) continue
    report.warning(
      'MG1451',
      { kind: 'key', path: ['egress', name] },
      'is declared, but no relay or destination uses it',
      {
        hint: 'the pool called "default" is that of all that name none',
      },
    )
  }
}
