import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { longestHeader, parseProxyHeader } from '../../../src/ingress/proxy/header.ts'
import { type IpAddress, ipBytes } from '../../../src/mail/ip.ts'
import { binaryHeader, field } from './binary-header.ts'

// MR-28: the PROXY protocol, versions 1 and 2.

const line = (text: string) => parseProxyHeader(Buffer.from(text, 'latin1'))
const client = (address: string, port: number, bytes: number) => ({
  ok: true,
  value: { kind: 'client', client: address, port, bytes },
})

describe('version 1', () => {
  test('names the client', () => {
    expect(line('PROXY TCP4 192.0.2.7 10.0.0.1 56324 25\r\nEHLO x\r\n')).toEqual(client('192.0.2.7', 56324, 40))
    expect(line('PROXY TCP6 2001:DB8::7 2001:db8::1 1 25\r\n')).toMatchObject({ value: { client: '2001:db8::7' } })
    expect(line('PROXY TCP6 ::ffff:192.0.2.7 ::1 1 25\r\n')).toMatchObject({ value: { client: '192.0.2.7' } })
  })

  test('UNKNOWN is the balancer itself, whatever follows the word', () => {
    for (const rest of ['', ' ', ' ffff:f...f:ffff ffff:f...f:ffff 65535 65535']) {
      expect(line(`PROXY UNKNOWN${rest}\r\n`)).toMatchObject({ ok: true, value: { kind: 'balancer' } })
    }
  })

  test('is not decided before it is all there', () => {
    const whole = 'PROXY TCP4 192.0.2.7 10.0.0.1 56324 25\r\n'
    for (let length = 0; length < whole.length; length++) expect(line(whole.slice(0, length))).toBe(null)
    expect(line(whole)).not.toBe(null)
  })

  const wrong = [
    ['an address of the other family', 'PROXY TCP4 2001:db8::1 2001:db8::2 1 25\r\n'],
    ['an address that is none', 'PROXY TCP4 999.1.1.1 10.0.0.1 1 25\r\n'],
    ['an address with zeros before it', 'PROXY TCP4 192.0.2.007 10.0.0.1 1 25\r\n'],
    ['a port that is none', 'PROXY TCP4 192.0.2.7 10.0.0.1 99999 25\r\n'],
    ['a port with zeros before it', 'PROXY TCP4 192.0.2.7 10.0.0.1 01 25\r\n'],
    ['two blanks', 'PROXY TCP4  192.0.2.7 10.0.0.1 1 25\r\n'],
    ['something behind it', 'PROXY TCP4 192.0.2.7 10.0.0.1 1 25 x\r\n'],
    ['less than all', 'PROXY TCP4 192.0.2.7 10.0.0.1 1\r\n'],
    ['another protocol', 'PROXY UDP4 192.0.2.7 10.0.0.1 1 25\r\n'],
    ['an LF alone', 'PROXY TCP4 192.0.2.7 10.0.0.1 1 25\n'],
    ['a line that is too long', `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`],
    ['a line that never ends', `PROXY UNKNOWN ${'x'.repeat(100)}`],
    ['a NUL', 'PROXY UNKNOWN \0\r\n'],
    ['small letters', 'proxy TCP4 192.0.2.7 10.0.0.1 1 25\r\n'],
    ['an address that can be no client', 'PROXY TCP4 0.0.0.0 10.0.0.1 1 25\r\n'],
    ['an address of many', 'PROXY TCP6 ff02::1 ::1 1 25\r\n'],
    ['a command', 'EHLO client.example\r\n'],
    ['a handshake', '\x16\x03\x01\x02\x00'],
  ] as const
  for (const [what, text] of wrong) {
    test(`refuses ${what}`, () => expect(line(text)).toMatchObject({ ok: false }))
  }
})

