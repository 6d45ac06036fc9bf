import { describe, expect, onTestFinished, test } from 'vitest'
import type { Authenticator } from '../../src/credentials/authenticator.ts'
import type { Admission } from '../../src/ingress/admission.ts'
import type { Guard } from '../../src/ingress/guard.ts'
import type { ListenerOptions } from '../../src/ingress/listener.ts'
import type { LogFields } from '../../src/mail/log.ts'
import { type Mechanism, mechanisms } from '../../src/mail/login-settings.ts'
import { reply } from '../../src/mail/reply.ts'
import { knownLogins } from '../credentials/sasl/known-logins.ts'
import { cramMd5Response, oauthBearerResponse, plainResponse, scramClient, xoauth2Response } from '../support/sasl.ts'
import { openHouse, settings, site } from './house.ts'
import { tcpWire, until } from './wire.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const alice = plainResponse('alice', 'wonderland')

type Told = LogFields & { readonly event: string }

/** A listener in clear text where logins may be used, as for a named network. */
async function desk(
  over: Partial<Omit<ListenerOptions, 'inlet'>> & { offered?: readonly Mechanism[]; held?: Promise<void> } = {},
) {
  const { offered = mechanisms.filter((name) => name !== 'SCRAM-SHA-256-PLUS'), held, ...options } = over
  const logins = await knownLogins()
  const authenticator: Authenticator = {
    ...logins,
    async checkPassword(...question) {
      const answer = await logins.checkPassword(...question)
      await held
      return answer
    },
    mechanisms: () => offered,
    addressesOf: () => [],
    replace: () => {},
    close: async () => {},
  }
  const told: Told[] = []
  const tell = (event: string, fields: LogFields = {}) => void told.push({ event, ...fields })
  const house = await openHouse({
    settings: { ...settings(), login: { required: false, mechanisms: offered, clearTextFrom: ['127.0.0.0/8'] } },
    authenticator,
    log: { debug: tell, info: tell, warn: tell, error: tell },
    ...options,
  })
  onTestFinished(() => house.listener.close())
  const wire = await tcpWire(house.port)
  let read = 0
  /** Says lines (`null`: nothing) and gives the replies that came, as many as were asked for. */
  const say = async (text: string | null, replies = 1): Promise<string> => {
    if (text !== null) await wire.send(Buffer.from(`${text}\r\n`, 'latin1'))
    const came = () => wire.came().slice(read)
    const whole = () => (came().match(/^\d{3} .*\r\n/gm) ?? []).length >= replies
    await until(() => whole() || wire.closed())
    const found = came()
    read += found.length
    return found.replace(/\r\n$/, '').replaceAll('\r\n', '\n')
  }
  await say(null)
  return { ...house, say, wire, told, asked: logins.asked }
}

const greeted = async (over: Parameters<typeof desk>[0] = {}) => {
  const one = await desk(over)
  await one.say('EHLO client.example')
  return one
}

