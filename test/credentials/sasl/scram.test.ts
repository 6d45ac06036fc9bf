import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkProof, scramKeys } from '../../../src/credentials/passwords/scram-keys.ts'
import { decoyKeys } from '../../../src/credentials/sasl/decoy.ts'
import { type ScramOptions, scram } from '../../../src/credentials/sasl/scram.ts'
import { parseClientFinal, parseClientFirst } from '../../../src/credentials/sasl/scram-message.ts'
import { type ScramClientOptions, scramClient } from '../../support/sasl.ts'
import { context, knownLogins, outcome } from './known-logins.ts'

const bound = context.channelBinding!()!

async function exchange(
  client: Partial<ScramClientOptions>,
  over: Partial<ScramOptions> = {},
  last?: (final: string) => string,
) {
  const logins = await knownLogins()
  const server = scram({ logins, context, plus: false, plusOffered: true, random: randomBytes, ...over })
  const one = scramClient({ login: 'alice', password: 'wonderland', ...client })
  const first = await server.next(Buffer.from(one.first))
  if (first.kind !== 'challenge') return { came: outcome(first), asked: logins.asked, verified: false }
  const final = one.final(first.data.toString())
  const step = await server.next(Buffer.from(last === undefined ? final : last(final)))
  const verified = step.kind === 'done' && step.final?.toString() === one.verifier()
  return { came: outcome(step), asked: logins.asked, verified }
}

test('the keys and the proof are those of RFC 7677 §3', async () => {
  const nonces = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const signed = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonces},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonces}`
  const keys = await scramKeys('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096)
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')
  expect(checkProof(keys, signed, proof)?.toString('base64')).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  expect(checkProof(keys, `${signed}x`, proof)).toBeNull()
  const client = scramClient({ login: 'user', password: 'pencil', nonce: 'rOprNGfwEbeRWgbNEkqO' })
  expect(client.final(`r=${nonces},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`)).toBe(
    `c=biws,r=${nonces},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  )
})

// MQ-25
describe('SCRAM-SHA-256', () => {
  test('lets in who proves the password, and proves to have the keys', async () => {
    expect(await exchange({}, { plusOffered: false })).toEqual({ came: 'accepted', asked: ['alice'], verified: true })
    expect((await exchange({ identity: 'alice' })).came).toBe('accepted')
  })

  test('refuses another password at the end', async () => {
    expect(await exchange({ password: 'looking-glass' })).toMatchObject({ came: 'refused', verified: false })
  })

  test('goes on to the end with a login that nobody has, whose keys are the same each time', async () => {
    expect((await exchange({ login: 'nobody' })).came).toBe('refused')
    const [one, again, other] = ['nobody', 'nobody', 'somebody'].map((login) => decoyKeys(bound, login, null))
    expect(one!.salt).toEqual(again!.salt)
    expect(one!.salt).not.toEqual(other!.salt)
    expect([one!.salt.length, one!.iterations]).toEqual([16, 65_536])
    expect(decoyKeys(bound, 'nobody', { iterations: 4096, saltBytes: 24 })).toMatchObject({ iterations: 4096 })
  })

  test('names a login with a comma or an equals sign as the RFC writes it', async () => {
    expect((await exchange({ login: 'a,b=c' })).asked).toEqual(['a,b=c'])
  })

  test('lets nobody act for somebody else', async () => {
    expect(await exchange({ identity: 'admin' })).toMatchObject({ came: 'refused', asked: [] })
  })

  test('is an error where the keys cannot be had', async () => {
    expect((await exchange({ login: 'broken' })).came).toBe('error')
  })

  // RFC 5802 §6: the client could bind and was told that we could not. Somebody has changed what we offered.
  test('refuses a client that was lied to about -PLUS', async () => {
    expect(await exchange({ flag: 'y' })).toMatchObject({ came: 'refused', asked: [] })
    expect((await exchange({ flag: 'y' }, { plusOffered: false })).came).toBe('accepted')
  })

  test('without -PLUS takes no channel binding', async () => {
    expect((await exchange({ flag: 'p=tls-exporter', binding: bound })).came).toBe('malformed')
  })

  test('does not take what the final message says otherwise than the first', async () => {
    const header = (flag: string) => Buffer.from(`${flag},,`).toString('base64')
    expect((await exchange({}, {}, (final) => final.replace(header('n'), header('y')))).came).toBe('refused')
    expect(
      (await exchange({}, {}, (final) => final.replace(/r=(.)/, (_, char) => `r=${char === 'A' ? 'B' : 'A'}`))).came,
    ).toBe('refused')
  })

  test('a changed bit of the proof is a wrong password', async () => {
    const flipped = (final: string) => {
      const [rest, proof] = final.split(',p=') as [string, string]
      const octets = Buffer.from(proof, 'base64')
      octets[7]! ^= 1
      return `${rest},p=${octets.toString('base64')}`
    }
    expect((await exchange({}, {}, flipped)).came).toBe('refused')
  })

  test('each exchange has a nonce of its own: what was said in one is worth nothing in another', async () => {
    const logins = await knownLogins()
    const begin = () => scram({ logins, context, plus: false, plusOffered: false, random: randomBytes })
    const client = scramClient({ login: 'alice', password: 'wonderland' })
    const [one, two] = [begin(), begin()]
    const first = await one.next(Buffer.from(client.first))
    await two.next(Buffer.from(client.first))
    if (first.kind !== 'challenge') throw new Error(outcome(first))
    const final = Buffer.from(client.final(first.data.toString()))
    expect(outcome(await two.next(final))).toBe('refused')
    expect(outcome(await one.next(final))).toBe('accepted')
  })
})

