import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ScramOptions, scram } from '../../../src/egress/auth/scram.ts'

const options = (more: Partial<ScramOptions> = {}): ScramOptions => ({
  user: 'user',
  pass: 'pencil',
  hash: 'sha256',
  binding: { kind: 'none' },
  random: () => Buffer.from('rOprNGfwEbeRWgbNEkqO', 'base64'),
  ...more,
})
const said = async (step: ReturnType<ReturnType<typeof scram>['answer']>) => {
  const found = await step
  return found.kind === 'say' ? found.text : `STOP ${found.why}`
}

test('SCRAM-SHA-256 is that of RFC 7677 §3, octet for octet', async () => {
  const client = scram(options())
  expect(client.initial).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
  const first = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
  expect(await said(client.answer(first))).toBe(
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  )
  expect(client.unproved()).not.toBeNull()
  expect(await said(client.answer('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='))).toBe('')
  expect(client.unproved()).toBeNull()
})

test('SCRAM-SHA-1 is that of RFC 5802 §5', async () => {
  const random = () => Buffer.from('fyko+d2lbbFgONRv9qkxdawL', 'base64')
  const client = scram(options({ hash: 'sha1', random }))
  const first = 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096'
  expect(await said(client.answer(first))).toBe(
    'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
  )
  expect(await said(client.answer('v=rmF9pqV8S7suAoZWja4dJRkFsKQ='))).toBe('')
  expect(client.unproved()).toBeNull()
})

test('a name with "," and "=" is written so that it stays one name (RFC 5802 §5.1)', () => {
  expect(scram(options({ user: 'a,b=c' })).initial).toContain('n=a=2Cb=3Dc,r=')
})

test('what this side can bind is said, and what it could and was not offered (RFC 5802 §6)', () => {
  const flag = (binding: ScramOptions['binding']) => scram(options({ binding })).initial.split(',')[0]
  expect(flag({ kind: 'none' })).toBe('n')
  expect(flag({ kind: 'tried' })).toBe('y')
  expect(flag({ kind: 'used', octets: Buffer.from('x') })).toBe('p=tls-exporter')
})

describe('a host that is not what it should be', () => {
  const begin = 'r=rOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
  const firsts: readonly (readonly [string, string, string])[] = [
    ['another nonce', 'r=AAAA,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096', 'nonce'],
    ['our nonce and nothing of its own', 'r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096', 'nonce'],
    ['few iterations', 'r=rOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1', '1 iterations'],
    ['work for hours', 'r=rOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2147483647', '2147483647 iterations'],
    ['a salt that is none', 'r=rOprNGfwEbeRWgbNEkqOabc,s=W22Za,i=4096', 'none'],
    ['an extension that must be understood', 'm=x,r=rOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096', 'none'],
    ['a message without end', begin + 'x'.repeat(5000), 'too long'],
  ]
  for (const [name, first, why] of firsts) {
    test(`${name}: nothing is proved to it`, async () => {
      expect(await said(scram(options()).answer(first))).toMatch(new RegExp(`^STOP .*${why}`))
    })
  }

  test('one that says yes without showing that it knows the password is not believed', async () => {
    const client = scram(options())
    await client.answer(begin)
    expect(client.unproved()).toBe('it did not show that it knows the password')
    expect(await said(client.answer(`v=${Buffer.alloc(32).toString('base64')}`))).toMatch(/^STOP it did not show/)
    expect(client.unproved()).not.toBeNull()
  })

  test('one that shows an error has its reason told', async () => {
    const client = scram(options())
    await client.answer(begin)
    expect(await said(client.answer('e=channel-bindings-dont-match'))).toBe('')
    expect(client.told()).toBe('channel-bindings-dont-match')
  })

  test('whatever it says, it ends, and it is never believed without its signature', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), async (challenges) => {
        const client = scram(options())
        for (const one of challenges) if ((await client.answer(one)).kind === 'stop') break
        return client.unproved() !== null
      }),
    )
  })
})

test('any name and password prove themselves to a server that was written from the RFC, bound or not', async () => {
  const text = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(text, text, fc.boolean(), async (user, pass, isBound) => {
      const octets = Buffer.from('what the TLS connection exports')
      const binding: ScramOptions['binding'] = isBound ? { kind: 'used', octets } : { kind: 'none' }
      const client = scram(options({ user, pass, binding, random: randomBytes }))
      const header = isBound ? 'p=tls-exporter,,' : 'n,,'
      const bare = client.initial.slice(header.length)
      const salt = randomBytes(16)
      const both = `${/r=([^,]+)$/.exec(bare)![1]}more`
      const serverFirst = `r=${both},s=${salt.toString('base64')},i=4096`
      const final = await said(client.answer(serverFirst))
      const [, withoutProof, proof] = /^(.*),p=(.*)$/.exec(final)!
      const salted = pbkdf2Sync(pass, salt, 4096, 32, 'sha256')
      const hmac = (key: Buffer, what: string) => createHmac('sha256', key).update(what).digest()
      const signed = `${bare},${serverFirst},${withoutProof}`
      const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest()
      const signature = hmac(storedKey, signed)
      const clientKey = Buffer.from(Buffer.from(proof!, 'base64').map((octet, at) => octet ^ signature[at]!))
      expect(createHash('sha256').update(clientKey).digest()).toEqual(storedKey)
      const bound = Buffer.concat([Buffer.from(header), isBound ? octets : Buffer.alloc(0)]).toString('base64')
      expect(withoutProof).toBe(`c=${bound},r=${both}`)
      await client.answer(`v=${hmac(hmac(salted, 'Server Key'), signed).toString('base64')}`)
      expect(client.unproved()).toBeNull()
    }),
    { numRuns: 20 },
  )
})
