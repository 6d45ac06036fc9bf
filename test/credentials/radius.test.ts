import { createHash, createHmac } from 'node:crypto'
import { createSocket, type RemoteInfo } from 'node:dgram'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type AccessRequest, readAnswer, writeAccessRequest } from '../../src/credentials/radius/packet.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { CredentialSettings, RadiusSettings } from '../../src/mail/login-settings.ts'
import { startFreeradius } from '../support/freeradius.ts'
import { freePort, peers } from '../support/peer.ts'
import { authenticatorOf, context, usual } from './support.ts'

const secret = 'testing 123'

type Given = Partial<RadiusSettings> & Partial<Pick<CredentialSettings, 'timeoutMs' | 'onError'>>

function radius(ports: readonly number[], given: Given = {}) {
  const servers = ports.map((port) => ({ host: '127.0.0.1', port }))
  const settings = { kind: 'radius', servers, secret: { $secret: 'env:R' }, nasIdentifier: null, attempts: 2 } as const
  return authenticatorOf([{ ...usual, timeoutMs: 1000, ...settings, ...given }], { 'env:R': secret })
}

describe.skipIf(!peers('freeradius'))('RADIUS, with a real FreeRADIUS', () => {
  // MR-19
  test('it says who may log in, also with a long password and one that is not ASCII', async () => {
    const long = 'p'.repeat(100)
    const users = { alice: 'wonderland', zoë: 'pässwörd', long, short: 'a' }
    const { port } = await startFreeradius({ secret, users })
    const { authenticator } = radius([port], { timeoutMs: 5000 })
    const ask = (login: string, password: string) => authenticator.checkPassword(login, password, context)
    expect(await ask('alice', 'wonderland')).toEqual({ kind: 'accepted', login: 'alice', addresses: [] })
    expect(await ask('alice', 'Wonderland')).toEqual({ kind: 'refused' })
    expect(await ask('nobody', 'wonderland')).toEqual({ kind: 'refused' })
    for (const [login, password] of Object.entries(users)) {
      expect([login, await ask(login, password)]).toMatchObject([login, { kind: 'accepted' }])
    }
    expect(await ask('alice', 'p'.repeat(129))).toEqual({ kind: 'refused' })
    expect(authenticator.health()).toMatchObject([{ state: 'ok' }])
  })

  test('an answer without Message-Authenticator is not believed, and the error says what to mend', async () => {
    const { port } = await startFreeradius({ secret, users: { alice: 'wonderland' }, signs: false })
    const { authenticator } = radius([port])
    const answer = await authenticator.checkPassword('alice', 'wonderland', context)
    expect(answer).toMatchObject({
      kind: 'error',
      why: expect.stringContaining('without a valid Message-Authenticator'),
    })
  })

  test('with another secret than the server has nobody is let in, and nobody is refused', async () => {
    const { port } = await startFreeradius({ secret: 'another', users: { alice: 'wonderland' } })
    const { authenticator } = radius([port])
    expect(await authenticator.checkPassword('alice', 'wonderland', context)).toMatchObject({ kind: 'error' })
  })

  test('the next server is asked when one is down or says nothing', async () => {
    const silent = createSocket('udp4')
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const { port } = await startFreeradius({ secret, users: { alice: 'wonderland' } })
    const { authenticator } = radius([await freePort(), silent.address().port, port], { timeoutMs: 1500 })
    expect(await authenticator.checkPassword('alice', 'wonderland', context)).toMatchObject({ kind: 'accepted' })
  })
})

const request: AccessRequest = {
  identifier: 9,
  authenticator: Buffer.alloc(16, 5),
  secret,
  login: 'alice',
  password: 'wonderland',
  nasIdentifier: 'gw.example.test',
  client: '192.0.2.7' as IpAddress,
}

/** An answer as an honest server writes it; `spoil` changes it before it is signed. */
function answer(code: number, { signed = true, more = Buffer.alloc(0), authenticator = request.authenticator } = {}) {
  const vouch = signed ? Buffer.concat([Buffer.from([80, 18]), Buffer.alloc(16)]) : Buffer.alloc(0)
  const body = Buffer.concat([vouch, more])
  const length = 20 + body.length
  const packet = Buffer.concat([
    Buffer.from([code, request.identifier, length >> 8, length & 255]),
    authenticator,
    body,
  ])
  if (signed) createHmac('md5', secret).update(packet).digest().copy(packet, 22)
  createHash('md5').update(packet).update(secret).digest().copy(packet, 4)
  return packet
}