describe('SCRAM-SHA-256-PLUS', () => {
  const plus = { plus: true }

  test('lets in who proves the password on this very TLS connection', async () => {
    expect(await exchange({ flag: 'p=tls-exporter', binding: bound }, plus)).toMatchObject({
      came: 'accepted',
      verified: true,
    })
  })

  // The one in the middle has two connections, and their keys differ.
  test('refuses the right password on another connection', async () => {
    expect((await exchange({ flag: 'p=tls-exporter', binding: Buffer.from('of another one') }, plus)).came).toBe(
      'refused',
    )
    expect((await exchange({ flag: 'p=tls-exporter' }, plus)).came).toBe('refused')
  })

  test('is nothing without a binding, or with another kind', async () => {
    expect((await exchange({}, plus)).came).toBe('malformed')
    expect((await exchange({ flag: 'y' }, plus)).came).toBe('malformed')
    expect((await exchange({ flag: 'p=tls-unique', binding: bound }, plus)).came).toBe('malformed')
  })

  test('is an error where the connection has no binding after all', async () => {
    const without = { ...plus, context: { ...context, channelBinding: () => null } }
    expect((await exchange({ flag: 'p=tls-exporter', binding: bound }, without)).came).toBe('error')
  })
})

describe('messages of a SCRAM client', () => {
  test('a first message that is written is read back', () => {
    const name = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => !text.includes('\0'))
    const nonce = fc.stringMatching(/^[!-+\--~]{1,40}$/)
    fc.assert(
      fc.property(
        name,
        nonce,
        fc.option(name),
        fc.constantFrom('n', 'y', 'p=tls-exporter'),
        (login, nonce, identity, flag) => {
          const written = (text: string) => text.replaceAll('=', '=3D').replaceAll(',', '=2C')
          const message = `${flag},${identity === null ? '' : `a=${written(identity)}`},n=${written(login)},r=${nonce}`
          const read = parseClientFirst(message)
          expect(read).toMatchObject({ ok: true, value: { login, nonce, identity } })
          if (read.ok) expect(read.value.gs2Header + read.value.bare).toBe(message)
        },
      ),
    )
  })

  for (const message of [
    '',
    'n=alice,r=abc',
    'n,n=alice,r=abc',
    'x,,n=alice,r=abc',
    'p=,,n=alice,r=abc',
    'n,,r=abc',
    'n,,n=,r=abc',
    'n,,n=al=ice,r=abc',
    'n,,n=alice',
    'n,,n=alice,r=',
    'n,,n=alice,r=a\x01c',
    'n,,m=must,n=alice,r=abc',
    'n,,n=alice,r=abc,junk',
    'n,a=,n=alice,r=abc',
    `n,,n=alice,r=${'a'.repeat(600)}`,
    `n,,n=${'a'.repeat(3000)},r=abc`,
  ]) {
    test(`${JSON.stringify(message.slice(0, 50))} is no first message`, () => {
      expect(parseClientFirst(message).ok).toBe(false)
    })
  }

  const proof = Buffer.alloc(32).toString('base64')
  test('extensions that need not be known are passed over, and signed', () => {
    expect(parseClientFirst('n,,n=alice,r=abc,x=more').ok).toBe(true)
    expect(parseClientFinal(`c=biws,r=abc,x=more,p=${proof}`)).toMatchObject({
      ok: true,
      value: { withoutProof: 'c=biws,r=abc,x=more' },
    })
  })

  for (const message of [
    '',
    'c=biws,r=abc',
    'c=biws,r=abc,p=',
    'c=biws,r=abc,p=AAAA',
    `c=biws,p=${proof}`,
    `c=,r=abc,p=${proof}`,
    `c=b!ws,r=abc,p=${proof}`,
    `r=abc,c=biws,p=${proof}`,
    `c=biws,r=abc,p=${proof.slice(0, -1)}`,
    `c=biws,r=abc,p=${proof},x=after`,
  ]) {
    test(`${JSON.stringify(message.slice(0, 50))} is no final message`, () => {
      expect(parseClientFinal(message).ok).toBe(false)
    })
  }
})
