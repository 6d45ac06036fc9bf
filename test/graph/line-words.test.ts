import { describe, expect, test } from 'vitest'
import { type Box, boxHolds, everyMessage, unsaid } from '../../src/graph/box.ts'
import type { Oracle } from '../../src/graph/graph.ts'
import { lineOf, lineOptions, lineText, lineWords } from '../../src/graph/message-text.ts'
import { oracleName, oracleText } from '../../src/graph/oracle.ts'
import { exactDuration, parseDuration } from '../../src/mail/duration.ts'
import { facts, type Said } from '../compile/a-document.ts'

const digest = `sha256:${'ab'.repeat(32)}`

describe('a box', () => {
  const holds = (part: Partial<Box>, said: Said) => boxHolds({ ...everyMessage, ...part }, facts(said), new Map())
  const only = (pattern: string, ...except: string[]) => [{ pattern, except }]

  test('of a line holds the messages that came over it', () => {
    expect([holds({ tls: true }, { tls: true }), holds({ tls: true }, {}), holds({ tls: false }, {})]).toEqual([
      true,
      false,
      true,
    ])
  })

  test('of logins holds those that its patterns match, and nobody only where it says so', () => {
    expect(holds({ logins: only('*@a.test', 'joe@a.test') }, { login: 'ann@a.test' })).toBe(true)
    expect(holds({ logins: only('*@a.test', 'joe@a.test') }, { login: 'joe@a.test' })).toBe(false)
    expect(holds({ logins: only('*') }, {})).toBe(false)
    expect(holds({ logins: only(unsaid) }, {})).toBe(true)
    expect(holds({ logins: only(unsaid) }, { login: 'joe' })).toBe(false)
    // Somebody who is called so is not nobody.
    expect(holds({ logins: only(unsaid) }, { login: unsaid })).toBe(false)
    expect(holds({ logins: only('*') }, { login: unsaid })).toBe(true)
  })

  test('of certificates and HELO names does the same', () => {
    expect(holds({ certificates: only('*', digest) }, { certificate: digest })).toBe(false)
    expect(holds({ certificates: only('*', digest) }, { certificate: digest.replace('ab', 'cd') })).toBe(true)
    expect(holds({ certificates: only(unsaid) }, {})).toBe(true)
    expect(holds({ helos: only('*.a.test') }, { helo: 'MX.A.test.' })).toBe(true)
    expect(holds({ helos: only('*.a.test') }, {})).toBe(false)
  })
})

test('what is said of a line is read back as it was, and nothing is said of a bare one', () => {
  const line = { tls: true, login: 'joe', certificate: digest, helo: 'mx.test' }
  expect(lineOf(lineText(line))).toEqual(line)
  expect(lineOptions(line)).toEqual(['--helo', 'mx.test', '--tls', '--cert', digest, '--login', 'joe'])
  expect(lineWords(lineText(line))).toBe(`, HELO mx.test, over TLS, certificate ${digest}, logged in as joe`)
  const bare = lineOf({})
  expect([lineText(bare), lineOptions(bare), lineWords({})]).toEqual([{}, [], ''])
})

test.each<readonly [Oracle, string, string]>([
  [{ kind: 'dnsbl', id: 'zen', zone: 'zen.test', codes: [] }, 'dnsbl.zen', 'zen.test'],
  [{ kind: 'check', id: 'reverse' }, 'check.reverse', 'the client has no reverse name that leads back to it'],
  [{ kind: 'own-sender', id: 'staff' }, 'own-sender.staff', 'the sender is no address of the login'],
  [{ kind: 'recipient', id: 'staff' }, 'recipient.staff', 'the recipient does not exist'],
  [
    { kind: 'rate', id: 'printers', of: 'messages', most: 30, perMs: 3_600_000, by: 'address' },
    'rate.printers.messages/1h',
    'over 30 messages in 1h for one address',
  ],
  [
    { kind: 'rate', id: 'staff', of: 'bytes', most: 9, perMs: 5_400_000, by: 'login' },
    'rate.staff.bytes/1h30m',
    'over 9 bytes in 1h30m for one login',
  ],
])('an oracle has a name to assume it by, and words', (oracle, name, words) => {
  expect([oracleName(oracle), oracleText(oracle)]).toEqual([name, words])
})

test('a time is written as a document would write it', () => {
  for (const text of ['1s', '1m', '1h', '1d', '1d2h3m4s', '1h30m', '7d', '23h59m59s']) {
    const read = parseDuration(text)
    expect(read.ok && exactDuration(read.value)).toBe(text)
  }
  expect([exactDuration(1500), exactDuration(0), exactDuration(90_000)]).toEqual(['1500ms', '0ms', '1m30s'])
})
