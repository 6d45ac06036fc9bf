import type { HostTlsView } from '../../mail/hop-view.ts'

const words: ReadonlyMap<string, string> = new Map([
  ['off', 'never'],
  ['may', 'if the host offers it'],
  ['encrypt', 'always'],
  ['verify', 'always, with a certificate that passes'],
])

/** How much TLS a host must have, and who says so. */
export function tlsWords(tls: HostTlsView | null): string {
  if (tls === null) return 'as the route says'
  if (tls.kind === 'unusable') return `none that may be used (${tls.status}): ${tls.why}`
  const { level, by, why } = tls
  return `${words.get(level) ?? level} (${by === 'route' || by === 'opportunistic' ? why : `${by}: ${why}`})`
}
