import { sep } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { storedDomain } from '../../src/mail/domain.ts'
import { fileName, folderName, mailboxFolder } from '../../src/mailbox/folder-name.ts'

const cases: { text: string; want: string }[] = [
  { text: 'bob', want: 'bob' },
  { text: 'Bob.Smith+x=y_z-1', want: 'bob.smith+x=y_z-1' },
  { text: '.', want: '%2E' },
  { text: '..', want: '%2E.' },
  { text: '../../etc/passwd', want: '%2E.%2F..%2Fetc%2Fpasswd' },
  { text: 'a/b', want: 'a%2Fb' },
  { text: 'a%2Fb', want: 'a%252fb' },
  { text: 'a b:c\0', want: 'a%20b%3Ac%00' },
  { text: 'jös', want: 'j%C3%B6s' },
  { text: 'jo\u0308s', want: 'j%C3%B6s' },
  { text: '[192.0.2.1]', want: '%5B192.0.2.1%5D' },
]
for (const { text, want } of cases) {
  test(`${JSON.stringify(text)} is the folder ${want}`, () => {
    expect(folderName(text)).toBe(want)
  })
}

// A lone surrogate has no UTF-8: such text comes from no wire.
const isWire = (text: string) => Buffer.from(text).toString() === text

test('no text leaves its folder, is hidden, or shares a folder with another', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('.', '/', '\\', '\0', '%', '\u202e', 'A', 'a'),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 64,
  })
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [first, second] = [folderName(a), folderName(b)]
      if (first !== null) expect(first).toMatch(/^[a-z0-9_+=%-][A-Za-z0-9_+=%.-]*$/)
      const same = a.toLowerCase().normalize('NFC') === b.toLowerCase().normalize('NFC')
      if (first !== null && second !== null && isWire(a) && isWire(b)) expect(first === second).toBe(same)
    }),
  )
})

test('a mailbox has one folder below its domain, and none when the name is too long for a file system', () => {
  const domain = storedDomain('example.com')
  expect(mailboxFolder('/m', { localPart: 'Bob', domain, text: '' })).toBe(['', 'm', 'example.com', 'bob'].join(sep))
  expect(mailboxFolder('/m', { localPart: '/'.repeat(81), domain, text: '' })).toBeNull()
})

test('the name of a file is made of time, queue id, recipient and host, without what readers take for flags', () => {
  expect(fileName(1700000000999, '01H/x:2,S', 3, 'gw.test')).toBe('1700000000.Q01H\\057x\\0722\\054SR3.gw.test')
})
