import { defaults } from './defaults.ts'
import type { Client } from './define.ts'
import type { ClientEntry, Relaying } from './document.ts'
import type { DocPath } from './positions.ts'
import { clientHintsAt } from './validate-hints.ts'
import { readCertificatePattern, readLoginPattern } from './validate-identities.ts'
import type { ListenerEntry } from './validate-listeners.ts'
import { isLoopback } from './validate-listeners.ts'
import { holds, prefixOf } from './validate-network.ts'
import { rates } from './validate-rates.ts'
import {
  addressPatternsAt,
  atOf,
  listOf,
  nameAt,
  networksAt,
  type Placed,
  sizeAt,
  twice,
  valueSpot,
  values,
} from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { clientRewriteAt } from './validate-rewrite.ts'
import { entries, items } from './validate-rows.ts'
import { checkTag } from './validate-then.ts'

/** The name of the client that `trusted` is short for. */
const trustedName = 'trusted'
/**
 * Bridges of containers (Docker, Podman): their first address stands for every stranger whose connection to a published
 * port goes through them. A block wider than `within` was not written for the bridge alone; 10.0.0.0/8 is half the world's.
 */
const bridges = [
  { address: '172.17.0.1/32', within: 0 },
  { address: '10.88.0.1/32', within: 12 },
] as const

export function clients(
  report: Report,
  trusted: unknown,
  section: unknown,
  listeners: readonly ListenerEntry[],
): ClientEntry[] {
  const list: ClientEntry[] = []
  const taken = new Map<string, Spot>()
  /** What these do is more than a network says, also where it could not be read. */
  const special = new Set<string>()
  const networksOf = (value: unknown, path: DocPath, internal: boolean) => {
    const found = networksAt(report, value, path)
    for (const { value: network, spot } of found) {
      const first = taken.get(network)
      if (first === undefined) taken.set(network, spot)
      else twice(report, spot, network, first)
      if (internal) checkTrust(report, network, spot)
    }
    return found.map((network) => placed(report, network, path))
  }

  /** Each pattern once in all clients, as with networks. */
  const identities = (key: 'logins' | 'certificates', column: string, value: unknown, path: DocPath) => {
    if (value === undefined) return []
    const [code, read] =
      key === 'logins' ? (['MG1330', readLoginPattern] as const) : (['MG1331', readCertificatePattern] as const)
    const found = listOf(report, items(report, value, [...path, key], column), code, read, (text) => text)
    return found.map(({ value: text, spot }) => {
      const first = taken.get(`${key} ${text}`)
      if (first === undefined) taken.set(`${key} ${text}`, spot)
      else twice(report, spot, text, first)
      const at = atOf([...path, key, text])
      report.place(at, spot)
      return { at, value: text }
    })
  }

  if (trusted !== undefined && report.sound(['trusted'])) {
    const networks = networksOf(Array.isArray(trusted) && trusted.length === 0 ? undefined : trusted, ['trusted'], true)
    report.place('trusted', { kind: 'key', path: ['trusted'] })
    if (networks.length > 0)
      list.push({
        at: 'trusted',
        name: trustedName,
        networks,
        internal: true,
        senders: null,
        recipients: null,
        maxSizeBytes: null,
      })
  }
  for (const [name, value] of entries(section)) {
    const path = ['clients', name]
    if (!report.sound(path)) continue
    const client = value as Client
    const keySpot: Spot = { kind: 'key', path }
    nameAt(report, name, keySpot)
    if (name === trustedName && trusted !== undefined) {
      twice(report, keySpot, name, { kind: 'key', path: ['trusted'] })
    }
    const at = atOf(path)
    report.place(at, keySpot)
    for (const key of ['senders', 'recipients', 'maxSize', 'tls', 'class'] as const) {
      if (client[key] !== undefined) report.place(`${at}.${key}`, { kind: 'key', path: [...path, key] })
    }
    const internal = client.internal ?? defaults.client.internal
    if (client.class !== undefined) checkTag(report, client.class, [...path, 'class'])
    tellKinds(report, client, keySpot)
    const logins = identities('logins', 'login', client.logins, path)
    const certificates = identities('certificates', 'certificate', client.certificates, path)
    const limited = rates(report, client, [...path, 'rates'])
    const { rates: own, logins: ids, certificates: shown, hints } = client
    if ([own, ids, shown, hints].some((one) => one !== undefined)) special.add(name)
    list.push({
      at,
      name,
      networks: client.networks === undefined ? [] : networksOf(client.networks, [...path, 'networks'], internal),
      ...(logins.length === 0 ? {} : { logins: logins.map(({ at, value: login }) => ({ at, login })) }),
      ...(certificates.length === 0
        ? {}
        : { certificates: certificates.map(({ at, value: certificate }) => ({ at, certificate })) }),
      internal,
      senders: sendersAt(report, client, [...path, 'senders']),
      recipients:
        client.recipients === undefined
          ? null
          : values(recipientsAt(report, client.recipients, [...path, 'recipients'])),
      maxSizeBytes:
        client.maxSize === undefined ? null : sizeAt(report, client.maxSize, valueSpot([...path, 'maxSize'])),
      ...(client.tls === undefined ? {} : { tls: client.tls }),
      ...(limited.length === 0 ? {} : { rates: limited }),
      ...(client.class === undefined ? {} : { class: client.class }),
      ...(client.mode === undefined ? {} : { mode: client.mode }),
      ...clientRewriteAt(report, client, path),
      ...clientHintsAt(report, client, path),
    })
  }
  checkBridges(report, list, taken, listeners)
  tellNobody(report, list, listeners)
  tellIdle(report, list, special)
  return list
}

