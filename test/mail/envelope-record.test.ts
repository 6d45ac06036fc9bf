import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type EnvelopeRecord, envelopeLine, parseEnvelopeLine, timeOfLine } from '../../src/mail/envelope-record.ts'

// Few values, so that neighbours often share all but one of them.
const answers = [{}, {}, { 'dnsbl.zen': 'error' }] as const
const records: fc.Arbitrary<EnvelopeRecord> = fc.record(
  {
    time: fc.nat(),
    listener: fc.constantFrom('mx', 'lan'),
    client: fc.constantFrom('192.0.2.1', '2001:db8::1'),
    from: fc.constantFrom(null, '<>', '"a\\"b"@a.test', 'ü@a.test'),
    to: fc.oneof(fc.constant(null), fc.string()),
    size: fc.constantFrom(null, 0, 1),
    hops: fc.constantFrom(null, 0, 1),
    answers: fc.constantFrom(...answers),
    verdict: fc.constantFrom('accepted', 'refused'),
    stage: fc.constantFrom('rcpt', 'data'),
    code: fc.constantFrom(250, 550),
    at: fc.oneof(fc.constant(''), fc.string()),
    graph: fc.constantFrom('g1:a', 'g1:b'),
    id: fc.constantFrom(null, 'q1'),
    hashed: fc.constant(true as const),
    tls: fc.constant(true as const),
    login: fc.string(),
    certificate: fc.constant(`sha256:${'0'.repeat(64)}`),
    helo: fc.string(),
    observed: fc.constant(['deny[0]']),
  },
  {
    requiredKeys: [
      ...(['time', 'listener', 'client', 'from', 'to', 'size', 'hops', 'answers'] as const),
      ...(['verdict', 'stage', 'code', 'at', 'graph', 'id'] as const),
    ],
  },
)

const sample: EnvelopeRecord = {
  ...{ time: 1, listener: 'mx', client: '192.0.2.1', from: '<>', to: null, size: null, hops: null, answers: {} },
  ...{ verdict: 'accepted', stage: 'data', code: 250, at: 'x', graph: 'g1:a', id: null },
}

test('a line is one line and says its record', () => {
  fc.assert(
    fc.property(fc.array(records, { minLength: 1, maxLength: 12 }), (list) => {
      for (const record of list) {
        const line = envelopeLine(record)
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(parseEnvelopeLine(line)).toEqual([record])
        expect(timeOfLine(line)).toBe(record.time)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a line says as many records as it has recipients, each with its own row', () => {
  const others = fc.array(
    fc.record({ to: fc.oneof(fc.constant(null), fc.string()), at: fc.constantFrom('', 'a', 'b') }),
  )
  fc.assert(
    fc.property(records, others, (record, also) => {
      const line = envelopeLine(record, also)
      expect(line.indexOf('\n')).toBe(line.length - 1)
      expect(parseEnvelopeLine(line)).toEqual([record, ...also.map((one) => ({ ...record, ...one }))])
      expect(timeOfLine(line)).toBe(record.time)
    }),
  )
})

test('what is no whole line says nothing', () => {
  const line = envelopeLine({ ...sample, to: 'a@b.test' }, [{ to: 'c@d.test', at: 'y' }])
  for (let end = 0; end < line.length - 1; end++) expect(parseEnvelopeLine(line.slice(0, end))).toEqual([])
  expect(parseEnvelopeLine('{"to":[]}')).toEqual([])
  expect(parseEnvelopeLine(line.replace('"at":["x","y"]', '"at":["x"]'))).toEqual([])
  expect(parseEnvelopeLine(line.replace('"c@d.test"', '5'))).toEqual([])
})

test('what is said of the line has its shape, or the line is no record', () => {
  const line = (part: object) => parseEnvelopeLine(JSON.stringify({ ...sample, ...part }))
  expect(line({ tls: true, login: 'joe', certificate: 'sha256:', helo: 'mx.test' })).toHaveLength(1)
  for (const part of [{ tls: false }, { tls: 'yes' }, { login: null }, { certificate: 1 }, { helo: ['a'] }]) {
    expect(line(part), JSON.stringify(part)).toEqual([])
  }
})
