import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstMessage, maxMessageOctets } from '../../src/credentials/ldap/frame.ts'
import { fillDn, fillFilter } from '../../src/credentials/ldap/template.ts'

/** Anything that BER can say with tags of one octet, nested a few times. */
const element: fc.Arbitrary<Buffer> = fc.letrec<{ one: Buffer }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 4 },
    fc
      .tuple(fc.constantFrom(0x02, 0x04, 0x0a, 0x80, 0x87), fc.uint8Array({ maxLength: 200 }))
      .map(([tag, content]) => wrap(tag, Buffer.from(content))),
    fc
      .tuple(fc.constantFrom(0x30, 0x31, 0x61, 0x64, 0xa3), fc.array(tie('one'), { maxLength: 4 }))
      .map(([tag, parts]) => wrap(tag, Buffer.concat(parts))),
  ),
})).one

function wrap(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x83, length >> 16, length >> 8, length]
  return Buffer.concat([Buffer.from([tag, ...head.map((octet) => octet & 255)]), content])
}

const message = element.map((one) => wrap(0x30, one))

describe('messages of a directory', () => {
  test('one that nests is found whole, whatever follows it', () => {
    fc.assert(
      fc.property(message, fc.uint8Array(), (whole, rest) => {
        expect(firstMessage(Buffer.concat([whole, rest]))).toEqual({ ok: true, value: whole.length })
      }),
    )
  })

  test('the beginning of one is neither a message nor wrong', () => {
    fc.assert(
      fc.property(message, fc.nat(), (whole, cut) => {
        expect(firstMessage(whole.subarray(0, cut % whole.length))).toEqual({ ok: true, value: 0 })
      }),
    )
  })

  test('whatever octets come, it ends, and never gives more than there is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
        const found = firstMessage(Buffer.from(octets))
        if (found.ok) expect(found.value).toBeLessThanOrEqual(octets.length)
      }),
      { numRuns: 5000 },
    )
  })

  test.each([
    ['another tag in front', [0x31, 2, 4, 0]],
    ['a part longer than the message', [0x30, 3, 4, 9, 0]],
    ['a part without its length', [0x30, 1, 4]],
    ['a length without an end', [0x30, 0x80, 4, 0, 0, 0]],
    ['a length of five octets', [0x30, 0x85, 0, 0, 0, 0, 1, 0]],
    ['a tag of several octets', [0x3f, 0x81, 1, 0]],
    ['a part in a part that is too long', [0x30, 6, 0x30, 4, 0x30, 3, 4, 0]],
    ['more than a message may have', [0x30, 0x84, 0, (maxMessageOctets >> 16) + 1, 0, 0]],
    ['nesting without an end', nested(20)],
  ])('%s is wrong', (_name, octets) => {
    expect(firstMessage(Buffer.from(octets)).ok).toBe(false)
  })
})

function nested(depth: number): number[] {
  let octets: number[] = []
  for (let i = 0; i < depth; i++) octets = [0x30, octets.length, ...octets]
  return octets
}

describe('a login in a template', () => {
  test.each([
    ['alice', 'alice', 'alice'],
    ['a*)(uid=*', 'a\\2a\\29\\28uid=\\2a', 'a*)(uid\\3d*'],
    ['a\\2a', 'a\\5c2a', 'a\\5c2a'],
    ['a,dc=x+b', 'a,dc=x+b', 'a\\2cdc\\3dx\\2bb'],
    [' a ', ' a ', '\\20a\\20'],
    [' ', ' ', '\\20'],
    ['#a', '#a', '\\23a'],
    ['<a>;"b"', '<a>;"b"', '\\3ca\\3e\\3b\\22b\\22'],
    ["$& $1 $' {login}", "$& $1 $' {login}", "$& $1 $' {login}"],
    ['zoë', 'zoë', 'zoë'],
  ])('%j', (login, inFilter, inDn) => {
    expect(fillFilter('(uid={login})', login)).toBe(`(uid=${inFilter})`)
    expect(fillDn('uid={login},dc=x', login)).toBe(`uid=${inDn},dc=x`)
  })

  test('a filter has as many brackets as its template, and a DN as many commas, whatever the login', () => {
    const count = (text: string, what: RegExp): number => (text.match(what) ?? []).length
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (login) => {
        const filter = fillFilter('(&(a=b)(uid={login}))', login)
        expect(count(filter, /[()]/g)).toBe(6)
        expect(count(filter, /[*\0]/g)).toBe(0)
        expect(count(fillDn('uid={login},dc=x', login), /[,+;=]/g)).toBe(3)
      }),
    )
  })
})
