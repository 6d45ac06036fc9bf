import type { ListenerSettings } from '../mail/settings.ts'
import type { NameFact } from './names.ts'
import type { Region, Space } from './prove-space.ts'

/**
 * The messages of a region that a line can carry: a listener without TLS has no encrypted line and one with implicit TLS
 * no other, a certificate is shown in the handshake of TLS, and nobody logs in where no login is offered.
 */
export function possible(space: Space, region: Region): Region[] {
  const { control } = space.question.graph
  const kinds = new Map<string, { readonly of: ListenerSettings; readonly listener: number[] }>()
  for (const index of region.listener) {
    const of = control.listeners[index]!
    const key = `${of.tls === undefined ? 'off' : of.tls.mode === 'implicit'} ${of.login === undefined}`
    const kind = kinds.get(key)
    if (kind === undefined) kinds.set(key, { of, listener: [index] })
    else kind.listener.push(index)
  }
  const found: Region[] = []
  for (const { of, listener } of kinds.values()) {
    const login = of.login === undefined ? region.login.filter((one) => one === space.unsaid.login) : region.login
    const bare = region.certificate.filter((one) => one === space.unsaid.certificate)
    const clear = { ...region, listener, login, tls: region.tls.filter((tls) => tls === 0), certificate: bare }
    const encrypted = { ...region, listener, login, tls: region.tls.filter((tls) => tls === 1) }
    if (of.tls?.mode !== 'implicit') found.push(clear)
    if (of.tls !== undefined) found.push(encrypted)
  }
  return found.filter(({ tls, login, certificate }) => [tls, login, certificate].every((list) => list.length > 0))
}

/** Those who say nothing of this, and those who do. */
export function bySaying(space: Space, fact: NameFact, region: Region): readonly [Region | null, Region | null] {
  const none = space.unsaid[fact]
  const said = region[fact].filter((one) => one !== none)
  return [
    said.length === region[fact].length ? null : { ...region, [fact]: [none] },
    said.length === 0 ? null : { ...region, [fact]: said },
  ]
}
