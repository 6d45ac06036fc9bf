import { type Check, listOf, oneOf, orNull, record, ShapeError, text, whole } from './shape.ts'

/** The shapes of what is asked about recipients. */

const name = text(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/, 'a name')
const file = text(/^\/[^\x00-\x1f\x7f]{1,4000}$/, 'an absolute path')
const line = text(/^[^\x00-\x1f\x7f]{1,1000}$/, 'a line of text')
const secret = record({ $secret: text(/^(?:env|file|exec):[^\x00-\x1f]{1,4000}$/, 'a reference to a secret') })
const ms = whole(0, Number.MAX_SAFE_INTEGER)

const common = {
  id: name,
  domains: listOf(text(/^(?:\*\.)?[a-z0-9_.-]{1,255}$/, 'a domain pattern'), 1_000_000),
  kind: (() => {}) as Check,
  timeoutMs: whole(1, 20_000),
  positiveMs: ms,
  negativeMs: ms,
  staleMs: ms,
  entries: whole(1, 1_000_000),
}

const servers: Check = (value, where) => {
  listOf(text(/^ldaps?:\/\/[!-~]{1,300}$/, 'an LDAP server'), 100)(value, where)
  if ((value as readonly unknown[]).length === 0) throw new ShapeError(where, 'at least one', value)
}

const kinds = new Map<unknown, Check>(
  Object.entries({
    ldap: record({
      ...common,
      urls: servers,
      startTls: oneOf(true, false),
      ca: orNull(file),
      base: line,
      scope: oneOf('base', 'one', 'sub'),
      filter: line,
      bind: orNull(record({ dn: line, password: secret })),
      connections: whole(1, 1000),
    }),
    http: record({
      ...common,
      url: text(/^https?:\/\/[!-~]{1,2000}$/, 'a URL'),
      header: orNull(record({ name: text(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'a header'), value: secret })),
      ca: orNull(file),
    }),
    callout: record({ ...common, perMinute: whole(1, 1_000_000) }),
  }),
)

export const recipientChecks: Check = listOf((value, where) => {
  const check = kinds.get((value as { kind?: unknown } | null)?.kind)
  if (check === undefined)
    throw new ShapeError(where, `a kind of check of recipients (${[...kinds.keys()].join(', ')})`, value)
  check(value, where)
}, 1000)
