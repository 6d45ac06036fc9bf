import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IpAddress } from '../../src/mail/ip.ts'
import { dateTime } from '../../src/message/date.ts'
import { HopCounter } from '../../src/message/hops.ts'
import { type Hop, receivedLine } from '../../src/message/received.ts'

const hop: Hop = {
  helo: 'client.example',
  client: '192.0.2.1' as IpAddress,
  by: 'mx.example.org',
  protocol: 'ESMTP',
  id: 'id1',
  for: 'b@example.org',
}
const now = Date.UTC(2025, 10, 1, 9, 3, 5, 999)

describe('our Received line', () => {
  test('has from, by, with, id, for and the date', () => {
    expect(receivedLine(hop, now)).toBe(
      'Received: from client.example ([192.0.2.1])\r\n by mx.example.org with ESMTP id id1\r\n for <b@example.org>; Sat, 1 Nov 2025 09:03:05 +0000\r\n',
    )
  })

  test('names nobody when there are several recipients, as each would learn of the others', () => {
    expect(receivedLine({ ...hop, for: null }, now)).toContain(' id id1; Sat, ')
  })

  test('tags an IPv6 address', () => {
    expect(receivedLine({ ...hop, client: '2001:db8::1' as IpAddress }, now)).toContain('([IPv6:2001:db8::1])')
  })

  test('keeps an address literal of HELO', () => {
    expect(receivedLine({ ...hop, helo: '[IPv6:2001:db8::9]' }, now)).toContain('from [IPv6:2001:db8::9] ([192.0.2.1])')
  })

  for (const helo of ['my printer', 'a) by x', 'a\r\nX-Evil: 1', 'a;b', '"q"', 'café', 'x'.repeat(300), '']) {
    test(`puts the address in place of the name ${JSON.stringify(helo.slice(0, 20))}`, () => {
      expect(receivedLine({ ...hop, helo }, now)).toMatch(/^Received: from \[192\.0\.2\.1\] \(\[192\.0\.2\.1\]\)\r\n/)
    })
  }

  test('is ASCII in lines of at most 998 octets, whoever it is for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ unit: 'binary', maxLength: 300 }),
        (helo, to) => {
          const lines = receivedLine({ ...hop, helo, for: to }, now).split('\r\n')
          expect(lines.pop()).toBe('')
          for (const line of lines) expect(line).toMatch(/^[ -~]{1,998}$/)
          for (const line of lines.slice(1)) expect(line.startsWith(' ')).toBe(true)
        },
      ),
    )
  })
})

test('dates are RFC 5322 in UTC', () => {
  expect(dateTime(0)).toBe('Thu, 1 Jan 1970 00:00:00 +0000')
  expect(dateTime(Date.UTC(2024, 1, 29, 23, 59, 59))).toBe('Thu, 29 Feb 2024 23:59:59 +0000')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (ms) => {
      expect(Date.parse(dateTime(ms))).toBe(Math.floor(ms / 1000) * 1000)
    }),
  )
})

describe('Received lines of a message', () => {
  /** The rule, slow and obvious. */
  function obvious(text: string): number {
    const header = text.startsWith('\r\n') ? '' : (text.split('\r\n\r\n')[0] ?? '')
    return header.split('\r\n').filter((line) => /^received[ \t]*:/i.test(line)).length
  }

  function count(chunks: readonly Buffer[]): number {
    const counter = new HopCounter()
    for (const chunk of chunks) if (!counter.read(chunk, 0, chunk.length)) break
    return counter.hops
  }

  test('are counted as by the slow rule, in any segments', () => {
    const parts = fc.constantFrom(
      'Received:',
      'received :',
      'RECEIVED\t: x',
      'Receive',
      'd:',
      'X-Received:',
      ' Received:',
      '\r\n',
      '\r\n\r\n',
      'text',
      ':',
    )
    const text = fc.array(parts, { maxLength: 15 }).map((all) => all.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 12 })), (message, lengths) => {
        const wire = Buffer.from(message)
        const chunks: Buffer[] = []
        let at = 0
        for (const length of lengths) {
          chunks.push(wire.subarray(at, at + length))
          at += length
        }
        chunks.push(wire.subarray(at))
        expect(count(chunks)).toBe(obvious(message))
      }),
      { numRuns: 5000 },
    )
  })

  test('are not looked for after the header', () => {
    const counter = new HopCounter()
    const chunk = Buffer.from('Received: a\r\n\r\nReceived: b\r\n')
    expect(counter.read(chunk, 0, chunk.length)).toBe(false)
    expect(counter.hops).toBe(1)
  })
})

describe('TLS-Required of a message (RFC 8689 §5)', () => {
  const says = (header: string, size = 1): boolean => {
    const counter = new HopCounter()
    const wire = Buffer.from(header)
    for (let at = 0; at < wire.length; at += size) {
      const piece = wire.subarray(at, at + size)
      if (!counter.read(piece, 0, piece.length)) break
    }
    return counter.tlsOptional
  }

  const cases: [string, string, boolean][] = [
    ['No', 'To: x\r\nTLS-Required: No\r\n\r\n', true],
    ['no, in any case, with any white space', 'tls-REQUIRED : \t nO  \r\n\r\n', true],
    ['yes is nothing that it can say', 'TLS-Required: Yes\r\n\r\n', false],
    ['a longer word', 'TLS-Required: Nobody at all, ever, or so they say\r\n\r\n', false],
    ['twice is none', 'TLS-Required: No\r\nTLS-Required: No\r\n\r\n', false],
    ['another name', 'TLS-Requires: No\r\nX-TLS-Required: No\r\nTo-TLS: No\r\n\r\n', false],
    ['a line that goes on', 'Subject: x\r\n TLS-Required: No\r\n\r\n', false],
    ['the body', 'To: x\r\n\r\nTLS-Required: No\r\n', false],
  ]
  for (const [name, header, want] of cases) {
    test(name, () => {
      for (const size of [1, 2, 7, 1000]) expect(says(header, size)).toBe(want)
    })
  }
})
