import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Authenticator } from '../../src/credentials/authenticator.ts'
import { parseClientFinal, parseClientFirst } from '../../src/credentials/sasl/scram-message.ts'
import { startExchange } from '../../src/credentials/sasl/start.ts'
import { Census } from '../../src/ingress/census.ts'
import type { House } from '../../src/ingress/house.ts'
import { Session } from '../../src/ingress/session.ts'
import { decodeBase64 } from '../../src/mail/base64.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { mechanisms } from '../../src/mail/login-settings.ts'
import { prepare } from '../../src/mail/sasl-prep.ts'
import { context, knownLogins } from '../credentials/sasl/known-logins.ts'
import { MemoryInlet, settings, site } from '../ingress/house.ts'
import { memoryWire } from '../ingress/wire.ts'
import { type FuzzTarget, segments } from './target.ts'

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
const logins = knownLogins()

/** Logins: what is said in responses, to each mechanism alone and in a whole session. */
export const target: FuzzTarget = {
  seeds: [
    '\0alice\0wonderland',
    'alice\nwonderland',
    'n,,n=alice,r=abcdef\nc=biws,r=abcdef,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    'p=tls-exporter,a=alice,n=al=2Cice=3D,r=x,e=1\nc=cD10bHMtZXhwb3J0ZXIs,r=x,p=',
    'n,a=alice,\x01host=h\x01port=1\x01auth=Bearer good\x01\x01',
    'user=alice\x01auth=Bearer bad\x01\x01\n',
    'alice 0123456789abcdef0123456789abcdef',
    `EHLO c\r\nAUTH PLAIN ${base64('\0alice\0wonderland')}\r\nMAIL FROM:<a@example.com> AUTH=<>\r\n`,
    `EHLO c\r\nAUTH LOGIN\r\n${base64('alice')}\r\n${base64('x')}\r\nAUTH CRAM-MD5\r\n*\r\n`,
    `EHLO c\r\nAUTH SCRAM-SHA-256 ${base64('n,,n=alice,r=abc')}\r\n${base64('c=biws,r=abc,p=AAAA')}\r\n\r\nNOOP\r\n`,
    `EHLO c\r\nauth xoauth2 ${base64('user=alice\x01auth=Bearer bad\x01\x01')}\r\n\r\nAUTH OAUTHBEARER =\r\n`,
  ].map((text) => Buffer.from(text, 'latin1')),
  words: [
    'AUTH PLAIN ',
    'AUTH LOGIN\r\n',
    'AUTH SCRAM-SHA-256\r\n',
    '=\r\n',
    '*\r\n',
    'AGEAYg==\r\n',
    '\n',
    '\0',
    '\x01',
    'n,,',
    'y,,',
    'a=',
    ',r=',
    ',p=',
    '=2C',
    'auth=Bearer ',
    '\xc2\xad',
    '\xd8\xa7',
    '\xef\xb7\xba',
  ],
  async once(input, random) {
    // Or it would be the list of questions that grows.
    ;(await logins).asked.length = 0
    readOnly(input)
    for (const mechanism of mechanisms) await exchange(mechanism, input)
    const whole = await talk([input])
    const cut = await talk(segments(input, random))
    assert.equal(cut, whole, 'however the octets are cut, they say the same')
  },
}

/** What the parsers make of it, whatever it was meant to be. */
function readOnly(input: Buffer): void {
  const text = input.toString('utf8')
  const octets = decodeBase64(text)
  if (octets !== null) assert.equal(octets.toString('base64'), text, 'base64 has one form')
  const prepared = prepare(text)
  if (prepared !== null) {
    assert.equal(prepare(prepared), prepared, 'what is prepared stays as it is')
    assert.doesNotMatch(prepared, /[\0-\x1f\x7f]/, 'and has no control characters')
  }
  const first = parseClientFirst(text)
  if (first.ok) assert.equal(first.value.gs2Header + first.value.bare, text, 'all of it is signed')
  const final = parseClientFinal(text)
  if (final.ok) assert.ok(text.startsWith(`${final.value.withoutProof},p=`), 'all but the proof is signed')
}

/** Each line is one response. Nobody is let in who has not said the password or the token. */
async function exchange(mechanism: (typeof mechanisms)[number], input: Buffer): Promise<void> {
  let drawn = 0
  const random = (bytes: number) => createHash('sha512').update(`${++drawn}`).digest().subarray(0, bytes)
  const one = startExchange(mechanism, {
    logins: await logins,
    context,
    offered: mechanisms,
    hostname: 'mx.example.org',
    random,
  })
  const lines = input.toString('latin1').split('\n')
  const responses = lines.slice(0, 6).map((line) => Buffer.from(line, 'latin1'))
  for (const response of input.length % 2 === 0 ? [null, ...responses] : responses) {
    const step = await one.next(response)
    if (step.kind === 'challenge') {
      assert.ok(step.data.length < 4096, 'a challenge is short')
      continue
    }
    if (step.result.kind === 'accepted') {
      assert.match(said(input), /wonderland|good/, 'nobody is let in')
      assert.match(mechanism, /^(PLAIN|LOGIN|OAUTHBEARER|XOAUTH2)$/, 'without a proof')
    }
    return
  }
}

/** Each part as it is compared: SASLprep drops a soft hyphen, wherever in a password it stands. */
const said = (input: Buffer): string =>
  input
    .toString('utf8')
    .split(/[\0\n]/)
    .map((part) => prepare(part) ?? part)
    .join('\n')

/** A whole session; gives what came, without the challenges, which are never the same twice. */
async function talk(said: readonly Buffer[]): Promise<string> {
  const bugs: unknown[] = []
  let gone = false
  const admission = site({ limits: { maxErrors: 8 } })
  const offered = mechanisms.filter((mechanism) => mechanism !== 'SCRAM-SHA-256-PLUS')
  const authenticator: Authenticator = {
    ...(await logins),
    mechanisms: () => offered,
    addressesOf: () => [],
    replace() {},
    close: async () => {},
  }
  const house: House = {
    settings: { ...settings(), login: { required: false, mechanisms: offered, clearTextFrom: [] } },
    admission: () => admission,
    authenticator,
    inlet: new MemoryInlet(),
    census: new Census(),
    log: { ...silentLog, error: (event, fields) => void bugs.push([event, fields]) },
    clock: systemClock,
    draining: false,
  }
  const wire = memoryWire((socket) =>
    new Session(house, socket, '192.0.2.9' as IpAddress, 1, () => (gone = true)).open(),
  )
  for (const segment of said) await wire.send(segment)
  wire.end()
  for (let turns = 0; !wire.closed(); turns++) {
    assert.ok(turns < 2000, 'the session ends when its client has ended')
    await new Promise((resolve) => setImmediate(resolve))
  }
  wire.destroy()
  for (let turns = 0; !gone && turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(gone, 'nothing is left of the session')
  assert.deepEqual(bugs, [])
  const came = wire.came()
  for (const line of came.split('\r\n').slice(0, -1)) {
    assert.match(line, /^[2-5]\d\d[ -][ -~]{0,508}$/, 'a reply is one line of at most 512 octets in ASCII')
  }
  return came.replace(/^334 .*$/gm, '334')
}
