import { unsaid } from './box.ts'
import { isSorted } from './check-order.ts'
import { patternCheck } from './check-pattern.ts'
import { type Claims, effects, floors, wholeClaims } from './claims.ts'
import { parseBlock } from './network.ts'
import { foldLocalPart, isSearchable } from './pattern.ts'
import { type Check, line, listOf, oneOf, orNull, record, ShapeError, text, whole } from './shape.ts'

const at = text(/^[^\x00-\x1f\x7f]{0,2000}$/, 'a path in the document')
const name = text(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/, 'a name')
const any: Check = () => {}

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const domainForm = new RegExp(`^(?:\\*|(?:\\*\\.)?${label}(?:\\.${label})*)$`)

const network: Check = (value, where) => {
  if (typeof value !== 'string' || parseBlock(value) === null) throw new ShapeError(where, 'an address block', value)
}
const domainPattern: Check = (value, where) => {
  if (typeof value !== 'string' || !domainForm.test(value) || !isSearchable(value))
    throw new ShapeError(where, 'a domain pattern', value)
}
const recipientPattern: Check = (value, where) => {
  const sign = typeof value === 'string' ? value.lastIndexOf('@') : -1
  if (sign < 0) return domainPattern(value, where)
  const [local, domain] = [(value as string).slice(0, sign), (value as string).slice(sign + 1)]
  if (local === '' || local !== foldLocalPart(local)) throw new ShapeError(where, 'a folded local part', value)
  domainPattern(domain, where)
}
const senderPattern: Check = (value, where) => {
  if (value !== '<>') recipientPattern(value, where)
}

const patternSet = (pattern: Check): Check => orNull(listOf(record({ pattern, except: listOf(pattern) })))
const bytes = whole(0, Number.MAX_SAFE_INTEGER)
const sortedNames: Check = (value, where) => {
  listOf(name)(value, where)
  if (!isSorted(value as string[])) throw new ShapeError(where, 'names sorted, each once', value)
}
const oracles: Check = (value, where) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ShapeError(where, 'an object', value)
  for (const [oracle, outcomes] of Object.entries(value)) {
    text(/^[a-z-]{1,20}\.[\w./-]{1,200}$/, 'the name of an oracle')(oracle, where)
    listOf(oneOf('listed', 'clear', 'error'), 3)(outcomes, `${where}.${oracle}`)
  }
}

const orUnsaid =
  (check: Check): Check =>
  (value, where) => {
    if (value !== unsaid) check(value, where)
  }
const names = (pattern: Check): Check =>
  listOf(record({ pattern: orUnsaid(pattern), except: listOf(orUnsaid(pattern)) }))
const boxKeys = {
  listeners: orNull(sortedNames),
  clients: patternSet(network),
  senders: patternSet(senderPattern),
  recipients: patternSet(recipientPattern),
  sizes: orNull(listOf(record({ overBytes: orNull(bytes), upToBytes: orNull(bytes) }))),
  hops: orNull(listOf(record({ over: orNull(bytes), upTo: orNull(bytes) }))),
  oracles,
}
const boxLine = {
  tls: oneOf(true, false),
  logins: names(patternCheck('login')),
  certificates: names(patternCheck('certificate')),
  helos: names(patternCheck('helo')),
}
const box = record(boxKeys, boxLine)
const effect: Check = (value, where) => {
  if (typeof value === 'string') oneOf(...effects)(value, where)
  else record({ relay: name })(value, where)
}

const kind = { kind: any, at }
const claims = new Map<unknown, Check>(
  Object.entries({
    ...Object.fromEntries(wholeClaims.map((whole) => [whole, record(kind)])),
    tlsFloor: record({ ...kind, pattern: recipientPattern, level: oneOf(...floors) }),
    never: record({ ...kind, box, effect }),
    always: record({ ...kind, box, effect }),
    onlyVia: record({ ...kind, box, relay: name }),
    unchanged: record({ ...kind, box }),
  }),
)
const claim: Check = (value, where) => {
  const check = typeof value === 'object' && value !== null ? claims.get((value as { kind?: unknown }).kind) : undefined
  if (check === undefined) throw new ShapeError(where, 'a claim of a kind that is known', value)
  check(value, where)
}

const row =
  (pattern: Check, says: Check): Check =>
  (value, where) => {
    if (!Array.isArray(value) || value.length !== 3) throw new ShapeError(where, '[pattern, what it says, at]', value)
    pattern(value[0], where)
    says(value[1], where)
    at(value[2], where)
  }

const isInternal = oneOf(true, false)
const clientRows = {
  logins: listOf(row(patternCheck('login'), isInternal)),
  certificates: listOf(row(patternCheck('certificate'), isInternal)),
}
const shapeKeys = {
  clients: listOf(row(network, isInternal)),
  domains: listOf(row(domainPattern, oneOf('local', 'relay'))),
  rules: listOf(at),
  openRelay: orNull(record({ reason: line, until: text(/^\d{4}-\d{2}-\d{2}$/, 'a day'), at })),
  prove: listOf(claim, 10_000),
}
const shape = record(shapeKeys, clientRows)

/** Throws `ShapeError`. */
export function checkClaims(value: unknown, where: string): asserts value is Claims {
  shape(value, where)
  const { clients, logins = [], certificates = [], domains } = value as Claims
  for (const [key, rows] of Object.entries({ clients, logins, certificates, domains })) {
    if (!isSorted(rows.map(([pattern]) => pattern)))
      throw new ShapeError(`${where}.${key}`, 'rows sorted, each pattern once', rows)
  }
}
