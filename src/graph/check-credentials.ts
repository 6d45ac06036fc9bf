import { hashKindOf } from '../mail/password-hash.ts'
import { type Check, line, listOf, oneOf, orNull, record, ShapeError, text, whole } from './shape.ts'

/** The shapes of what stands behind a login. */

const name = text(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/, 'a name')
const host = text(/^[A-Za-z0-9_.:-]{1,255}$/, 'a host or an address')
const hostPort = record({ host, port: whole(1, 65535) })
const file = text(/^\/[^\x00-\x1f\x7f]{1,4000}$/, 'an absolute path')
const secret = record({ $secret: text(/^(?:env|file|exec):[^\x00-\x1f]{1,4000}$/, 'a reference to a secret') })
const url = text(/^https?:\/\/[!-~]{1,2000}$/, 'a URL')
const ms = whole(0, Number.MAX_SAFE_INTEGER)

/** At least one: a back-end without servers would be an error at every login, and never at an apply. */
const some = (check: Check, max: number): Check => {
  const list = listOf(check, max)
  return (value, where) => {
    list(value, where)
    if ((value as readonly unknown[]).length === 0) throw new ShapeError(where, 'at least one', value)
  }
}
const argv: Check = (value, where) => {
  some(text(/^[^\x00]{0,4000}$/, 'an argument'), 1000)(value, where)
  file((value as readonly unknown[])[0], `${where}[0]`)
}

const common = { id: name, kind: (() => {}) as Check, timeoutMs: ms, onError: oneOf('defer', 'next'), cacheMs: ms }

const hash: Check = (value, where) => {
  // What came is perhaps a password: it is not repeated.
  if (typeof value !== 'string' || hashKindOf(value) === null) throw new ShapeError(where, 'a hash', '(not shown)')
}
const login = text(/^[^\x00-\x20\x7f-\xa0:*]{1,255}$/, 'a login')
const address = text(/^[^\x00-\x1f\x7f]{1,320}$/, 'an address pattern')
const user = record({
  login,
  hash: orNull(hash),
  cram: orNull(text(/^\$aes-256-gcm\$[!-~]{1,1000}$/, 'an encrypted password')),
  addresses: listOf(address, 100_000),
})
const dn = text(/^[^\x00-\x1f\x7f]{1,1000}$/, 'a DN')

const kinds = new Map<unknown, Check>(
  Object.entries({
    users: record({ ...common, users: some(user, 1_000_000), cramKey: orNull(secret) }),
    file: record({ ...common, path: file, cramKey: orNull(secret) }),
    ldap: record({
      ...common,
      urls: some(text(/^ldaps?:\/\/[!-~]{1,300}$/, 'an LDAP server'), 100),
      startTls: oneOf(true, false),
      ca: orNull(file),
      find: ((value, where) => {
        const search = (value as { kind?: unknown } | null)?.kind === 'search'
        ;(search ? findSearch : findDn)(value, where)
      }) as Check,
      addresses: orNull(text(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'an attribute')),
      connections: whole(1, 1000),
    }),
    radius: record({
      ...common,
      servers: some(hostPort, 100),
      secret,
      nasIdentifier: orNull(line),
      attempts: whole(1, 100),
    }),
    http: record({
      ...common,
      url,
      header: orNull(record({ name: text(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'a header'), value: secret })),
      ca: orNull(file),
    }),
    exec: record({ ...common, argv }),
    oauth: record({
      ...common,
      check: ((value, where) => {
        const jwks = (value as { kind?: unknown } | null)?.kind === 'jwks'
        ;(jwks ? checkJwks : checkIntrospection)(value, where)
      }) as Check,
      issuer: orNull(line),
      audience: listOf(line, 1000),
      scopes: listOf(line, 1000),
      claim: line,
      addressesClaim: orNull(line),
      skewMs: ms,
      ca: orNull(file),
    }),
  }),
)
const findDn = record({ kind: oneOf('dn'), dn })
const findSearch = record({
  kind: oneOf('search'),
  base: dn,
  filter: dn,
  scope: oneOf('base', 'one', 'sub'),
  bind: orNull(record({ dn, password: secret })),
})
const checkIntrospection = record({
  kind: oneOf('introspection'),
  url,
  client: orNull(record({ id: line, secret })),
})
const checkJwks = record({ kind: oneOf('jwks'), url, algorithms: some(name, 100) })

export const credentials: Check = listOf((value, where) => {
  const check = kinds.get((value as { kind?: unknown } | null)?.kind)
  if (check === undefined) throw new ShapeError(where, `a kind of credentials (${[...kinds.keys()].join(', ')})`, value)
  check(value, where)
}, 1000)