/** A client is known by one thing, so that it is clear which of two clients somebody is. */
function tellKinds(report: Report, client: Client, keySpot: Spot): void {
  const kinds = (['networks', 'logins', 'certificates'] as const).filter((key) => client[key] !== undefined)
  if (kinds.length === 1) return
  report.error(
    'MG1420',
    keySpot,
    `expected networks, logins or certificates, got ${kinds.length === 0 ? 'none of them' : kinds.join(' and ')}`,
    { hint: kinds.length === 0 ? null : 'write a client for each' },
  )
}

/** `'own'` stands alone: a list says what else, and there is one who knows it better. */
function sendersAt(report: Report, { senders, logins }: Client, path: DocPath): ClientEntry['senders'] {
  if (senders === undefined) return null
  if (senders !== 'own') return values(addressPatternsAt(report, senders, path, 'sender'))
  if (logins === undefined) {
    report.error(
      'MG1520',
      valueSpot(path),
      "'own' is for logins: of a network nobody knows which addresses are its own",
      {
        hint: 'name the addresses',
      },
    )
  }
  return 'own'
}

function placed(report: Report, { value: network, spot }: Placed<string>, path: DocPath) {
  const at = atOf([...path, network])
  report.place(at, spot)
  return { at, network }
}

/** Recipient patterns; the null reverse-path is nobody's address. */
export function recipientsAt(report: Report, value: unknown, path: DocPath): Placed<string>[] {
  return addressPatternsAt(report, value, path, 'recipient').filter(({ value: pattern, spot }) => {
    if (pattern !== '<>') return true
    report.error('MG1302', spot, 'expected an address pattern of recipients, got "<>"', {
      hint: '<> is a sender only (RFC 5321 §4.5.5)',
    })
    return false
  })
}

function checkTrust(report: Report, network: string, spot: Spot): void {
  const prefix = prefixOf(network)
  // No site has a million public addresses, or a whole registry's IPv6; who has writes them as the blocks that they are.
  const huge = prefix < (network.includes(':') ? 24 : 12) && !privateBlocks.some((block) => holds(block, network))
  if (!huge) return
  report.error(
    'MG1603',
    spot,
    `would let ${prefix === 0 ? 'everybody' : `a large part of the internet (${network})`} relay: an open relay in disguise`,
    {
      hint: 'name the networks that are yours',
    },
  )
}