// MQ-25, MQ-26, MR-16, RFC 4954
describe('AUTH', () => {
  test('is offered where it can be used, and not any more to who has logged in', async () => {
    const { say } = await desk({ offered: ['PLAIN', 'SCRAM-SHA-256'] })
    expect(await say('EHLO client.example')).toContain('\n250-AUTH PLAIN SCRAM-SHA-256\n')
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('235 2.7.0 logged in')
    expect(await say('EHLO client.example')).not.toContain('AUTH')
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('503 5.5.1 you have logged in already')
  })

  test('is not there at all on a listener without login', async () => {
    const { say } = await greeted({ settings: settings() })
    expect(await say('EHLO client.example')).not.toContain('AUTH')
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('502 5.5.1 the command is not implemented here')
    expect(await say('MAIL FROM:<a@example.com> AUTH=<>')).toMatch(/^555 /)
  })

  test('is neither offered nor taken on a line where the document does not let it', async () => {
    const refusal = reply(538, '5.7.11', 'log in over TLS')
    const admission = {
      ...site(),
      login: () => ({ kind: 'refuse' as const, reply: refusal, at: 'listeners.in.login' }),
    }
    const { say, told, asked } = await desk({ admission: () => admission })
    expect(await say('EHLO client.example')).not.toContain('AUTH')
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('538 5.7.11 log in over TLS')
    expect(asked).toEqual([])
    expect(told).toContainEqual(
      expect.objectContaining({ event: 'session.refused', code: 538, at: 'listeners.in.login' }),
    )
  })

  test('the document may take its time to say so', async () => {
    const admission: Admission = {
      ...site(),
      login: () => new Promise((resolve) => setImmediate(() => resolve({ kind: 'accept', recipients: [], at: '' }))),
    }
    const { say } = await desk({ admission: () => admission })
    expect(await say('EHLO client.example')).toContain('250-AUTH ')
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('235 2.7.0 logged in')
  })

  test('who has logged in stands in the envelope, in Received and in the log, message after message', async () => {
    const { say, inlet, told } = await greeted()
    expect(await say(`AUTH PLAIN ${plainResponse('ALICE', 'wonderland')}`)).toBe('235 2.7.0 logged in')
    for (const again of [1, 2]) {
      await say('MAIL FROM:<a@example.com>')
      await say('RCPT TO:<b@example.org>')
      await say('DATA')
      expect(await say('Subject: x\r\n\r\nx\r\n.')).toMatch(/^250 /)
      expect(inlet.kept).toHaveLength(again)
      await say('RSET')
    }
    expect(inlet.kept.map(({ envelope }) => envelope.origin.identity)).toEqual(['alice', 'alice'])
    expect(inlet.kept[1]!.body).toMatch(/^Received: .*\r\n by mx\.example\.org with ESMTPA id /)
    const accepted = told.filter(({ event }) => event === 'message.accepted')
    expect(accepted.map(({ login }) => login)).toEqual(['alice', 'alice'])
    expect(told).toContainEqual(
      expect.objectContaining({ event: 'login.accepted', login: 'alice', mechanism: 'PLAIN', tls: false }),
    )
  })

  test('the login is what the document decides by', async () => {
    const logins: (string | null)[] = []
    const admission: Admission = {
      ...site(),
      mail: (caller) => {
        logins.push(caller.login)
        return { kind: 'accept', recipients: [], at: '' }
      },
    }
    const { say } = await greeted({ admission: () => admission })
    await say('MAIL FROM:<a@example.com>')
    await say('RSET')
    await say(`AUTH PLAIN ${alice}`)
    await say('EHLO again.example')
    await say('MAIL FROM:<a@example.com>')
    expect(logins).toEqual([null, 'alice'])
  })

  test('needs EHLO, and stands outside of a transaction', async () => {
    const { say } = await desk()
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('503 5.5.1 send EHLO first')
    await say('HELO client.example')
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('503 5.5.1 send EHLO first')
    await say('EHLO client.example')
    await say('MAIL FROM:<a@example.com>')
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('503 5.5.1 not inside of a transaction')
    expect(await say('RCPT TO:<b@example.org>')).toMatch(/^250 /)
    await say('RSET')
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('235 2.7.0 logged in')
  })

  for (const [what, line, wanted] of [
    ['no mechanism', 'AUTH', /^501 5\.5\.4 /],
    ['a mechanism that is none', 'AUTH PL/AIN x', /^501 5\.5\.4 /],
    ['too many words', `AUTH PLAIN ${alice} x`, /^501 5\.5\.4 /],
    ['an unknown mechanism', 'AUTH GSSAPI', /^504 5\.5\.4 /],
    ['a name of every object', 'AUTH constructor', /^504 5\.5\.4 /],
    ['a mechanism that is not offered on this line', 'AUTH SCRAM-SHA-256-PLUS', /^504 5\.5\.4 /],
    ['a response that is no base64', 'AUTH PLAIN AGEAYg', /^501 5\.5\.2 the response is no base64/],
    ['a response with bits that mean nothing', 'AUTH PLAIN AGEAYh==', /^501 5\.5\.2 the response is no base64/],
    ['an empty response', 'AUTH PLAIN =', /^501 5\.5\.2 PLAIN is/],
    ['an initial response where the server begins', `AUTH CRAM-MD5 ${base64('alice x')}`, /^501 5\.7\.0 /],
    ['a wrong password', `AUTH PLAIN ${plainResponse('alice', 'looking-glass')}`, /^535 5\.7\.8 /],
    ['an unknown login', `AUTH PLAIN ${plainResponse('nobody', 'wonderland')}`, /^535 5\.7\.8 /],
    ['another identity', `AUTH PLAIN ${plainResponse('alice', 'wonderland', 'admin')}`, /^535 5\.7\.8 /],
    ['a back-end in trouble', `AUTH PLAIN ${plainResponse('broken', 'x')}`, /^454 4\.7\.0 /],
  ] as const) {
    test(`with ${what} changes nothing, and another try is welcome`, async () => {
      const { say } = await greeted()
      expect(await say(line)).toMatch(wanted)
      expect(await say(`auth plain ${alice}`)).toBe('235 2.7.0 logged in')
    })
  }

  test('a wrong password and an unknown login are answered alike', async () => {
    const { say } = await greeted()
    const replies = [
      await say(`AUTH PLAIN ${plainResponse('alice', 'looking-glass')}`),
      await say(`AUTH PLAIN ${plainResponse('nobody', 'looking-glass')}`),
    ]
    expect(replies[0]).toBe(replies[1])
  })

  test('is given up by "*", and the session goes on', async () => {
    const { say, asked } = await greeted()
    for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-256', 'XOAUTH2']) {
      expect(await say(`AUTH ${mechanism}`)).toMatch(/^334 /)
      expect(await say('*')).toBe('501 5.7.0 login given up')
    }
    expect(asked).toEqual([])
    expect(await say('NOOP')).toMatch(/^250 /)
  })

  test('lines of an exchange are never commands', async () => {
    const { say } = await greeted()
    expect(await say('AUTH LOGIN')).toBe(`334 ${base64('Username:')}`)
    expect(await say('QUIT')).toMatch(/^334 /)
    expect(await say('*')).toMatch(/^501 /)
    expect(await say('AUTH LOGIN')).toMatch(/^334 /)
    expect(await say('MAIL FROM:<a@example.com>')).toMatch(/^501 5\.5\.2 /)
    expect(await say('RCPT TO:<b@example.org>')).toMatch(/^503 /)
  })

  test('takes responses of up to 12,288 octets, and drops longer ones whole', async () => {
    const { say } = await greeted()
    const token = 'a'.repeat(8000)
    expect(await say(`AUTH XOAUTH2 ${xoauth2Response(token, 'alice')}`)).toMatch(/^334 /)
    expect(await say('')).toMatch(/^535 /)
    expect(await say('AUTH PLAIN')).toBe('334 ')
    expect(await say('A'.repeat(12_284))).toMatch(/^501 5\.5\.2 /)
    expect(await say('AUTH PLAIN')).toBe('334 ')
    expect(await say('A'.repeat(12_288))).toMatch(/^500 5\.5\.6 /)
    expect(await say(`AUTH PLAIN ${'A'.repeat(12_288)}`)).toMatch(/^500 5\.5\.2 /)
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('235 2.7.0 logged in')
  })

  test('what is no ASCII is no response', async () => {
    const { say } = await greeted()
    await say('AUTH PLAIN')
    expect(await say('\xc3\xa9')).toMatch(/^500 5\.5\.6 /)
    await say('AUTH PLAIN')
    expect(await say('a\x00b')).toMatch(/^500 5\.5\.6 /)
  })

  test('an exchange in pieces and commands behind it are read in their order', async () => {
    const { say } = await greeted()
    expect(await say(`AUTH LOGIN\r\n${base64('alice')}\r\n${base64('wonderland')}\r\nNOOP`, 4)).toBe(
      [`334 ${base64('Username:')}`, `334 ${base64('Password:')}`, '235 2.7.0 logged in', '250 2.0.0 ok'].join('\n'),
    )
  })

  test('the parameter AUTH of MAIL is read and not believed', async () => {
    const { say } = await greeted()
    for (const value of [
      '<>',
      'e+3Dmc2@example.com',
      '<a@example.com>',
      'no-mailbox',
      'a+ZZ@example.com',
      'x'.repeat(600),
    ]) {
      const good = value === '<>' || value === 'e+3Dmc2@example.com'
      expect(await say(`MAIL FROM:<a@example.com> AUTH=${value}`)).toMatch(good ? /^250 / : /^501 5\.5\.4 /)
      await say('RSET')
    }
  })
})

