import type { SecretRef } from '../mail/settings.ts'
import type { Gateway } from './define.ts'
import type { GatewayEntry, GatewayReach } from './document.ts'
import { type Reading, read, readDomain, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { readHost } from './validate-host.ts'
import { readAddress } from './validate-network.ts'
import { atOf, listOf, nameAt, take, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries, items } from './validate-rows.ts'
import { checkSecret } from './validate-secret.ts'

type Name = { readonly text: string; readonly spot: Spot }

/** Words that `--waves` has a meaning for. */
const reserved = ['all']

/** Gateways by name, with how `apply` reaches each. Nothing of them is in the graph: a gateway does not serve its peers. */
export function gateways(report: Report, section: unknown): GatewayEntry[] {
  const list: GatewayEntry[] = []
  const groups: Name[] = []
  const names: Name[] = []
  for (const [name, value] of entries(section)) {
    const path = ['gateways', name]
    if (!report.sound(path)) continue
    const gateway = value as Gateway
    const spot: Spot = { kind: 'key', path }
    report.place(atOf(path), spot)
    if (nameAt(report, name, spot)) refuseReserved(report, name, spot)
    names.push({ text: name, spot })
    const mine = listOf(report, optional(report, gateway.groups, [...path, 'groups'], 'group'), 'MG1313', read, String)
    for (const { value: group, spot: at } of mine) {
      if (nameAt(report, group, at)) refuseReserved(report, group, at)
      groups.push({ text: group, spot: at })
    }
    const addresses = listOf(
      report,
      optional(report, gateway.addresses, [...path, 'addresses'], 'address'),
      'MG1305',
      readOwnAddress,
      String,
    )
    if (gateway.env !== undefined) nameAt(report, gateway.env, valueSpot([...path, 'env']))
    const reach = reachOf(report, gateway, path)
    if (reach === null) continue
    list.push({
      at: atOf(path),
      name,
      groups: values(mine),
      env: gateway.env ?? null,
      addresses: values(addresses),
      reach,
    })
  }
  // `--waves canary` must mean one thing.
  for (const group of groups) {
    const gateway = names.find(({ text }) => text === group.text)
    if (gateway === undefined) continue
    report.error('MG1412', group.spot, `expected another name than a gateway has, got ${JSON.stringify(group.text)}`, {
      related: [{ message: 'the gateway', spot: gateway.spot }],
    })
  }
  return list
}

const optional = (report: Report, value: unknown, path: DocPath, column: string) =>
  value === undefined ? [] : items(report, value, path, column)

function refuseReserved(report: Report, name: string, spot: Spot): void {
  if (reserved.includes(name))
    report.error('MG1412', spot, `expected another name than "${name}", which stands for all gateways`)
}

const ways = ['unix', 'ssh', 'tls'] as const
type Way = (typeof ways)[number]

/** Keys that mean something only beside another one. */
const beside: readonly (readonly [key: keyof Gateway, way: Way])[] = [
  ['socket', 'ssh'],
  ['ca', 'tls'],
  ['cert', 'tls'],
  ['key', 'tls'],
  ['token', 'tls'],
]

function reachOf(report: Report, gateway: Gateway, path: DocPath): GatewayReach | null {
  const written = ways.filter((way) => gateway[way] !== undefined)
  const [way, second] = written
  if (way === undefined || second !== undefined) {
    const got = way === undefined ? 'none of them' : written.join(' and ')
    const spot: Spot = second === undefined ? { kind: 'key', path } : { kind: 'key', path: [...path, second] }
    report.error('MG1319', spot, `expected one of unix, ssh and tls, got ${got}`, {
      hint: way === undefined ? "such as unix: '/var/lib/mailgw'" : null,
    })
    return null
  }
  for (const [key, needs] of beside) {
    if (gateway[key] !== undefined && needs !== way)
      report.error('MG1209', { kind: 'key', path: [...path, key] }, `has a meaning only beside ${needs}, got ${way}`)
  }
  switch (way) {
    case 'unix':
      return { kind: 'unix', path: take(report, 'MG1319', valueSpot([...path, 'unix']), readPath(gateway.unix!)) ?? '' }
    case 'ssh':
      return sshOf(report, gateway, path)
    case 'tls':
      return tlsOf(report, gateway, path)
  }
}

function sshOf(report: Report, gateway: Gateway, path: DocPath): GatewayReach | null {
  const to = take(report, 'MG1319', valueSpot([...path, 'ssh']), readSsh(gateway.ssh!))
  if (gateway.socket === undefined) {
    const hint = "such as socket: '/var/lib/mailgw'"
    report.error('MG1202', { kind: 'key', path }, 'expected socket (the admin socket there), got nothing', { hint })
    return null
  }
  const socket = take(report, 'MG1319', valueSpot([...path, 'socket']), readRemotePath(gateway.socket))
  return to === null || socket === null ? null : { kind: 'ssh', ...to, path: socket }
}

function tlsOf(report: Report, gateway: Gateway, path: DocPath): GatewayReach | null {
  const spot = valueSpot([...path, 'tls'])
  const to = take(report, 'MG1305', spot, readHost(gateway.tls!, 0))
  if (to?.port === 0)
    report.error('MG1305', spot, `expected host:port, got ${JSON.stringify(gateway.tls)}`, {
      hint: 'write the port too',
    })
  for (const key of ['ca', 'cert', 'key'] as const) {
    const file = gateway[key]
    if (file === undefined) continue
    const at = valueSpot([...path, key])
    // What came is perhaps the private key itself: it is not repeated.
    if (file.includes('-----BEGIN')) report.error('MG1206', at, 'expected the name of a file, got a text (not shown)')
    else take(report, 'MG1319', at, readPath(file))
  }
  const { token, cert, key } = gateway
  if (token !== undefined) checkSecret(report, token, [...path, 'token'])
  const certified = cert !== undefined && key !== undefined
  if (!certified && (cert !== undefined || key !== undefined)) {
    const [has, lacks] = cert === undefined ? ['key', 'cert'] : ['cert', 'key']
    report.error('MG1202', { kind: 'key', path: [...path, has!] }, `expected ${lacks} beside it, got nothing`)
    return null
  }
  // Whoever comes over the network has to say who they are.
  if (!certified && token === undefined) {
    report.error('MG1202', { kind: 'key', path }, 'expected token, or cert and key, got neither')
    return null
  }
  return {
    kind: 'tls',
    host: to?.host ?? '',
    port: to?.port ?? 0,
    ca: gateway.ca ?? null,
    certificate: certified ? { cert, key } : null,
    token: token === undefined ? null : ({ $secret: token.$secret } satisfies SecretRef),
  }
}

/** `user@host:port`; user and port may be left out. A host that begins with `-` would be an option of ssh: it is no name. */
function readSsh(text: string): Reading<{ user: string | null; host: string; port: number | null }> {
  const expected = 'user@host or user@host:port'
  const [, user, rest = ''] = /^(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)@)?([^@]*)$/s.exec(text) ?? []
  const host = readHost(rest, 0)
  if (!host.ok) return unread(expected, text, host.hint)
  const { port } = host.value
  return read({ user: user ?? null, host: host.value.host, port: port === 0 ? null : port })
}

/** A path that ssh forwards to: `:` divides its argument, and `~` and `$` are not expanded there. */
function readRemotePath(text: string): Reading<string> {
  const expected = "an absolute path of a socket or state folder there, without ':'"
  return /^\/[^:\\"\x00-\x1f\x7f]+$/.test(text) ? read(text) : unread(expected, text)
}

function readPath(text: string): Reading<string> {
  return /^[^\x00-\x1f\x7f]+$/.test(text) ? read(text) : unread('a path', text)
}

function readOwnAddress(text: string): Reading<string> {
  const address = readAddress(text.replace(/^\[(.*)\]$/, '$1'))
  if (address !== null) return read(address)
  return readDomain(text, 'a host name or an address, without a port')
}