describe('packets', () => {
  test('the question begins with Message-Authenticator, and shows neither password nor secret', () => {
    const packet = writeAccessRequest(request)
    expect(packet.readUInt16BE(2)).toBe(packet.length)
    expect([...packet.subarray(20, 22)]).toEqual([80, 18])
    expect(packet.includes('wonderland')).toBe(false)
    expect(packet.includes(secret)).toBe(false)
    const unsigned = Buffer.from(packet)
    unsigned.fill(0, 22, 38)
    expect(packet.subarray(22, 38)).toEqual(createHmac('md5', secret).update(unsigned).digest())
  })

  test('the password is hidden as RFC 2865 §5.2 has it, block by block', () => {
    const password = 'p'.repeat(40)
    const packet = writeAccessRequest({ ...request, password })
    const at = packet.indexOf(Buffer.from([2, 50]), 38)
    const hidden = packet.subarray(at + 2, at + 50)
    const clear = Buffer.alloc(48)
    for (let block = 0; block < 3; block++) {
      const before = block === 0 ? request.authenticator : hidden.subarray(block * 16 - 16, block * 16)
      const mask = createHash('md5').update(secret).update(before).digest()
      for (let i = 0; i < 16; i++) clear[block * 16 + i] = hidden[block * 16 + i]! ^ mask[i]!
    }
    expect(clear.toString('latin1')).toBe(`${password}\0\0\0\0\0\0\0\0`)
  })

  test.each([
    [2, 'accept'],
    [3, 'reject'],
    [11, 'challenge'],
    [5, null],
  ])('code %i is %s', (code, want) => {
    expect(readAnswer(answer(code), request)).toBe(want)
  })

  test('what does not prove that it comes from the server is no answer (CVE-2024-3596)', () => {
    const good = answer(2)
    expect(readAnswer(good, request)).toBe('accept')
    expect(readAnswer(answer(2, { signed: false }), request)).toBeNull()
    expect(readAnswer(answer(2, { authenticator: Buffer.alloc(16, 6) }), request)).toBeNull()
    expect(readAnswer(good, { ...request, secret: 'other' })).toBeNull()
    expect(readAnswer(good, { ...request, identifier: 8 })).toBeNull()
    // A second one, unsigned, before the signed one.
    const twice = answer(2, { more: Buffer.concat([Buffer.from([80, 18]), Buffer.alloc(16)]) })
    expect(readAnswer(twice, request)).toBeNull()
  })

  test('whatever single octet is changed, it is no answer', () => {
    const good = answer(3, { more: Buffer.from([18, 5, 0x61, 0x62, 0x63]) })
    expect(readAnswer(good, request)).toBe('reject')
    for (let at = 0; at < good.length; at++) {
      const changed = Buffer.from(good)
      changed[at]! ^= 1
      expect([at, readAnswer(changed, request)]).toEqual([at, null])
    }
  })

  test('whatever octets come, they are read without a fault and are no answer', () => {
    const start = fc.constant([2, request.identifier])
    const octets = fc.tuple(start, fc.uint8Array({ maxLength: 200 })).map(([a, b]) => Buffer.from([...a, ...b]))
    fc.assert(fc.property(fc.oneof(octets, fc.uint8Array().map(Buffer.from)), (b) => readAnswer(b, request) === null))
  })
})

test('packets of a stranger do not end the wait for the server', async () => {
  const server = createSocket('udp4')
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  let asked = 0
  server.on('message', (question: Buffer, { port, address }: RemoteInfo) => {
    asked++
    const forged = Buffer.from(question)
    forged[0] = 2
    server.send(forged, port, address)
  })
  const { authenticator } = radius([server.address().port], { timeoutMs: 400 })
  const said = await authenticator.checkPassword('alice', 'wonderland', context)
  expect(said).toMatchObject({ kind: 'error', why: expect.stringContaining('no answer to 2 requests') })
  expect(asked).toBe(2)
})