describe('each mechanism over a socket', () => {
  test('LOGIN, with and without the login in the command', async () => {
    const one = await greeted()
    expect(await one.say(`AUTH LOGIN ${base64('alice')}`)).toBe(`334 ${base64('Password:')}`)
    expect(await one.say(base64('wonderland'))).toBe('235 2.7.0 logged in')
  })

  test('SCRAM-SHA-256, where the server shows its knowledge in one challenge more', async () => {
    const { say, told } = await greeted()
    const client = scramClient({ login: 'alice', password: 'wonderland' })
    const first = await say(`AUTH SCRAM-SHA-256 ${base64(client.first)}`)
    const last = await say(base64(client.final(Buffer.from(first.slice(4), 'base64').toString())))
    expect(last).toBe(`334 ${base64(client.verifier())}`)
    expect(told.map(({ event }) => event)).not.toContain('login.accepted')
    expect(await say(' ')).toMatch(/^501 /)
    expect(await say('NOOP')).toMatch(/^250 /)
    expect(told.map(({ event }) => event)).not.toContain('login.accepted')
    const again = scramClient({ login: 'alice', password: 'wonderland' })
    expect(await say('AUTH SCRAM-SHA-256')).toBe('334 ')
    const server = await say(base64(again.first))
    await say(base64(again.final(Buffer.from(server.slice(4), 'base64').toString())))
    expect(await say('')).toBe('235 2.7.0 logged in')
  })

  test('CRAM-MD5', async () => {
    const { say } = await greeted()
    const challenge = (await say('AUTH CRAM-MD5')).slice(4)
    expect(Buffer.from(challenge, 'base64').toString()).toMatch(/^<[0-9a-f]{32}@mx\.example\.org>$/)
    expect(await say(cramMd5Response(challenge, 'alice', 'wonderland'))).toBe('235 2.7.0 logged in')
  })

  test('OAUTHBEARER and XOAUTH2, whose refusal is a challenge first', async () => {
    const one = await greeted()
    expect(await one.say(`AUTH OAUTHBEARER ${oauthBearerResponse('good', 'alice')}`)).toBe('235 2.7.0 logged in')
    const two = await greeted()
    const refused = await two.say(`AUTH XOAUTH2 ${xoauth2Response('bad', 'alice')}`)
    expect(Buffer.from(refused.slice(4), 'base64').toString()).toContain('"status":"401"')
    expect(await two.say('')).toMatch(/^535 5\.7\.8 /)
    expect(await two.say(`AUTH XOAUTH2 ${xoauth2Response('good', 'alice')}`)).toBe('235 2.7.0 logged in')
  })
})

