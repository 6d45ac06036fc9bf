import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codes } from '../../src/config/codes.ts'
import { TableFile } from '../../src/config/source.ts'
import { base, tsv, validated } from './check.ts'

const document: Record<string, unknown> = {
  ...base,
  domains: { 'corp.example': { recipients: ['ann'], unknown: { catchAll: 'ann@corp.example' } }, 'b.example': 'relay' },
  trusted: ['10.0.0.0/8'],
  clients: { a: { networks: tsv('10.1.0.0/16\n10.2.0.0/16'), internal: true, senders: ['<>', '*.corp.example'] } },
  relays: { isp: { hosts: ['isp', '[::1]:26'], tls: 'encrypt', auth: { user: 'u', pass: { $secret: 'env:A' } } } },
  localMx: {
    'b.example': { relay: 'isp' },
    '*.c.example': ['bart', 'lisa:26'],
    'd.example': { mx: { tls: 'may' } },
    '*': 'reject 550 no',
  },
  dnsbl: [{ id: 'zen', zone: 'zen.example', onError: 'ignore', codes: ['127.0.0.2'] }],
  deny: [{ when: { client: '192.0.2.0/24', size: { over: '5MB' } } }],
  aliases: { 'x@corp.example': ['ann@corp.example'], 'y@corp.example': 'x@corp.example' },
  limits: { maxSize: '20MiB' },
  timeouts: { command: '5m' },
  retry: { schedule: ['1m'], expireAfter: '5d' },
  resolver: { servers: ['127.0.0.1:5353'] },
}

const words = fc.constantFrom(
  '',
  '*',
  '*.',
  '<>',
  '@',
  'a@b',
  'ann@corp.example',
  'corp.example',
  '127.0.0.1:2525',
  '::/0',
  '5m',
  'mx',
  'relay:isp',
  'isp',
  'lan',
  '\0',
  '__proto__',
  'constructor',
)
const tables = fc.oneof(
  fc.string().map((text) => tsv(text)),
  fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }).map(
    (values) =>
      new TableFile(
        't.tsv',
        null,
        values.map((value, i) => ({ line: i + 1, cells: [], starts: [1], value })),
      ),
  ),
)
const anything = fc.oneof(
  words,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(Number.NaN, Infinity, -0, 1e308),
  tables,
)

/** The document with one part of it replaced, renamed or added. */
function changed(value: unknown, steps: readonly number[], by: unknown, key: string | null): unknown {
  const [step, ...rest] = steps
  if (step === undefined || typeof value !== 'object' || value === null || value instanceof TableFile) return by
  if (Array.isArray(value))
    return value.map((one, i) => (i === step % Math.max(1, value.length) ? changed(one, rest, by, key) : one))
  const all = Object.entries(value)
  const at = all.length === 0 ? 0 : step % all.length
  const next = all.map(([name, one], i) =>
    i === at ? [rest.length === 0 && key !== null ? key : name, changed(one, rest, by, key)] : [name, one],
  )
  return Object.fromEntries(next)
}

test('a key that loading refuses is not looked at', () => {
  const listeners = JSON.parse('{"lan": {"kind": "internal", "bind": "127.0.0.1:2525"}, "__proto__": null}')
  expect(validated({ ...document, listeners }).diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
})

test('whatever stands in a document, validation ends with diagnostics and never throws', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(20), { maxLength: 5 }),
      anything,
      fc.option(fc.oneof(words, fc.string())),
      (steps, by, key) => {
        const result = validated(changed(document, steps, by, key))
        for (const { code, message, severity } of result.diagnostics) {
          expect(codes).toHaveProperty(code)
          expect(message).not.toBe('')
          expect(['error', 'warning']).toContain(severity)
        }
        expect(result.document === null).toBe(result.diagnostics.some(({ severity }) => severity === 'error'))
      },
    ),
    { numRuns: 1000 },
  )
}, 60_000)