describe('version 2', () => {
  test('names the client, and skips the fields behind the addresses', () => {
    expect(parseProxyHeader(binaryHeader({}))).toEqual(client('192.0.2.7', 4321, 28))
    const fields = Buffer.concat([
      field(0x02, 'mx.example'),
      field(0x20, '\x01\0\0\0\0'),
      field(0x03, 'abcd'),
      field(0x04, ''),
    ])
    const whole = binaryHeader({ source: '2001:db8::7', fields })
    expect(parseProxyHeader(Buffer.concat([whole, Buffer.from('EHLO')]))).toEqual(
      client('2001:db8::7', 4321, whole.length),
    )
  })

  test('LOCAL and an unspecified family are the balancer itself', () => {
    expect(parseProxyHeader(binaryHeader({ command: 0x20 }))).toMatchObject({ value: { kind: 'balancer', bytes: 28 } })
    expect(parseProxyHeader(binaryHeader({ command: 0x20, form: 0, addresses: '' }))).toMatchObject({
      value: { bytes: 16 },
    })
    expect(parseProxyHeader(binaryHeader({ form: 0x00 }))).toMatchObject({ value: { kind: 'balancer', bytes: 28 } })
  })

  test('is not decided before it is all there', () => {
    const whole = binaryHeader({ fields: field(0x02, 'mx.example') })
    for (let length = 0; length < whole.length; length++) expect(parseProxyHeader(whole.subarray(0, length))).toBe(null)
    expect(parseProxyHeader(whole)).not.toBe(null)
  })

  const wrong = [
    ['version 1 in its form', { command: 0x11 }],
    ['version 3', { command: 0x31 }],
    ['a command that is none', { command: 0x22 }],
    ['UDP', { form: 0x12 }],
    ['a UNIX socket', { form: 0x31, addresses: 'x'.repeat(216) }],
    ['a family that is none', { form: 0x41 }],
    ['less than its addresses', { addresses: 'short' }],
    ['IPv6 in the room of IPv4', { form: 0x21 }],
    ['a field that reaches beyond it', { fields: Buffer.from('\x02\xff\xffxx', 'latin1') }],
    ['half a field', { fields: Buffer.from('\x02\0', 'latin1') }],
    ['an address that can be no client', { source: '0.0.0.0' }],
    ['an address of many', { source: '239.1.2.3' }],
  ] as const
  for (const [what, over] of wrong) {
    test(`refuses ${what}`, () => expect(parseProxyHeader(binaryHeader(over))).toMatchObject({ ok: false }))
  }

  test('refuses a header that is too long as soon as it says so', () => {
    const whole = binaryHeader({ fields: field(0x04, 'x'.repeat(longestHeader)) })
    expect(parseProxyHeader(whole.subarray(0, 16))).toMatchObject({ ok: false, error: 'the header is too long' })
  })
})

test('whatever is sent, in whatever pieces, the answer is the same, and it comes within the longest header', () => {
  const some = fc.oneof(
    fc
      .constantFrom('PROXY ', 'TCP4 ', 'TCP6 ', 'UNKNOWN', '192.0.2.7 ', '::1 ', '25', ' ', '\r', '\n', '\r\n')
      .map((t) => Buffer.from(t)),
    fc.constantFrom(binaryHeader({}).subarray(0, 12), binaryHeader({}).subarray(0, 16), binaryHeader({}).subarray(12)),
    fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
  )
  fc.assert(
    fc.property(fc.array(some, { maxLength: 12 }), (parts) => {
      const all = Buffer.concat(parts)
      const want = parseProxyHeader(all)
      for (let length = 1; length < all.length; length++) {
        const early = parseProxyHeader(all.subarray(0, length))
        // Once there is an answer, what comes behind it changes nothing.
        if (early !== null) expect(early).toEqual(want)
      }
      if (want?.ok) expect(want.value.bytes).toBeLessThanOrEqual(Math.min(all.length, longestHeader))
      if (all.length > longestHeader) expect(want).not.toBe(null)
    }),
    { numRuns: 2000 },
  )
})

test('any client is read as it was written, in both versions', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(address, fc.integer({ min: 0, max: 65535 }), (text, port) => {
      const family = text.includes(':') ? 'TCP6' : 'TCP4'
      const one = line(`PROXY ${family} ${text} ${text} ${port} 25\r\n`)
      const two = parseProxyHeader(binaryHeader({ source: text as IpAddress, port }))
      expect(one).not.toBe(null)
      expect(one!.ok).toBe(two!.ok)
      if (!one!.ok || !two!.ok) return
      const [first, second] = [one!.value, two!.value]
      if (first.kind !== 'client' || second.kind !== 'client') throw new Error('not the client')
      expect(first.client).toBe(second.client)
      expect({ port: first.port }).toEqual({ port: second.port })
      expect(ipBytes(first.client)).toEqual(ipBytes(second.client))
    }),
    { numRuns: 1000 },
  )
})
