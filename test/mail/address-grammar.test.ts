import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMailbox } from '../../src/mail/path.ts'
import { parsePathArgument } from '../../src/smtp/path-argument.ts'

const read = (text: string) => {
  const parsed = parseMailbox(text)
  return parsed.ok ? [parsed.value.localPart, parsed.value.domain, parsed.value.text] : null
}

const label63 = 'a'.repeat(63)
const good: [text: string, localPart: string, domain: string][] = [
  ['user@example.org', 'user', 'example.org'],
  ['user@EXAMPLE.Org', 'user', 'example.org'],
  ['User@example.org', 'User', 'example.org'],
  ['a.b.c@example.org', 'a.b.c', 'example.org'],
  ["!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~", 'example.org'],
  ['user+tag@example.org', 'user+tag', 'example.org'],
  ['1@example.org', '1', 'example.org'],
  ['-@example.org', '-', 'example.org'],
  ['user@a-b.example', 'user', 'a-b.example'],
  ['user@a--b.example', 'user', 'a--b.example'],
  ['user@1.example', 'user', '1.example'],
  ['user@localhost', 'user', 'localhost'],
  ['user@xn--bcher-kva.example', 'user', 'xn--bcher-kva.example'],
  ['user@bücher.example', 'user', 'xn--bcher-kva.example'],
  ['用户@example.org', '用户', 'example.org'],
  ['😀@example.org', '😀', 'example.org'],
  ['"user"@example.org', 'user', 'example.org'],
  ['"a b"@example.org', 'a b', 'example.org'],
  ['"a@b"@example.org', 'a@b', 'example.org'],
  ['"a\\"b"@example.org', 'a"b', 'example.org'],
  ['"a\\\\b"@example.org', 'a\\b', 'example.org'],
  ['"\\a"@example.org', 'a', 'example.org'],
  ['"<>"@example.org', '<>', 'example.org'],
  ['".."@example.org', '..', 'example.org'],
  ['""@example.org', '', 'example.org'],
  ['" "@example.org', ' ', 'example.org'],
  ['user@[192.0.2.1]', 'user', '[192.0.2.1]'],
  ['user@[255.255.255.255]', 'user', '[255.255.255.255]'],
  ['user@[IPv6:2001:db8::1]', 'user', '[IPv6:2001:db8::1]'],
  ['user@[ipv6:2001:DB8:0::1]', 'user', '[IPv6:2001:db8::1]'],
  ['user@[IPv6:::1]', 'user', '[IPv6:::1]'],
  ['user@[IPv6:::]', 'user', '[IPv6:::]'],
  ['user@[IPv6:1:2:3:4:5:6:7:8]', 'user', '[IPv6:1:2:3:4:5:6:7:8]'],
  ['user@[IPv6:2001:db8::192.0.2.1]', 'user', '[IPv6:2001:db8::c000:201]'],
  ['user@[IPv6:1:2:3:4:5::8]', 'user', '[IPv6:1:2:3:4:5::8]'],
  ['user@[IPv6:1:2:3:4::192.0.2.1]', 'user', '[IPv6:1:2:3:4::c000:201]'],
  ['user@ab--c.example', 'user', 'ab--c.example'],
  [`${'a'.repeat(64)}@example.org`, 'a'.repeat(64), 'example.org'],
  [`user@${label63}.example`, 'user', `${label63}.example`],
]
const bad: string[] = [
  '',
  '@',
  'user',
  '@example.org',
  'user@',
  'user@@example.org',
  'us er@example.org',
  ' user@example.org',
  'user@example.org ',
  'user @example.org',
  'user@ example.org',
  '.user@example.org',
  'user.@example.org',
  'us..er@example.org',
  'us(er@example.org',
  'us)er@example.org',
  'us<er@example.org',
  'us>er@example.org',
  'us[er@example.org',
  'us,er@example.org',
  'us;er@example.org',
  'us:er@example.org',
  'us\\er@example.org',
  'us"er@example.org',
  'a@b@example.org',
  'user(comment)@example.org',
  'user@example.org(comment)',
  '"user@example.org',
  'user"@example.org',
  '"us"er"@example.org',
  '"us\\"@example.org',
  '"user"x@example.org',
  'x"user"@example.org',
  '"user".x@example.org',
  'x."user"@example.org',
  '"us\rer"@example.org',
  '"us\ner"@example.org',
  '"us\ter"@example.org',
  '"us\0er"@example.org',
  '"us\x7fer"@example.org',
  'us\x7fer@example.org',
  'us\x85er@example.org',
  'user@.example.org',
  'user@example.org.',
  'user@example..org',
  'user@-example.org',
  'user@example-.org',
  'user@exa!mple.org',
  'user@exa mple.org',
  'user@exa/mple.org',
  'user@example.org:25',
  'user@-bücher.example',
  'user@bücher-.example',
  'user@xn--a.example',
  'user@xn--.example',
  'user@192.0.2.1]',
  'user@[192.0.2.1',
  'user@[]',
  'user@[192.0.2]',
  'user@[192.0.2.1.1]',
  'user@[192.0.2.256]',
  'user@[192.0.2.01]',
  'user@[0x7f.0.0.1]',
  'user@[ 192.0.2.1]',
  'user@[2001:db8::1]',
  'user@[IPv6:192.0.2.1]',
  'user@[IPv6:2001:db8::1',
  'user@[IPv6:2001:db8:::1]',
  'user@[IPv6:1:2:3:4:5:6:7]',
  'user@[IPv6:1:2:3:4:5:6:7:8:9]',
  'user@[IPv6:1::2::3]',
  // "::" stands for two groups at least (RFC 5321 §4.1.3).
  'user@[IPv6:1:2:3:4:5:6::8]',
  'user@[IPv6:::2:3:4:5:6:7:8]',
  'user@[IPv6:1:2:3:4:5:6:7::]',
  'user@[IPv6:1:2:3:4:5::192.0.2.1]',
  'user@[IPv6:12345::]',
  'user@[IPv6:fe80::1%eth0]',
  'user@[IPv6:]',
  'user@[IPv4:192.0.2.1]',
  'user@[tag:content]',
  'user@[example.org]',
  'user@[192.0.2.1].example',
  `${'a'.repeat(65)}@example.org`,
  `"${'a'.repeat(63)}"@example.org`,
  `user@${label63}a.example`,
  `user@${`${label63}.`.repeat(4)}example`,
  `${'用'.repeat(22)}@example.org`,
]