/** Addresses of one site or machine (RFC 1918, RFC 6598, RFC 1122, RFC 3927, RFC 4193, RFC 4291). */
const privateBlocks = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['fc00::/7', 'fe80::/10'],
]

/** Behind a public listener nobody may be trusted by the address of a bridge: strangers would have it too. */
function checkBridges(
  report: Report,
  list: readonly ClientEntry[],
  spots: ReadonlyMap<string, Spot>,
  listeners: readonly ListenerEntry[],
): void {
  const open = listeners.find(({ kind, bind }) => kind === 'mx' && bind.some(({ host }) => !isLoopback(host)))
  if (open === undefined) return
  for (const { address, within } of bridges) {
    const around = list.flatMap(({ networks, internal }) =>
      networks.filter(({ network }) => holds(network, address)).map(({ network }) => ({ network, internal })),
    )
    const [decides] = around.sort((a, b) => prefixOf(b.network) - prefixOf(a.network))
    if (decides === undefined || !decides.internal || prefixOf(decides.network) < within) continue
    const bridge = address.slice(0, address.indexOf('/'))
    report.error(
      'MG1605',
      spots.get(decides.network)!,
      `trusts ${bridge}, a container bridge: strangers whose connections to listener "${open.name}" are published through it come from there`,
      {
        hint: `publish the port in a way that keeps the addresses of clients; or leave the bridge out: clients: { bridge: { networks: '${bridge}' } }`,
      },
    )
  }
}

/** Under `local-only` and `outbound` only internal clients may send: without any, every recipient is refused. */
export function checkSomebodySends(
  report: Report,
  { kind }: Relaying,
  list: readonly ClientEntry[],
  written: boolean,
): void {
  if (kind === 'two-way' || kind === 'open' || list.some(({ internal }) => internal)) return
  const spot: Spot = { kind: 'value', path: written ? ['relaying'] : [] }
  report.warning('MG1410', spot, `"${kind}" is for internal clients, and there are none: everything would be refused`, {
    hint: "name them: trusted: ['10.0.0.0/8']",
  })
}

/** Who may log in, or show a certificate, is said at a listener. XCLIENT may make a client anybody. */
function tellNobody(report: Report, list: readonly ClientEntry[], listeners: readonly ListenerEntry[]): void {
  if (listeners.some(({ xclient }) => xclient !== undefined)) return
  for (const { name, logins, certificates } of list) {
    const key: Spot = { kind: 'key', path: ['clients', name] }
    if (logins !== undefined && !listeners.some(({ login }) => login !== undefined)) {
      report.warning('MG1421', key, 'nobody can be this client: no listener lets anybody log in', {
        hint: "such as listeners.users.login: 'required'",
      })
    }
    if (certificates !== undefined && !listeners.some(({ tls }) => tls != null && tls.clientCa !== null)) {
      report.warning('MG1421', key, 'nobody can be this client: no listener asks for certificates', {
        hint: "such as listeners.users.tls: { mode: 'required', clientCa: '/etc/mailgw/clients.pem' }",
      })
    }
  }
}

/** A client that is not internal and restricted in nothing does something only inside of another one's network. */
function tellIdle(report: Report, list: readonly ClientEntry[], special: ReadonlySet<string>): void {
  for (const client of list) {
    const { at, name, internal, senders, recipients, maxSizeBytes, networks } = client
    if (internal || senders !== null || recipients !== null || maxSizeBytes !== null) continue
    if (client.tls !== undefined || client.class !== undefined || special.has(name) || networks.length === 0) continue
    const inside = networks.some(({ network }) =>
      list.some((other) => other.at !== at && other.networks.some((outer) => holds(outer.network, network))),
    )
    if (inside) continue
    report.warning(
      'MG1409',
      { kind: 'key', path: ['clients', name] },
      'makes no difference: it may do what every stranger may',
      {
        hint: 'did you mean internal: true?',
      },
    )
  }
}
