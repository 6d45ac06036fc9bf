import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { loadArgon2 } from '../../../src/credentials/passwords/argon2.ts'
import { PasswordChecks } from '../../../src/credentials/passwords/checks.ts'
import { cramKey, decryptPassword, encryptPassword, isEncrypted } from '../../../src/credentials/passwords/encrypted.ts'
import { madeKinds, makeHash } from '../../../src/credentials/passwords/make.ts'
import { shaCrypt } from '../../../src/credentials/passwords/sha-crypt.ts'
import { hashKindOf } from '../../../src/mail/password-hash.ts'
import { parseStored, type StoredPassword } from '../../../src/mail/stored-password.ts'

const checks = new PasswordChecks()
afterAll(() => checks.close())

function stored(text: string): StoredPassword {
  const parsed = parseStored(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

/** Made by other programs: openssl passwd, PHP's password_hash, argon2, passlib. */
const fromElsewhere = [
  [
    'sha512-crypt, from its specification',
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'sha512-crypt with its own rounds',
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  ['sha256-crypt', 'Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['bcrypt as PHP writes it', 'rasmuslerdorf', '$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq'],
  [
    'scrypt of RFC 7914 §12, third vector, in this form',
    'pleaseletmein',
    `$scrypt$ln=14,r=8,p=1$${Buffer.from('SodiumChloride').toString('base64').replace(/=/g, '')}$${Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887', 'hex').toString('base64').replace(/=/g, '')}`,
  ],
] as const

describe('a hash from elsewhere', () => {
  for (const [name, password, hash] of fromElsewhere) {
    test(`fits its password and no other: ${name}`, async () => {
      expect(await checks.matches(stored(hash), password)).toBe(true)
      expect(await checks.matches(stored(hash), `${password} `)).toBe(false)
      expect(await checks.matches(stored(hash), password.slice(1))).toBe(false)
    })
  }

  // Lengths of one digest were wrong in a library that was tried.
  test('sha-crypt agrees with openssl for passwords of every length around a digest', () => {
    for (const [id, kind] of [
      ['5', 'sha256-crypt'],
      ['6', 'sha512-crypt'],
    ] as const) {
      for (const length of [1, 2, 15, 16, 31, 32, 33, 63, 64, 65, 96, 127, 128, 200]) {
        const password = 'x'.repeat(length)
        const wanted = execFileSync('openssl', ['passwd', `-${id}`, '-salt', 'saltsalt', '-stdin'], {
          input: `${password}\n`,
          encoding: 'utf8',
        }).trim()
        expect(`$${id}$saltsalt$${shaCrypt({ kind, password, salt: 'saltsalt', rounds: 5000 })}`).toBe(wanted)
      }
    }
  })
})

for (const kind of madeKinds) {
  test(`what is made fits its password and no other, and names its kind: ${kind}`, async () => {
    const hash = await makeHash(kind, 'pässword, with blanks', randomBytes)
    expect(hashKindOf(hash)).toBe(kind)
    expect(hash).not.toContain(':')
    expect(await checks.matches(stored(hash), 'pässword, with blanks')).toBe(true)
    expect(await checks.matches(stored(hash), 'pässword, with blank')).toBe(false)
  })
}

test('argon2id without its package says what to install', () => {
  const missing = Object.assign(new Error('gone'), { code: 'MODULE_NOT_FOUND' })
  expect(() =>
    loadArgon2(() => {
      throw missing
    }),
  ).toThrow('npm install @node-rs/argon2@2.2.1')
})

describe('what is no hash, or costs too much, is refused in words that do not repeat it', () => {
  const salt = 'c2FsdHNhbHRzYWx0c2FsdA'
  const hash = 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g'
  for (const [text, why] of [
    ['hunter2', /mailgw passwd/],
    ['{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /mailgw passwd/],
    ['$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/', /mailgw passwd/],
    [`$scrypt$ln=9,r=8,p=1$${salt}$${hash}`, /too little/],
    [`$scrypt$ln=20,r=8,p=1$${salt}$${hash}`, /1024 MiB/],
    [`$scrypt$ln=15,r=8,p=200$${salt}$${hash}`, /too much/],
    [`$scrypt$ln=15,r=0,p=1$${salt}$${hash}`, /too little/],
    [`$scrypt$ln=15,r=8,p=1$${salt}`, /salt\$hash/],
    ['$2b$15$CRRCRRCRRCRRCRRCRRCRReyLM8ZU9wbj3jPvgJxNmYiKlj1r5WlRu', /cost 15/],
    ['$2b$12$short-of-sixty', /60 characters/],
    [`$argon2id$v=19$m=999999,t=3,p=1$${salt}$${hash}`, /too much/],
    [`$argon2id$v=19$m=65536,t=99,p=1$${salt}$${hash}`, /too much/],
    [`$argon2id$v=19$m=65536,t=3,p=0$${salt}$${hash}`, /impossible/],
    [`$6$rounds=999$saltsalt$${'x'.repeat(86)}`, /999 rounds/],
    [`$6$rounds=100000000$saltsalt$${'x'.repeat(86)}`, /100000000 rounds/],
    [`$6$saltsaltsaltsalts$${'x'.repeat(86)}`, /16 characters/],
    [`$5$saltsalt$${'x'.repeat(42)}`, /43/],
    [`$scram-sha-256$1000$${salt}==$${hash}=$${hash}=`, /1000 iterations/],
    [`$scram-sha-256$4096$${salt}==$${hash}=`, /stored key/],
  ] as const) {
    test(text.slice(0, 40), () => {
      const parsed = parseStored(text)
      expect(parsed.ok).toBe(false)
      if (parsed.ok) return
      expect(parsed.error).toMatch(why)
      expect(parsed.error).not.toContain(text.slice(-12))
    })
  }

  test('any text is read or refused at once', () => {
    const parts = fc.constantFrom(
      '$scrypt$',
      '$6$',
      '$2b$12$',
      'ln=15',
      ',r=8,p=1',
      '$',
      'rounds=',
      '9'.repeat(40),
      salt,
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string()), { maxLength: 8 }), (texts) => {
        expect(typeof parseStored(texts.join('')).ok).toBe('boolean')
      }),
    )
  })
})

describe('password checks', () => {
  test('two run at one moment, the others wait in order, and too many are turned away', async () => {
    const slow = new PasswordChecks({ atOnce: 2, mayWait: 5 })
    const one = stored(fromElsewhere[3][2])
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => slow.matches(one, 'rasmuslerdorf')))
    const done = all.filter(({ status }) => status === 'fulfilled')
    expect(done.length).toBe(7)
    expect(done.every((answer) => answer.status === 'fulfilled' && answer.value)).toBe(true)
    const refused = all.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.message] : []))
    expect(new Set(refused)).toEqual(new Set(['too many passwords are being checked']))
    // And afterwards there is room again.
    expect(await slow.matches(one, 'rasmuslerdorf')).toBe(true)
    await slow.close()
  })

  test('a password that has fitted is known again at once, and no other is', async () => {
    const hash = stored(await makeHash('scrypt', 'secret', randomBytes))
    const took = async (password: string) => {
      const startedAt = performance.now()
      const fits = await checks.matches(hash, password)
      return { fits, ms: performance.now() - startedAt }
    }
    const first = await took('secret')
    const again = await took('secret')
    const wrong = await took('secreT')
    expect([first.fits, again.fits, wrong.fits]).toEqual([true, true, false])
    expect(again.ms).toBeLessThan(first.ms / 5)
    expect(wrong.ms).toBeGreaterThan(again.ms * 5)
    // Another hash of the same password is another hash.
    const changed = stored(await makeHash('scrypt', 'another', randomBytes))
    expect(await checks.matches(changed, 'secret')).toBe(false)
  })

  test('no kind holds up the thread of the sessions', async () => {
    const hashes = await Promise.all(madeKinds.map((kind) => makeHash(kind, 'secret', randomBytes)))
    const all = [...hashes, fromElsewhere[1][2]].map(stored)
    // The first of each kind loads what it needs.
    for (const one of all) await checks.matches(one, 'secret')
    let longestMs = 0
    let last = performance.now()
    const timer = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last)
      last = performance.now()
    }, 1)
    const startedAt = performance.now()
    await Promise.all(all.map((one) => checks.matches(one, 'secre')))
    clearInterval(timer)
    const took = performance.now() - startedAt
    expect(took).toBeGreaterThan(100)
    expect(longestMs).toBeLessThan(took / 2)
  })

  test('a thread that ends with work in hand rejects it, and the next hash starts another', async () => {
    const own = new PasswordChecks()
    const hash = stored(fromElsewhere[0][2])
    const underWay = own.matches(hash, 'x')
    await new Promise((resolve) => setImmediate(resolve))
    await own.close()
    await expect(underWay).rejects.toThrow('has ended')
    expect(await own.matches(hash, 'Hello world!')).toBe(true)
    await own.close()
  })
})

describe('a password that can be read again', () => {
  test('is there with its key, and nothing without it', async () => {
    const [key, other] = await Promise.all([cramKey('a long secret'), cramKey('another one')])
    const text = encryptPassword(key, 'pässword', randomBytes(12))
    expect(isEncrypted(text)).toBe(true)
    expect(text).not.toContain('pässword')
    expect(decryptPassword(key, text)).toBe('pässword')
    expect(decryptPassword(other, text)).toBeNull()
    expect(createHash('sha256').update(key.bytes).digest('hex')).not.toBe(
      createHash('sha256').update(other.bytes).digest('hex'),
    )
  })

  test('is nothing when a character of it was changed', async () => {
    const key = await cramKey('a long secret')
    const text = encryptPassword(key, 'secret', randomBytes(12))
    for (const at of [14, 20, 32, 40, text.length - 4]) {
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
      expect(decryptPassword(key, changed)).toBeNull()
    }
    expect(decryptPassword(key, '$aes-256-gcm$$')).toBeNull()
  })
})
