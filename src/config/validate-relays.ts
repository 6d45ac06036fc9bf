import type { HostPort, RelaySettings } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { Relay, Secret } from './define.ts'
import type { DocPath } from './positions.ts'
import { isLoopback } from './validate-listeners.ts'
import { nextHopSettings } from './validate-next-hop.ts'
import { atOf, hostsAt, nameAt, type Placed, valueSpot, values } from './validate-read.ts'
import type { Report } from './validate-report.ts'
import { entries } from './validate-rows.ts'

export type RelayEntry = RelaySettings & { readonly at: string; readonly placedHosts: readonly Placed<HostPort>[] }

export function relays(report: Report, section: unknown, connections: number): RelayEntry[] {
  const list: RelayEntry[] = []
  for (const [name, value] of entries(section)) {
    const path = ['relays', name]
    if (!report.sound(path)) continue
    const relay = value as Relay
    nameAt(report, name, { kind: 'key', path })
    report.place(atOf(path), { kind: 'key', path })
    const placedHosts = hostsAt(report, relay.hosts, [...path, 'hosts'], defaults.relayPort)
    const tls = relay.tls ?? (relay.auth === undefined ? defaults.relayTls : defaults.relayTlsWithAuth)
    if (relay.auth !== undefined) {
      if (!/^[^\x00-\x1f\x7f]{1,255}$/.test(relay.auth.user)) {
        report.error('MG1313', valueSpot([...path, 'auth', 'user']), 'expected a user name of 1 to 255 characters')
      }
      checkSecret(report, relay.auth.pass, [...path, 'auth', 'pass'])
      // Whoever sits on the way can strip STARTTLS, and then has the password. A loopback has nobody on the way.
      if ((tls === 'off' || tls === 'may') && !placedHosts.every(({ value: { host } }) => isLoopback(host))) {
        report.error(
          'MG1606',
          valueSpot([...path, 'tls']),
          `expected "encrypt" or "verify" where a password is sent, got "${tls}"`,
        )
      }
    }
    list.push({
      at: atOf(path),
      name,
      hosts: values(placedHosts),
      tls,
      auth: relay.auth === undefined ? null : { user: relay.auth.user, pass: { $secret: relay.auth.pass.$secret } },
      connections: relay.connections ?? connections,
      ...nextHopSettings(report, relay, path),
      placedHosts,
    })
  }
  return list
}

export function checkSecret(report: Report, { $secret }: Secret, path: DocPath): void {
  const spot = valueSpot([...path, '$secret'])
  const [, kind = '', rest = ''] = /^([a-z]+):(.*)$/s.exec($secret) ?? []
  switch (kind) {
    case 'env':
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(rest))
        report.error('MG1314', spot, 'expected env: and the name of an environment variable')
      return
    case 'file':
      if (!rest.startsWith('/')) report.error('MG1314', spot, 'expected file: and an absolute path')
      return
    case 'exec':
      if (!isArgv(rest))
        report.error('MG1314', spot, 'expected exec: and a JSON list of texts, such as exec:["pass","show","isp"]')
      return
    default:
      // What came is perhaps the secret itself: it is not repeated.
      report.error(
        'MG1206',
        spot,
        'expected a reference, such as env:NAME, file:/path or exec:["program"], got another text (not shown)',
      )
  }
}

function isArgv(text: string): boolean {
  try {
    const argv: unknown = JSON.parse(text)
    return Array.isArray(argv) && argv.length > 0 && argv[0] !== '' && argv.every((part) => typeof part === 'string')
  } catch {
    return false
  }
}
