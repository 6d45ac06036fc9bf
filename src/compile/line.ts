import type { Document } from '../config/document.ts'
import type { Builder, Ref, Row } from './builder.ts'

type Listener = Document['listeners'][number]

/** Who may connect to a listener at all, in front of `next`. */
export function allowedFrom(build: Builder, { listeners }: Document, next: Ref): Ref {
  const cases = listeners.flatMap(({ name, at, allowFrom }) => {
    if (allowFrom === undefined) return []
    const asker = `${at}.allowFrom`
    const refuse = build.leaf({
      kind: 'refuse',
      code: 554,
      status: '5.7.1',
      text: 'this client may not connect here',
      at: asker,
    })
    const rows = allowFrom.map((network): Row => [network, next, ''])
    return [[name, build.table('client', rows, refuse, asker)] as const]
  })
  return build.choice('listener', cases, next)
}

/** A listener that demands TLS, or has nothing else, in front of `next`. Also said of implicit TLS: the graph shows it. */
function overTls(build: Builder, { tls, at }: Listener, next: Ref): Ref {
  if (tls === undefined || tls.mode === 'offered') return next
  const asker = `${at}.tls`
  const refuse = build.leaf({ kind: 'refuse', code: 530, status: '5.7.0', text: 'STARTTLS is needed first', at: asker })
  return build.choice('tls', [['tls', next]], refuse, asker)
}

/** What MAIL asks first: TLS, then a login, each where its listener demands it (RFC 3207 §4, RFC 4954 §6). */
export function demands(build: Builder, { listeners }: Document, next: Ref): Ref {
  const cases = listeners.map((listener) => {
    const { login, at, name } = listener
    const asker = `${at}.login`
    const known =
      login?.required === true
        ? build.table(
            'login',
            [['*', next, '']],
            build.leaf({ kind: 'refuse', code: 530, status: '5.7.0', text: 'a login is needed first', at: asker }),
            asker,
          )
        : next
    return [name, overTls(build, listener, known)] as const
  })
  return build.choice('listener', cases, next)
}

/** Whether AUTH may be used on a line: with TLS, or from networks that are named for it (RFC 4954 §4, 538). */
export function loginAllowed(build: Builder, { listeners }: Document, next: Ref): Ref {
  if (listeners.every(({ login }) => login === undefined)) return next
  const none = build.leaf({
    kind: 'refuse',
    code: 502,
    status: '5.5.1',
    text: 'there is no login here',
    at: 'listeners',
  })
  const cases = listeners.flatMap(({ login, tls, name, at }) => {
    if (login === undefined) return []
    const asker = `${at}.login`
    const clear = build.leaf({
      kind: 'refuse',
      code: 538,
      status: '5.7.11',
      text: 'a login needs TLS here',
      at: asker,
    })
    const rows = login.clearTextFrom.map((network): Row => [network, next, ''])
    const inClear = build.table('client', rows, clear, asker)
    return [[name, tls === undefined ? inClear : build.choice('tls', [['tls', next]], inClear, asker)] as const]
  })
  return build.choice('listener', cases, none)
}
