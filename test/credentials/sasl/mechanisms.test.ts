import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bearer } from '../../../src/credentials/sasl/bearer.ts'
import { cramMd5 } from '../../../src/credentials/sasl/cram-md5.ts'
import type { SaslExchange } from '../../../src/credentials/sasl/exchange.ts'
import { login } from '../../../src/credentials/sasl/login.ts'
import { plain } from '../../../src/credentials/sasl/plain.ts'
import { startExchange } from '../../../src/credentials/sasl/start.ts'
import { mechanisms } from '../../../src/mail/login-settings.ts'
import { cramMd5Response } from '../../support/sasl.ts'
import { context, knownLogins, outcome, said } from './known-logins.ts'

// MQ-25
describe('PLAIN', () => {
  const ask = async (message: string | Buffer) => {
    const logins = await knownLogins()
    return { came: outcome(await said(plain(logins, context), message)), asked: logins.asked }
  }

  test('takes login and password, and the identity of the same login', async () => {
    expect((await ask('\0alice\0wonderland')).came).toBe('accepted')
    expect((await ask('alice\0alice\0wonderland')).came).toBe('accepted')
    expect((await ask('ALICE\0alice\0wonderland')).came).toBe('accepted')
  })

  test('gives the addresses that the login may send as', async () => {
    const step = await said(plain(await knownLogins(), context), '\0alice\0wonderland')
    expect(step).toEqual({
      kind: 'done',
      result: { kind: 'accepted', login: 'alice', addresses: ['alice@example.com'] },
      final: null,
    })
  })

  test('lets nobody act for somebody else, and asks nobody about it', async () => {
    expect(await ask('admin\0alice\0wonderland')).toEqual({ came: 'refused', asked: [] })
  })

  test('is asked for by an empty challenge when nothing came with the command', async () => {
    expect(outcome(await said(plain(await knownLogins(), context), null))).toBe('challenge ')
    expect(outcome(await said(plain(await knownLogins(), context), null, '\0alice\0wonderland'))).toBe('accepted')
  })

  test('that could not be checked is an error and not a refusal', async () => {
    expect((await ask('\0broken\0x')).came).toBe('error')
  })

  test('folds the login and prepares both by SASLprep: one account, however it is typed', async () => {
    expect((await ask('\0ALICE\0wonderland')).asked).toEqual(['alice/wonderland'])
    expect((await ask('\0al\u00adice\0wonder\u00adland')).came).toBe('accepted')
    expect((await ask('\0\uff21\uff4cice\0wonderland')).asked).toEqual(['alice/wonderland'])
  })

  for (const [what, message] of [
    ['nothing', ''],
    ['no NUL', 'alice wonderland'],
    ['one NUL', 'alice\0wonderland'],
    ['three NULs', '\0alice\0wonder\0land'],
    ['no login', '\0\0wonderland'],
    ['no password', '\0alice\0'],
    ['no UTF-8', Buffer.from([0, 0x61, 0xff, 0, 0x62])],
  ] as const) {
    test(`with ${what} is no message of PLAIN, and nobody is asked`, async () => {
      expect(await ask(message)).toEqual({ came: 'malformed', asked: [] })
    })
  }

  for (const [what, message] of [
    ['a control character in the login', '\0al\nice\0wonderland'],
    ['a control character in the password', '\0alice\0wonder\x7fland'],
    ['a password of which nothing is left', '\0alice\0\u00ad'],
    ['a login of 300 octets', `\0${'a'.repeat(300)}\0x`],
    ['a password of 2000 characters', `\0alice\0${'a'.repeat(2000)}`],
  ] as const) {
    test(`with ${what} is refused, and nobody is asked`, async () => {
      expect(await ask(message)).toEqual({ came: 'refused', asked: [] })
    })
  }
})

describe('LOGIN', () => {
  const ask = async (...responses: (string | null)[]) =>
    outcome(await said(login(await knownLogins(), context), ...responses))

  test('asks for the login, then for the password', async () => {
    expect(await ask(null)).toBe('challenge Username:')
    expect(await ask(null, 'alice')).toBe('challenge Password:')
    expect(await ask(null, 'alice', 'wonderland')).toBe('accepted')
    expect(await ask(null, 'alice', 'looking-glass')).toBe('refused')
  })

  test('takes the login with the command', async () => {
    expect(await ask('alice')).toBe('challenge Password:')
    expect(await ask('alice', 'wonderland')).toBe('accepted')
  })

  test('with nothing in place of either is no message of LOGIN', async () => {
    expect(await ask(null, '')).toBe('malformed')
    expect(await ask('alice', '')).toBe('malformed')
  })

  test('that could not be checked is an error', async () => {
    expect(await ask('broken', 'x')).toBe('error')
  })
})

