import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PlainLines } from '../../src/mailbox/plain-lines.ts'

function plain(text: string, cuts: readonly number[]): string {
  const octets = Buffer.from(text, 'latin1')
  const lines = new PlainLines()
  const out: Buffer[] = []
  let from = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.min(cut, octets.length)
    out.push(lines.push(octets.subarray(from, to)))
    from = to
  }
  out.push(lines.push(octets.subarray(from)), lines.end())
  return Buffer.concat(out).toString('latin1')
}

const cases: { name: string; stored: string; want: string }[] = [
  { name: 'CRLF becomes LF', stored: 'a\r\n\r\nb\r\n', want: 'a\n\nb\n' },
  { name: 'one dot goes from the beginning of a line', stored: '..\r\n.a\r\nb.c\r\n', want: '.\na\nb.c\n' },
  { name: 'a CR that ends no line stays', stored: 'a\rb\r\r\n', want: 'a\rb\r\n' },
  { name: 'an empty body stays empty', stored: '', want: '' },
]
for (const { name, stored, want } of cases) {
  test(`${name}, wherever the pieces are cut`, () => {
    for (let cut = 0; cut <= stored.length; cut++) expect(plain(stored, [cut])).toBe(want)
  })
}

test('an empty piece between CR and LF changes nothing', () => {
  expect(plain('a\r\nb\r\n', [2, 2, 2])).toBe('a\nb\n')
})

test('any body in any pieces gives what a plain replacement gives', () => {
  const stored = fc.string({ unit: fc.constantFrom('a', '.', '\r', '\n', '\r\n', '\xff'), maxLength: 60 })
  fc.assert(
    fc.property(stored, fc.array(fc.nat(120), { maxLength: 6 }), (text, cuts) => {
      expect(plain(text, cuts)).toBe(text.replace(/(^|\n)\./g, '$1').replace(/\r\n/g, '\n'))
    }),
    { numRuns: 500 },
  )
})
