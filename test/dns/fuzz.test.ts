import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answers, encodeQuery, type Question, withId } from '../../src/dns/query.ts'
import * as types from '../../src/dns/record-type.ts'
import { type Reply, readReply } from '../../src/dns/reply.ts'
import { scan } from '../../src/dns/scan.ts'
import * as fake from './fake-server.ts'
import { Packet } from './fake-server.ts'

/** What reading one message may take. A gateway reads them on the loop that serves everybody. */
const maxMs = 50

const question: Question = { type: types.mx, name: 'example.test' }
const query = withId(encodeQuery(question, true), 0x1234)
const asked = { query: Packet.parse(query) }

/** Real replies, to start from. */
const seeds = [
  fake.reply(asked, {
    answers: [fake.mx('example.test', 10, 'mx1.example.test'), fake.mx('example.test', 20, 'mx2.example.test')],
  }),
  fake.reply(asked, {
    answers: [fake.cname('example.test', 'a.test'), fake.cname('a.test', 'b.test'), fake.mx('b.test', 0, '')],
  }),
  fake.reply(asked, { authorities: [fake.soa('test')], header: { rcode: 3 } }),
  fake.reply(asked, {
    answers: [
      fake.txt('example.test', 'a', 'b'),
      fake.a('example.test', '192.0.2.1'),
      fake.aaaa('x.test', '2001:db8::1'),
    ],
  }),
  fake.reply(asked, { authorities: [fake.ns('test', 'ns.test')] }),
].map((packet) => {
  packet.additionals.push(Packet.Resource.EDNS([], { udpPayloadSize: 1232 }))
  return packet.toBuffer()
})

const kinds = new Set<Reply['kind']>(['found', 'none', 'alias', 'truncated', 'no-edns', 'useless'])

function read(message: Buffer): Reply {
  const before = performance.now()
  const reply = readReply(message, question)
  const took = performance.now() - before
  expect(kinds.has(reply.kind)).toBe(true)
  // The machine may be busy with other things for once: a message that is slow is slow again.
  if (took > maxMs) {
    const again = performance.now()
    readReply(message, question)
    expect(performance.now() - again).toBeLessThan(maxMs)
  }
  return reply
}

describe('reading replies', () => {
  test('the seeds are what they say', () => {
    expect(seeds.map((seed) => read(Buffer.from(seed)).kind)).toEqual(['found', 'found', 'none', 'useless', 'useless'])
    expect(seeds.every((seed) => answers(query, seed))).toBe(true)
  })

  test('octets at random behind a header are read, whatever they are', () => {
    const header = fc.uint8Array({ minLength: 12, maxLength: 12 })
    const counts = fc.constantFrom(0, 1, 2, 7, 255, 65_535)
    fc.assert(
      fc.property(
        header,
        fc.uint8Array({ maxLength: 600 }),
        counts,
        counts,
        (head, body, answerCount, authorityCount) => {
          const message = Buffer.concat([head, body])
          message.writeUInt16BE(1, 4)
          message.writeUInt16BE(answerCount, 6)
          message.writeUInt16BE(authorityCount, 8)
          read(message)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('real replies with octets changed, cut off, repeated and put in are read', () => {
    const change = fc.record({
      at: fc.nat(400),
      to: fc.nat(255),
      how: fc.constantFrom('set', 'cut', 'repeat', 'insert'),
    })
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 12 }), (seed, changes) => {
        let message = Buffer.from(seed)
        for (const { at, to, how } of changes) {
          const place = 12 + (at % Math.max(1, message.length - 12))
          if (how === 'set' && place < message.length) message[place] = to
          if (how === 'cut') message = Buffer.from(message.subarray(0, Math.max(12, place)))
          if (how === 'repeat') message = Buffer.concat([message, message.subarray(place)])
          if (how === 'insert')
            message = Buffer.concat([message.subarray(0, place), Buffer.of(to), message.subarray(place)])
        }
        read(message)
      }),
      { numRuns: 5000 },
    )
  })

  test('what answers a query has its id and its question, and octets at random never do', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
        const message = Buffer.from(octets)
        if (message.length >= 2 && message.readUInt16BE(0) === 0x1234) message[0] = 0x99
        expect(answers(query, message)).toBe(false)
      }),
    )
    fc.assert(
      fc.property(fc.nat(query.length - 12 - 11 - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const message = Buffer.from(seeds[0]!)
        message[12 + at]! ^= flip
        // The case of a letter is one bit, and the only change that does not matter.
        const letter = /[a-z]/i.test(String.fromCharCode(seeds[0]![12 + at]!)) && flip === 0x20
        expect(answers(query, message)).toBe(letter)
      }),
    )
  })
})