describe('OAUTHBEARER', () => {
  const ask = async (...responses: (string | null)[]) => {
    const logins = await knownLogins()
    return { came: outcome(await said(bearer('OAUTHBEARER', logins, context), ...responses)), asked: logins.asked }
  }

  test('takes a token, and the login that the token is of', async () => {
    expect(await ask('n,a=alice,\x01auth=Bearer good\x01\x01')).toEqual({ came: 'accepted', asked: ['alice/good'] })
    expect((await ask('n,,\x01auth=bearer good\x01\x01')).came).toBe('accepted')
    expect((await ask('y,a=alice,\x01host=mx\x01port=587\x01auth=Bearer good\x01\x01')).came).toBe('accepted')
  })

  test('lets the login name one of the addresses of the token, and nobody else', async () => {
    expect((await ask('n,a=sales@example.com,\x01auth=Bearer good\x01\x01')).came).toBe('accepted')
    expect((await ask('n,a=bob,\x01auth=Bearer good\x01\x01')).came).toMatch('challenge')
  })

  // RFC 7628 §3.2.2, §3.2.3
  test('says what was wrong as a challenge, and fails after the answer to it', async () => {
    expect((await ask('n,,\x01auth=Bearer bad\x01\x01')).came).toBe('challenge {"status":"invalid_token"}')
    expect((await ask('n,,\x01auth=Bearer bad\x01\x01', '\x01')).came).toBe('refused')
  })

  test('that could not be checked is an error, without a challenge before it', async () => {
    expect((await ask('n,,\x01auth=Bearer broken\x01\x01')).came).toBe('error')
  })

  for (const message of [
    '',
    'n,,',
    'n,,\x01\x01',
    'n,,\x01auth=Bearer good\x01',
    'n,,\x01auth=Basic good\x01\x01',
    'n,,\x01auth=Bearer go od\x01\x01',
    'n,,\x01auth=Bearer good\x01auth=Bearer good\x01\x01',
    'p=tls-exporter,,\x01auth=Bearer good\x01\x01',
    'n,a=al=ice,\x01auth=Bearer good\x01\x01',
    'x,,\x01auth=Bearer good\x01\x01',
    `n,,\x01auth=Bearer ${'a'.repeat(9000)}\x01\x01`,
  ]) {
    test(`${JSON.stringify(message.slice(0, 60))} is no message of OAUTHBEARER`, async () => {
      expect(await ask(message)).toEqual({ came: 'malformed', asked: [] })
    })
  }
})

describe('XOAUTH2', () => {
  const ask = async (...responses: (string | null)[]) =>
    outcome(await said(bearer('XOAUTH2', await knownLogins(), context), ...responses))

  test('takes a token of its user', async () => {
    expect(await ask('user=alice\x01auth=Bearer good\x01\x01')).toBe('accepted')
    expect(await ask(null)).toBe('challenge ')
    expect(await ask(null, 'user=alice\x01auth=Bearer good\x01\x01')).toBe('accepted')
  })

  test('says what was wrong as a challenge, and fails after the empty answer to it', async () => {
    expect(await ask('user=bob\x01auth=Bearer good\x01\x01')).toMatch('challenge {"status":"401"')
    expect(await ask('user=bob\x01auth=Bearer good\x01\x01', '')).toBe('refused')
  })

  test('without a user or a token is no message of XOAUTH2', async () => {
    expect(await ask('auth=Bearer good\x01\x01')).toBe('malformed')
    expect(await ask('user=alice\x01\x01')).toBe('malformed')
    expect(await ask('user=alice\x01auth=Bearer good')).toBe('malformed')
  })
})

describe('CRAM-MD5', () => {
  const challenge = '<1896.697170952@postoffice.reston.mci.net>'
  const ask = async (...responses: (string | null)[]) =>
    outcome(await said(cramMd5(await knownLogins(), context, challenge), ...responses))
  const answer = (name: string, password: string) =>
    Buffer.from(cramMd5Response(Buffer.from(challenge).toString('base64'), name, password), 'base64').toString()

  test('agrees with the example of RFC 2195', () => {
    expect(answer('tim', 'tanstaaftanstaaf')).toBe('tim b913a602c7eda7a495b4e6e7334d3890')
  })

  test('takes a keyed digest of the challenge', async () => {
    expect(await ask(null)).toBe(`challenge ${challenge}`)
    expect(await ask(null, answer('alice', 'wonderland'))).toBe('accepted')
    expect(await ask(null, answer('alice', 'looking-glass'))).toBe('refused')
    expect(await ask(null, answer('nobody', 'wonderland'))).toBe('refused')
    expect(await ask(null, answer('broken', 'x'))).toBe('error')
  })

  // Whoever knows the challenge, which is everybody, must not be let in as somebody unknown.
  test('the challenge is nobody\u2019s password', async () => {
    expect(await ask(null, answer('nobody', challenge))).toBe('refused')
  })

  // RFC 4954 §4
  test('has no initial response', async () => {
    const step = await said(cramMd5(await knownLogins(), context, challenge), 'alice x')
    expect(step).toMatchObject({ kind: 'done', result: { kind: 'malformed', status: '5.7.0' } })
  })

  test('anything else is no message of CRAM-MD5', async () => {
    for (const text of [
      '',
      'alice',
      'alice 0123',
      ' 0123456789abcdef0123456789abcdef',
      'a 0123456789ABCDEF0123456789ABCDEF',
    ]) {
      expect(await ask(null, text)).toBe('malformed')
    }
  })
})

test('no octets make any mechanism throw, or let anybody in', async () => {
  const logins = await knownLogins()
  const exchanges = (): SaslExchange[] =>
    mechanisms.map((mechanism) =>
      startExchange(mechanism, { logins, context, offered: mechanisms, hostname: 'mx.test', random: randomBytes }),
    )
  const parts = fc.constantFrom(
    'n,,',
    'y,,',
    'p=tls-exporter,,',
    'n=alice',
    ',r=abc',
    ',p=',
    'c=biws',
    '\0',
    '\x01',
    'alice',
    'auth=Bearer x',
  )
  const response = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((octets) => Buffer.from(octets)),
    fc
      .array(fc.oneof(parts, fc.string({ maxLength: 6 })), { maxLength: 8 })
      .map((texts) => Buffer.from(texts.join(''))),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(response), { minLength: 1, maxLength: 4 }), async (responses) => {
      for (const exchange of exchanges()) {
        for (const one of responses) {
          const step = await exchange.next(one)
          if (step.kind === 'challenge') continue
          expect(step.result.kind).not.toBe('accepted')
          break
        }
      }
    }),
    { numRuns: 300 },
  )
})
