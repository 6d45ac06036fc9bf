import type { Domain } from '../mail/domain.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { HostPort, ListenerSettings } from '../mail/settings.ts'
import type { Listener } from './define.ts'
import { type Reading, readDomain, unread } from './patterns.ts'
import { hostText, readBind } from './validate-host.ts'
import { type LineContext, line } from './validate-line.ts'
import { holds } from './validate-network.ts'
import { atOf, listOf, nameAt, networksAt, type Placed, sizeAt, take, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries, items } from './validate-rows.ts'

export type ListenerEntry = ListenerSettings & {
  readonly at: string
  /** Networks that may connect; absent: all. */
  readonly allowFrom?: readonly string[]
}
/** An address that is listened on, and by whom. */
export type Bound = Placed<HostPort> & { readonly listener: string; readonly hostname: string }

/** Names that the public DNS never answers (RFC 6761, RFC 6762, RFC 8375, RFC 9476, and the custom of `lan`). */
const specialUse = [
  'localhost',
  'local',
  'test',
  'example',
  'invalid',
  'internal',
  'lan',
  'home',
  'corp',
  'alt',
  'onion',
  'localdomain',
]
export const isSpecialUse = (domain: string): boolean =>
  specialUse.includes(domain.slice(domain.lastIndexOf('.') + 1)) || domain.endsWith('.home.arpa')

/** A name with at least two labels: single ones, addresses and `localhost` are refused by half of the internet. `gw.test` is for labs. */
export function readHostname(text: string): Reading<Domain> {
  const expected = 'a host name of at least two labels, such as gw.corp.example (in a lab gw.localhost)'
  const domain = readDomain(text, expected)
  return domain.ok && !domain.value.includes('.') ? unread(expected, text) : domain
}

/** Listeners and their sockets. Two on one address would fail when the gateway starts; it is told here. */
export function listeners(
  report: Report,
  section: unknown,
  hostname: Domain | null,
  maxSizeBytes: number,
  context: LineContext,
): { list: ListenerEntry[]; bound: Bound[] } {
  const list: ListenerEntry[] = []
  const bound: Bound[] = []
  const all = entries(section)
  // Port 0 is another port each time it is asked for.
  let free = 0
  const bindKey = ({ host, port }: HostPort): string => `${host} ${port === 0 ? `free ${free++}` : port}`
  if (all.length === 0 && report.sound(['listeners'])) {
    report.error('MG1205', valueSpot(['listeners']), 'expected at least one listener, got none', {
      hint: "such as listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } }",
    })
  }
  for (const [name, value] of all) {
    const path = ['listeners', name]
    if (!report.sound(path)) continue
    const listener = value as Listener
    nameAt(report, name, { kind: 'key', path })
    const sockets = listOf(report, items(report, listener.bind, [...path, 'bind'], 'bind'), 'MG1306', readBind, bindKey)
    const own =
      listener.hostname === undefined
        ? hostname
        : take(report, 'MG1310', valueSpot([...path, 'hostname']), readHostname(listener.hostname))
    const size =
      listener.maxSize === undefined
        ? maxSizeBytes
        : (sizeAt(report, listener.maxSize, valueSpot([...path, 'maxSize'])) ?? maxSizeBytes)
    const at = atOf(path)
    report.place(at, { kind: 'key', path })
    report.place(
      `${at}.maxSize`,
      valueSpot(listener.maxSize === undefined ? ['limits', 'maxSize'] : [...path, 'maxSize']),
    )
    for (const socket of sockets) {
      const other = bound.find((earlier) => collide(earlier.value, socket.value))
      if (other !== undefined) tellCollision(report, socket, other)
      bound.push({ ...socket, listener: name, hostname: own ?? '' })
    }
    list.push({
      at,
      name,
      kind: listener.kind,
      bind: sockets.map(({ value: host }) => host),
      hostname: own ?? '',
      maxSizeBytes: size,
      ...(listener.allowFrom === undefined || !report.sound([...path, 'allowFrom'])
        ? {}
        : { allowFrom: values(networksAt(report, listener.allowFrom, [...path, 'allowFrom'])) }),
      ...line(report, listener, path, context),
    })
    for (const key of ['tls', 'login', 'allowFrom'] as const) {
      if (listener[key] !== undefined) report.place(`${at}.${key}`, { kind: 'key', path: [...path, key] })
    }
    if (
      listener.kind === 'mx' &&
      own !== null &&
      isSpecialUse(own) &&
      sockets.some(({ value: host }) => !isLoopback(host.host))
    ) {
      const spot: Spot = listener.hostname === undefined ? valueSpot(['hostname']) : valueSpot([...path, 'hostname'])
      report.warning(
        'MG1509',
        spot,
        `"${own}" is not in the public DNS, but listener "${name}" takes mail from other servers`,
      )
    }
  }
  return { list, bound }
}

function tellCollision(report: Report, socket: Placed<HostPort>, other: Bound): void {
  const message = `expected an address of its own, got ${JSON.stringify(hostText(socket.value))}, which listener "${other.listener}" has`
  report.error('MG1506', socket.spot, message, { related: [{ message: 'first here', spot: other.spot }] })
}

/** `0.0.0.0` takes the port of every IPv4 address; IPv4 and IPv6 have ports of their own. */
export function collide(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.port === 0 || a.host.includes(':') !== b.host.includes(':')) return false
  return a.host === b.host || isEvery(a.host) || isEvery(b.host)
}

const isEvery = (host: string): boolean => host === '0.0.0.0' || host === '::'

export const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  host.endsWith('.localhost') ||
  host === '::1' ||
  (/^[\d.]+$/.test(host) && holds('127.0.0.0/8', `${host as IpAddress}/32`))

/** The listener that a connection to `target` would reach, as far as the document tells, or `null`. */
export function ownListener(target: HostPort, bound: readonly Bound[]): Bound | null {
  const { host, port } = target
  const reaches = ({ value: socket, hostname }: Bound): boolean => {
    if (socket.port !== port) return false
    if (host === socket.host || host === hostname) return true
    const inside = isEvery(host) || isLoopback(host)
    return inside && (isEvery(socket.host) || (isLoopback(socket.host) && (host === 'localhost' || isEvery(host))))
  }
  return bound.find(reaches) ?? null
}
