import type { HostPort, RelaySettings } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { Relay } from './define.ts'
import { isLoopback } from './validate-listeners.ts'
import { nextHopSettings } from './validate-next-hop.ts'
import { atOf, hostsAt, nameAt, type Placed, valueSpot, values } from './validate-read.ts'
import { relayLogin } from './validate-relay-login.ts'
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
    const { implicitTls = false } = relay
    const placedHosts = hostsAt(
      report,
      relay.hosts,
      [...path, 'hosts'],
      implicitTls ? defaults.relayPortImplicit : defaults.relayPort,
    )
    const auth = relay.auth === undefined ? null : relayLogin(report, relay.auth, [...path, 'auth'])
    const tls = relay.tls ?? (implicitTls || relay.auth !== undefined ? defaults.relayTlsWithAuth : defaults.relayTls)
    const isWeak = tls === 'off' || tls === 'may'
    if (implicitTls && isWeak) {
      report.error(
        'MG1353',
        valueSpot([...path, 'tls']),
        `expected "encrypt" or "verify" with implicitTls, got "${tls}"`,
      )
      // Whoever sits on the way can strip STARTTLS, and then has the password. A loopback has nobody on the way.
    } else if (relay.auth !== undefined && isWeak && !placedHosts.every(({ value: { host } }) => isLoopback(host))) {
      report.error(
        'MG1606',
        valueSpot([...path, 'tls']),
        `expected "encrypt" or "verify" where a ${auth !== null && 'oauth' in auth ? 'token' : 'password'} is sent, got "${tls}"`,
      )
    }
    for (const { value, spot } of placedHosts) {
      if (implicitTls || value.port !== 465) continue
      report.warning('MG1354', spot, 'speaks TLS from the first octet on port 465, and is waited for in clear', {
        hint: 'write implicitTls: true beside it, or take port 587',
      })
    }
    list.push({
      at: atOf(path),
      name,
      hosts: values(placedHosts),
      tls,
      auth,
      ...(implicitTls ? { implicitTls } : {}),
      connections: relay.connections ?? connections,
      ...nextHopSettings(report, relay, path),
      placedHosts,
    })
  }
  return list
}
