import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { newToken, recognize, subjectText } from '../../src/admin/access.ts'
import type { AdminSettings } from '../../src/mail/settings.ts'

const [one, two] = [newToken(), newToken()]
const settings: AdminSettings = {
  bind: [],
  tls: null,
  tokens: [
    { name: 'one', sha256: one.sha256, scopes: ['read'] },
    { name: 'two', sha256: two.sha256, scopes: ['read', 'activate'] },
  ],
  certificates: [{ subject: 'O=Corp,CN=deploy', scopes: ['prepare'] }],
}

const cases = [
  { name: 'the first token', shown: { authorization: `Bearer ${one.token}`, subject: null }, want: 'token:one' },
  {
    name: 'the second, scheme without case',
    shown: { authorization: `bearer  ${two.token}`, subject: null },
    want: 'token:two',
  },
  {
    name: 'a certificate',
    shown: { authorization: null, subject: 'O=Corp,CN=deploy' },
    want: 'certificate:O=Corp,CN=deploy',
  },
  {
    name: 'both: the token',
    shown: { authorization: `Bearer ${one.token}`, subject: 'O=Corp,CN=deploy' },
    want: 'token:one',
  },
  {
    name: 'a wrong token beside a right certificate',
    shown: { authorization: 'Bearer x', subject: 'O=Corp,CN=deploy' },
    want: null,
  },
  { name: 'the hash itself', shown: { authorization: `Bearer ${one.sha256}`, subject: null }, want: null },
  { name: 'half of a token', shown: { authorization: `Bearer ${one.token.slice(0, 20)}`, subject: null }, want: null },
  { name: 'another scheme', shown: { authorization: `Basic ${one.token}`, subject: null }, want: null },
  { name: 'an empty one', shown: { authorization: '', subject: null }, want: null },
  { name: 'part of a subject', shown: { authorization: null, subject: 'CN=deploy' }, want: null },
  { name: 'nothing', shown: { authorization: null, subject: null }, want: null },
]
for (const { name, shown, want } of cases) {
  test(`who calls: ${name}`, () => {
    const found = recognize(settings, shown)
    expect(found.ok ? found.identity.actor : null).toBe(want)
    if (!found.ok) expect(found.why).not.toContain(one.token)
  })
}

test('a token has 256 random bits, and its hash is that of its text', () => {
  expect(Buffer.from(one.token.slice(4), 'base64url')).toHaveLength(32)
  expect(one.sha256).toBe(createHash('sha256').update(one.token).digest('hex'))
  expect(one.token).not.toBe(two.token)
})

test('a subject is its lines, divided by commas', () =>
  expect(subjectText('O=Corp\\, Inc.\nCN=x')).toBe('O=Corp\\, Inc.,CN=x'))
