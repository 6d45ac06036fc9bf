import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDomain } from '../../src/mail/domain.ts'
import { type IpAddress, ipBytes, ipFromBytes, parseIp } from '../../src/mail/ip.ts'

const addresses: [text: string, canonical: string][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1::', '1::'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
]
describe('an address', () => {
  for (const [text, canonical] of addresses) {
    test(`${text} is ${canonical} (RFC 5952)`, () => expect(parseIp(text)).toEqual({ ok: true, value: canonical }))
  }
  for (const text of [
    '',
    '1',
    '127.1',
    '010.0.0.1',
    '0x7f.0.0.1',
    '1.2.3.256',
    '1.2.3.4 ',
    ':',
    ':::',
    '1::2::3',
    'fe80::1%lo',
    '[::1]',
    '12345::',
  ]) {
    test(`${JSON.stringify(text)} is none`, () => expect(parseIp(text).ok).toBe(false))
  }
  test('is the same after a way through bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((all) => Uint8Array.from(all)),
    )
    fc.assert(
      fc.property(bytes, (octets) => {
        const address = ipFromBytes(octets)
        expect(isIP(address)).toBe(address.includes(':') ? 6 : 4)
        expect(parseIp(address)).toEqual({ ok: true, value: address })
        const back = ipBytes(address as IpAddress)
        expect([...back]).toEqual([...(octets.length === 16 && back.length === 4 ? octets.subarray(12) : octets)])
      }),
    )
  })
})

describe('a domain', () => {
  const good: [string, string][] = [
    ['Example.ORG', 'example.org'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['faß.de', 'xn--fa-hia.de'],
    ['xn--BCHER-KVA.example', 'xn--bcher-kva.example'],
    ['web_01.example', 'web_01.example'],
    ['a--b.example', 'a--b.example'],
  ]
  for (const [text, want] of good) {
    test(`${text} is ${want}`, () => expect(parseDomain(text)).toEqual({ ok: true, value: want }))
  }
  // What the URL parsers of browsers would read as another name: refused, not repaired.
  for (const text of [
    '',
    '.',
    'a..b',
    '.a',
    'a.',
    '-a',
    'a-',
    'ex%61mple.com',
    'a/b',
    'a b',
    'a@b',
    'xn--a',
    'xn--',
    'a\0b',
    'a\u00adb\u200c.example.',
    `${'a'.repeat(64)}.example`,
  ]) {
    test(`${JSON.stringify(text)} is none`, () => expect(parseDomain(text).ok).toBe(false))
  }
  test('0x7f.1 stays a name and becomes no address', () =>
    expect(parseDomain('0x7f.1')).toEqual({ ok: true, value: '0x7f.1' }))
})