describe('messages made to be slow', () => {
  const limit = (message: Buffer) => {
    const before = performance.now()
    const reply = read(message)
    return { reply, took: performance.now() - before }
  }
  const head = (count: number) => {
    const message = Buffer.from(seeds[0]!.subarray(0, 12 + 18))
    message.writeUInt16BE(count, 6)
    message.writeUInt16BE(0, 8)
    message.writeUInt16BE(0, 10)
    return message
  }
  const rest = (type: number, rdata: Buffer) => {
    const fixed = Buffer.alloc(10)
    fixed.writeUInt16BE(type, 0)
    fixed.writeUInt16BE(1, 2)
    fixed.writeUInt16BE(rdata.length, 8)
    return Buffer.concat([fixed, rdata])
  }

  test('a header that promises 65,535 of everything', () => {
    const message = Buffer.alloc(12, 255)
    message[2] = 0x80
    message[3] = 0
    expect(limit(message).reply.kind).toBe('useless')
  })

  test('thousands of names, each a chain of thousands of pointers', () => {
    const pointers = Buffer.alloc(16_000)
    for (let i = 2; i < pointers.length; i += 2) pointers.writeUInt16BE(0xc000 | (30 + 12 + i - 2), i)
    const start = Buffer.concat([head(3001), Buffer.of(0), rest(16, pointers)])
    const last = 0xc000 | (30 + 11 + pointers.length - 2)
    const record = Buffer.concat([Buffer.of(last >> 8, last & 255), rest(1, Buffer.alloc(4))])
    const message = Buffer.concat([start, ...Array.from({ length: 3000 }, () => record)])
    expect(limit(message)).toMatchObject({ reply: { kind: 'useless', why: expect.stringContaining('malformed') } })
  })

  test('thousands of names of 255 octets by one pointer each', () => {
    const long = Buffer.concat([...Array.from({ length: 126 }, () => Buffer.from('\x01a')), Buffer.of(0)])
    const start = Buffer.concat([head(5001), long, rest(1, Buffer.alloc(4))])
    const record = Buffer.concat([Buffer.of(0xc0, 30), rest(1, Buffer.alloc(4))])
    const message = Buffer.concat([start, ...Array.from({ length: 4000 }, () => record)])
    message.writeUInt16BE(4001, 6)
    expect(limit(message)).toMatchObject({ reply: { kind: 'useless', why: expect.stringContaining('cost too much') } })
  })

  test('pointers that point at themselves, forwards, or to and fro', () => {
    for (const target of [30, 32, 31, 0x3fff]) {
      const message = Buffer.concat([head(1), Buffer.of(0xc0 | (target >> 8), target & 255), rest(1, Buffer.alloc(4))])
      expect([target, limit(message).reply]).toMatchObject([
        target,
        { kind: 'useless', why: expect.stringContaining('malformed') },
      ])
    }
  })

  test('thousands of aliases in one answer', () => {
    const names = Array.from({ length: 2000 }, (_, i) => `${i}.test`)
    const records = names.map((name, i) => fake.cname(i === 0 ? 'example.test' : name, names[i + 1] ?? 'end.test'))
    expect(limit(fake.reply(asked, { answers: records }).toBuffer()).reply).toMatchObject({
      why: 'more than 8 aliases',
    })
  })

  test('64 KiB of honest records are read', () => {
    const records = Array.from({ length: 2500 }, (_, i) => fake.mx('example.test', i, `host${i}.example.test`))
    const message = fake.reply(asked, { answers: records }).toBuffer()
    expect(message.length).toBeGreaterThan(50_000)
    expect(scan(Buffer.from(message))).toBe(null)
    const { reply } = limit(message)
    expect(reply.kind === 'found' && reply.values.length).toBe(2500)
  })
})
