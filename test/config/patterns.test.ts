import fc from 'fast-check'
import { expect, test } from 'vitest'
import { covering, mailboxKey, readAddressPattern, readDomainPattern, readMailbox } from '../../src/config/patterns.ts'

test.each([
  ['a.example', 'a.example'],
  ['A.Example', 'a.example'],
  ['a.example.', 'a.example'],
  ['*', '*'],
  ['*.a.example', '*.a.example'],
  ['*.A.EXAMPLE.', '*.a.example'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['*.BÜCHER.example', '*.xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['faß.example', 'xn--fa-hia.example'],
  ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  ['constructor', 'constructor'],
  ['_dmarc.a.example', '_dmarc.a.example'],
])('the domain pattern %j is %j', (text, want) => {
  expect(readDomainPattern(text)).toEqual({ ok: true, value: want })
})

test.each([
  ['.a.example', '*.a.example'],
  ['*.*', '"*"'],
  ['a.*.example', 'only at the front'],
  ['*a.example', 'only at the front'],
  ['**.a.example', 'only at the front'],
  ['user@a.example', '"a.example"'],
])('%j is no domain pattern, and the hint says %j', (text, hint) => {
  expect(readDomainPattern(text)).toEqual({ ok: false, error: expect.any(String), hint: expect.stringContaining(hint) })
})

test.each([
  '',
  '.',
  '*.',
  'a..example',
  '-a.example',
  'a b.example',
  '10.1',
  '010.0.0.1',
  '192.0.2.1',
  '0x7f.1',
  '*.10',
  'a.example..',
  '[192.0.2.1]',
  `${'a'.repeat(64)}.example`,
  'xn--a.example',
])('%j is no domain pattern', (text) => {
  expect(readDomainPattern(text).ok).toBe(false)
})

test.each([
  ['User@A.Example', 'user@a.example'],
  ['*@a.example', 'a.example'],
  ['*@*.a.example', '*.a.example'],
  ['*@*', '*'],
  ['<>', '<>'],
  ['a.example', 'a.example'],
  ['"a b"@a.example', 'a b@a.example'],
  ['"a@b"@a.example', 'a@b@a.example'],
  ['jürgen@bücher.example', 'jürgen@xn--bcher-kva.example'],
  ['ju\u0308rgen@a.example', 'jürgen@a.example'],
])('the address pattern %j is %j', (text, want) => {
  expect(readAddressPattern(text)).toEqual({ ok: true, value: want })
})

test.each([
  ['@a.example', '"*@a.example"'],
  ['<user@a.example>', '"user@a.example"'],
  ['user@*.a.example', 'whole labels'],
  ['us*@a.example', 'whole local part'],
  ['.a.example', '"*.a.example"'],
])('%j is no address pattern, and the hint says %j', (text, hint) => {
  expect(readAddressPattern(text)).toEqual({
    ok: false,
    error: expect.any(String),
    hint: expect.stringContaining(hint),
  })
})

test('a mailbox keeps the quoting and the case of its local part, and is compared without them', () => {
  const plain = readMailbox('Ann@A.Example')
  expect(plain).toEqual({ ok: true, value: { localPart: 'Ann', domain: 'a.example', text: 'Ann@a.example' } })
  const quoted = readMailbox('"ann"@a.example')
  if (!plain.ok || !quoted.ok) throw new Error('both are mailboxes')
  expect(quoted.value.text).toBe('"ann"@a.example')
  expect(mailboxKey(quoted.value)).toBe(mailboxKey(plain.value))
})

test.each([
  '',
  'ann',
  'ann@',
  '@a.example',
  'ann@a..b',
  'ann@192.0.2.1',
  'a b@a.example',
  'ann@a.example>',
  '.ann@a.example',
])('%j is no mailbox', (text) => {
  expect(readMailbox(text).ok).toBe(false)
})

test('what covers a pattern comes most specific first, and never the apex for a wildcard', () => {
  expect([...covering('x.a.b')]).toEqual(['x.a.b', '*.a.b', '*.b', '*'])
  expect([...covering('*.a.b')]).toEqual(['*.a.b', '*.b', '*'])
  expect([...covering('a')]).toEqual(['a', '*'])
  expect([...covering('*')]).toEqual(['*'])
})

test('a pattern that was read reads as itself, and no text throws', () => {
  const label = fc.oneof(fc.stringMatching(/^[a-zA-Z0-9äßé*_-]{0,8}$/), fc.string({ unit: 'binary', maxLength: 4 }))
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(label, { maxLength: 5 }).map((labels) => labels.join('.')),
  )
  fc.assert(
    fc.property(text, fc.constantFrom('', 'u@', '*@', '*.'), (domain, before) => {
      for (const read of [readDomainPattern, readAddressPattern]) {
        const first = read(before + domain)
        if (!first.ok) continue
        expect(first.value).toMatch(/^(?:<>|.*@)?[\x21-\x7e]*$/s)
        if (!/[ "@\\]/.test(first.value.slice(0, first.value.lastIndexOf('@'))))
          expect(read(first.value)).toEqual(first)
      }
    }),
    { numRuns: 2000 },
  )
})
