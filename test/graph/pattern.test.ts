import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contains, coveringBlocks, parseBlock } from '../../src/graph/network.ts'
import { coveringPatterns, foldLocalPart } from '../../src/graph/pattern.ts'
import { elementAround, nearest } from '../../src/graph/sources.ts'
import { type IpAddress, ipBytes, ipFromBytes } from '../../src/mail/ip.ts'

describe('what covers a pattern, the most specific first', () => {
  for (const [pattern, want] of [
    ['u@x.a.b', ['u@x.a.b', 'x.a.b', '*.a.b', '*.b', '*']],
    ['a.b', ['a.b', '*.b', '*']],
    ['*.a.b', ['*.a.b', '*.b', '*']],
    ['b', ['b', '*']],
    ['*', ['*']],
    ['<>', ['<>']],
    ['"@"@b', ['"@"@b', 'b', '*']],
  ] as const) {
    test(pattern, () => expect(coveringPatterns(pattern)).toEqual(want))
  }
})

test('local parts are one in any case, in any script and in either normal form', () => {
  expect(foldLocalPart('J\u00d6rg')).toBe('j\u00f6rg')
  expect(foldLocalPart('jo\u0308rg')).toBe('j\u00f6rg')
})

describe('blocks', () => {
  for (const text of [
    '10.0.0.1/8',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '010.0.0.0/8',
    '::ffff:10.0.0.0/104',
    '2001:DB8::/32',
    '2001:db8::1/32',
    '/8',
    '10.0.0.0/',
    'x/8',
    '10.0.0.0/-1',
  ]) {
    test(`${text} is none`, () => expect(parseBlock(text)).toBeNull())
  }
  for (const text of ['0.0.0.0/0', '10.0.0.0/8', '255.255.255.255/32', '::/0', '2001:db8::/32', '::1/128']) {
    test(`${text} is one`, () => expect(parseBlock(text)).not.toBeNull())
  }
  test('an address is in exactly the blocks that cover it', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    )
    const all = new Set(Array.from({ length: 129 }, (_, i) => i))
    fc.assert(
      fc.property(bytes, fc.nat(128), (random, bit) => {
        const address = ipFromBytes(random)
        const own = ipBytes(address)
        const other = Uint8Array.from(own)
        const at = bit % (own.length * 8)
        other[at >> 3]! ^= 128 >> (at & 7)
        const covering = coveringBlocks(`${address}/${own.length * 8}`, all)
        expect(covering).toHaveLength(own.length * 8 + 1)
        for (const text of covering) {
          const block = parseBlock(text)!
          expect(contains(block, own)).toBe(true)
          expect(contains(block, other)).toBe(block.bits <= at)
        }
      }),
      { numRuns: 50 },
    )
    const four = parseBlock('0.0.0.0/0')!
    expect(contains(four, ipBytes('::' as IpAddress))).toBe(false)
  })
})

test('the element around one is found by its text', () => {
  expect(elementAround('clients.lan.networks["10.0.0.0/8"]')).toBe('clients.lan.networks')
  expect(elementAround('localMx["*.a\\"]b"]')).toBe('localMx')
  expect(elementAround('deny[2].when.client[0]')).toBe('deny[2].when.client')
  expect(elementAround('relaying')).toBeNull()
  expect(nearest('limits.maxHops', (at) => (at === 'limits' ? 5 : null))).toBe(5)
  expect(nearest('limits.maxHops', () => null)).toBeNull()
})