describe('a guard around logins', () => {
  const guard = (over: Partial<Guard['login']>): Guard & { readonly told: string[] } => {
    const told: string[] = []
    return {
      told,
      turnsAway: () => null,
      offended: () => null,
      login: {
        locked: () => null,
        failed: (account) => {
          told.push(`failed ${account}`)
          return { delayMs: 0, last: null }
        },
        succeeded: (account) => void told.push(`succeeded ${account}`),
        ...over,
      },
    }
  }

  test('hears of refusals and successes by account, and not of back-ends in trouble', async () => {
    const one = guard({})
    const { say } = await greeted({ guard: one })
    await say(`AUTH PLAIN ${plainResponse('Alice', 'looking-glass')}`)
    await say('AUTH PLAIN !!')
    await say(`AUTH PLAIN ${base64('junk')}`)
    await say(`AUTH PLAIN ${plainResponse('broken', 'x')}`)
    await say(`AUTH PLAIN ${alice}`)
    expect(one.told).toEqual(['failed alice', 'failed null', 'succeeded alice'])
  })

  test('keeps a locked account from being asked about, whatever the mechanism', async () => {
    const locked = reply(454, '4.7.0', 'locked for a while')
    const one = guard({ locked: (account) => (account === 'alice' ? locked : null) })
    const { say, asked } = await greeted({ guard: one })
    expect(await say(`AUTH PLAIN ${alice}`)).toBe('454 4.7.0 locked for a while')
    expect(await say(`AUTH SCRAM-SHA-256 ${base64('n,,n=alice,r=abc')}`)).toBe('454 4.7.0 locked for a while')
    const challenge = (await say('AUTH CRAM-MD5')).slice(4)
    expect(await say(cramMd5Response(challenge, 'alice', 'wonderland'))).toBe('454 4.7.0 locked for a while')
    expect(asked).toEqual([])
    // The token itself says whose it is.
    expect(await say(`AUTH OAUTHBEARER ${oauthBearerResponse('good', null)}`)).toBe('454 4.7.0 locked for a while')
    expect(one.told).toEqual([])
  })

  test('may let a refusal wait, and end the session after it', async () => {
    const last = reply(421, '4.7.0', 'too many failed logins')
    const { say, wire } = await greeted({ guard: guard({ failed: () => ({ delayMs: 30, last }) }) })
    const startedAt = performance.now()
    expect(await say(`AUTH PLAIN ${plainResponse('alice', 'x')}\r\nNOOP`, 2)).toBe(
      '535 5.7.8 the login or the password is wrong\n421 4.7.0 too many failed logins',
    )
    expect(performance.now() - startedAt).toBeGreaterThan(25)
    expect(await until(() => wire.closed())).toBe(true)
  })
})

