import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allowsMx, parseStsPolicy, policyLines } from '../../../src/dns/mta-sts/policy.ts'
import { stsId } from '../../../src/dns/mta-sts/record.ts'

const lines = (...text: string[]) => `${text.join('\r\n')}\r\n`
const usual = ['version: STSv1', 'mode: enforce', 'mx: mx1.dst.test', 'max_age: 86400']

describe('the TXT record of MTA-STS (RFC 8461 §3.1)', () => {
  const records: [string, readonly string[], string | null][] = [
    ['an id', ['v=STSv1; id=20260101T000000Z;'], '20260101T000000Z'],
    ['without the last semicolon', ['v=STSv1;id=1'], '1'],
    ['records of others beside it', ['hello', 'v=spf1 -all', 'v=STSv1; id=a'], 'a'],
    ['fields that nobody knows', ['v=STSv1; id=a; more=b c'], 'a'],
    ['none', ['v=spf1 -all'], null],
    ['two of them: no policy', ['v=STSv1; id=a', 'v=STSv1; id=b'], null],
    ['no id', ['v=STSv1;'], null],
    ['an id that is none', ['v=STSv1; id=a-b'], null],
    ['an id that is too long', [`v=STSv1; id=${'a'.repeat(33)}`], null],
    ['the id twice', ['v=STSv1; id=a; id=b'], null],
    ['another version', ['v=STSv2; id=a'], null],
    ['the version not first', ['id=a; v=STSv1'], null],
  ]
  for (const [name, record, want] of records) test(name, () => expect(stsId(record)).toBe(want))
})

describe('the policy file of MTA-STS (RFC 8461 §3.2)', () => {
  test('a usual one', () => {
    expect(parseStsPolicy(lines(...usual))).toEqual({
      ok: true,
      value: { mode: 'enforce', mx: ['mx1.dst.test'], maxAgeMs: 86_400_000 },
    })
  })

  test('lines may end in LF alone, the last one in nothing', () => {
    expect(parseStsPolicy(usual.join('\n')).ok).toBe(true)
  })

  test('of a key that stands twice the first counts, and of mx all', () => {
    const policy = parseStsPolicy(lines(...usual, 'mode: none', 'mx: *.Other.test', 'unknown: x'))
    expect(policy).toMatchObject({ value: { mode: 'enforce', mx: ['mx1.dst.test', '*.other.test'] } })
  })

  test('mode none needs no host', () => {
    expect(parseStsPolicy(lines('version: STSv1', 'mode: none', 'max_age: 1')).ok).toBe(true)
  })

  test('max_age is a year at most', () => {
    const policy = parseStsPolicy(lines(...usual.slice(0, 3), 'max_age: 9999999999'))
    expect(policy).toMatchObject({ value: { maxAgeMs: 31_557_600_000 } })
  })

  const wrong: [string, string][] = [
    ['nothing', ''],
    ['HTML', '<!doctype html><title>Not found</title>'],
    ['another version', lines('version: STSv2', ...usual.slice(1))],
    ['no mode', lines(usual[0]!, usual[2]!, usual[3]!)],
    ['another mode', lines(usual[0]!, 'mode: strict', usual[2]!, usual[3]!)],
    ['no host', lines(usual[0]!, usual[1]!, usual[3]!)],
    ['a host that is none', lines(...usual, 'mx: a b')],
    ['a star in the middle', lines(...usual, 'mx: a.*.test')],
    ['a star alone', lines(...usual, 'mx: *')],
    ['no age', lines(...usual.slice(0, 3))],
    ['an age that is none', lines(...usual.slice(0, 3), 'max_age: -1')],
    ['a line that is no field', lines(...usual, 'hello')],
    ['more hosts than anybody has', lines(...usual, ...Array.from({ length: 600 }, (_, i) => `mx: m${i}.test`))],
    ['more than 64 KiB', lines(...usual, `x: ${'y'.repeat(70_000)}`)],
  ]
  for (const [name, body] of wrong) test(`refused: ${name}`, () => expect(parseStsPolicy(body).ok).toBe(false))

  test('whatever comes, it is a policy or a sentence', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const policy = parseStsPolicy(text)
        expect(policy.ok || policy.error.length > 0).toBe(true)
      }),
    )
  })

  test('what a report quotes of a policy is the policy', () => {
    const host = fc.stringMatching(/^(?:\*\.)?[a-z]{1,9}\.[a-z]{1,9}$/)
    fc.assert(
      fc.property(fc.array(host, { minLength: 1 }), fc.nat(31_557_600), (mx, age) => {
        const policy = { mode: 'testing' as const, mx, maxAgeMs: age * 1000 }
        expect(parseStsPolicy(policyLines(policy).join('\n'))).toEqual({ ok: true, value: policy })
      }),
    )
  })
})

describe('MX hosts of a policy (RFC 8461 §4.1)', () => {
  const cases: [string, string, boolean][] = [
    ['mx.dst.test', 'mx.dst.test', true],
    ['mx.dst.test', 'MX.DST.test', true],
    ['mx.dst.test', 'mx2.dst.test', false],
    ['mx.dst.test', 'a.mx.dst.test', false],
    ['*.dst.test', 'mx.dst.test', true],
    ['*.dst.test', 'dst.test', false],
    ['*.dst.test', 'a.mx.dst.test', false],
    ['*.dst.test', 'mxdst.test', false],
  ]
  for (const [pattern, host, want] of cases) {
    test(`${pattern} ${want ? 'is' : 'is not'} ${host}`, () => expect(allowsMx({ mx: [pattern] }, host)).toBe(want))
  }
})