describe('a mailbox', () => {
  for (const [text, localPart, domain] of good) {
    test(`${JSON.stringify(text)} is one`, () => {
      expect(read(text)).toEqual([localPart, domain, `${text.slice(0, text.lastIndexOf('@'))}@${domain}`])
      expect(parsePathArgument('TO', `TO:<${text}>`, 'strict')).toMatchObject({ ok: true, value: { rest: '' } })
    })
  }
  for (const text of bad) {
    test(`${JSON.stringify(text)} is none`, () => {
      expect(read(text)).toBe(null)
      // In brackets it is no path either; empty brackets are the null path, which is no mailbox.
      const path = parsePathArgument('TO', `TO:<${text}>`, 'strict')
      expect(path.ok && path.value.path.kind === 'mailbox' && path.value.rest === '').toBe(false)
    })
  }

  test('of a strange domain has no underscore, of a known client it may', () => {
    expect(parsePathArgument('TO', 'TO:<a@b_c.example>', 'strict').ok).toBe(false)
    expect(parsePathArgument('TO', 'TO:<a@b_c.example>', 'lenient').ok).toBe(true)
  })
})

/** RFC 5321 §4.1.2, character by character, for ASCII and names only. */
function byTheGrammar(text: string): boolean {
  let at = 0
  const atext = /[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]/
  const atom = () => {
    const start = at
    while (at < text.length && atext.test(text[at]!)) at++
    return at > start
  }
  if (text[at] === '"') {
    at++
    for (;;) {
      const char = text[at++]
      if (char === undefined) return false
      if (char === '"') break
      if (char === '\\') {
        const next = text[at++]
        if (next === undefined || next < ' ' || next > '~') return false
      } else if (char < ' ' || char > '~') return false
    }
  } else {
    if (!atom()) return false
    while (text[at] === '.') {
      at++
      if (!atom()) return false
    }
  }
  if (at > 64 || text[at++] !== '@') return false
  const domain = text.slice(at)
  if (domain.length > 255 || text.length > 254) return false
  return domain
    .split('.')
    .every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?$/.test(label) && label.length <= 63)
}

test('any text is a mailbox exactly when the grammar says so', () => {
  const parts = fc.constantFrom('a', 'b', '.', '@', '"', '\\', ' ', '-', '1', '<', '>', '\t', '_', 'ex', 'a'.repeat(30))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(parts, { maxLength: 10 }).map((all) => all.join('')),
        fc
          .tuple(fc.array(parts, { maxLength: 6 }), fc.array(parts, { maxLength: 6 }))
          .map(([a, b]) => `${a.join('')}@${b.join('')}`),
        fc.array(parts, { maxLength: 6 }).map((all) => `"${all.join('')}"@example.org`),
      ),
      (text) => {
        expect(parseMailbox(text).ok).toBe(byTheGrammar(text))
      },
    ),
    { numRuns: 30_000 },
  )
})

test('no path makes the parser slow', () => {
  const hostile = [
    'a.'.repeat(1000),
    '"'.repeat(1000),
    '\\'.repeat(1000),
    '-'.repeat(1000),
    '@a,'.repeat(500),
    'a@'.repeat(500),
  ]
  const start = performance.now()
  for (const text of hostile) {
    for (const form of [
      `TO:<${text}>`,
      `TO:<${text}`,
      `TO:<"${text}"@example.org>`,
      `TO:<a@${text}>`,
      `TO:<@a:${text}>`,
    ]) {
      parsePathArgument('TO', form, 'strict')
      parsePathArgument('TO', form, 'lenient')
    }
  }
  expect(performance.now() - start).toBeLessThan(1000)
})

test('whatever is read as a path is written back as the same path', () => {
  const local = fc.oneof(
    fc.stringMatching(/^[a-z0-9+_-]{1,20}(\.[a-z0-9]{1,5})?$/),
    fc.stringMatching(/^[ !#-[\]-~]{0,20}$/).map((text) => `"${text}"`),
  )
  fc.assert(
    fc.property(local, fc.stringMatching(/^[a-z0-9]{1,10}(\.[a-z0-9]{1,10}){0,3}$/), (localPart, domain) => {
      const first = parseMailbox(`${localPart}@${domain}`)
      expect(first.ok).toBe(true)
      if (first.ok) expect(parseMailbox(first.value.text)).toEqual(first)
    }),
  )
})
