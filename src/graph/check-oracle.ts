import { type Check, line, listOf, oneOf, record, ShapeError, text, whole } from './shape.ts'

const any: Check = () => {}
const name = text(/^[^\x00-\x20\x7f-\x9f]{1,1000}$/, 'a name')

const shapes = new Map<unknown, Check>([
  [
    'dnsbl',
    record({
      kind: any,
      id: line,
      zone: text(/^[a-z0-9_.-]{1,255}$/, 'a zone'),
      codes: listOf(text(/^127\.[0-9./]{5,15}$/, 'a network inside 127.0.0.0/8'), 1000),
    }),
  ],
  ['check', record({ kind: any, id: oneOf('reverse', 'helo', 'sender-domain') })],
  ['own-sender', record({ kind: any, id: name })],
  ['recipient', record({ kind: any, id: name })],
  ['watched', record({ kind: any, id: name, path: text(/^\/[^\x00-\x1f\x7f]{1,1000}$/, 'an absolute path') })],
  [
    'rate',
    record({
      kind: any,
      id: name,
      of: oneOf('messages', 'recipients', 'bytes'),
      most: whole(0, Number.MAX_SAFE_INTEGER),
      perMs: whole(1, 400 * 86_400_000),
      by: oneOf('address', 'entry', 'login'),
    }),
  ],
])

/** The question of an oracle node. Throws `ShapeError`. */
export const checkOracle: Check = (value, where) => {
  const kind =
    typeof value === 'object' && value !== null && Object.hasOwn(value, 'kind')
      ? (value as { kind: unknown }).kind
      : undefined
  const check = shapes.get(kind)
  if (check === undefined) throw new ShapeError(`${where}.kind`, `one of ${[...shapes.keys()].join(', ')}`, kind)
  check(value, where)
}