describe('a listener that drains', () => {
  test('does not wait for the answer to a challenge', async () => {
    const { say, listener, wire } = await greeted()
    expect(await say('AUTH LOGIN')).toMatch(/^334 /)
    const drained = listener.drain()
    expect(await say(null)).toBe('421 4.3.2 shutting down')
    expect(await until(() => wire.closed())).toBe(true)
    wire.end()
    await drained
  })

  test('lets who waits for an answer have it, and sends him away', async () => {
    let answer: () => void = () => {}
    const asked = new Promise<void>((resolve) => (answer = resolve))
    const one = await greeted({ held: asked })
    await one.wire.send(Buffer.from(`AUTH PLAIN ${alice}\r\n`))
    await until(() => one.asked.length > 0)
    const drained = one.listener.drain()
    answer()
    expect(await one.say(null, 2)).toBe('235 2.7.0 logged in\n421 4.3.2 shutting down')
    one.wire.end()
    await drained
  })
})

test('no password and no token is in the log, whatever is done with it', async () => {
  const secrets = ['looking-glass', 'Tok3n-of-an-issuer', 'pencil-of-scram']
  const { say, told } = await greeted()
  await say(`AUTH PLAIN ${plainResponse('alice', secrets[0]!)}`)
  await say('AUTH LOGIN')
  await say(base64('alice'))
  await say(base64(secrets[0]!))
  await say(`AUTH PLAIN ${base64(`junk\0${secrets[0]}`)}`)
  await say(`AUTH OAUTHBEARER ${oauthBearerResponse(secrets[1]!, 'alice')}`)
  await say('*')
  await say(`AUTH XOAUTH2 ${base64(`user=alice\x01auth=${secrets[1]}\x01\x01`)}`)
  await say(`AUTH PLAIN ${secrets[1]}`)
  await say(secrets[0]!)
  const all = JSON.stringify(told)
  for (const secret of secrets) {
    expect(all).not.toContain(secret)
    expect(all).not.toContain(base64(secret).slice(0, 12))
  }
  expect(all).toContain('login.refused')
})
