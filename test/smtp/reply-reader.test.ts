import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Reply } from '../../src/mail/reply.ts'
import { ReplyReader } from '../../src/smtp/reply-reader.ts'

function readAll(...chunks: string[]): { replies: Reply[]; wrong: string; pending: boolean } {
  const reader = new ReplyReader()
  const replies: Reply[] = []
  for (const chunk of chunks) {
    reader.feed(Buffer.from(chunk))
    while (reader.next() > 0) replies.push(reader.reply())
  }
  return { replies, wrong: reader.error, pending: reader.inside }
}

const accepted: { name: string; wire: string; want: Reply[] }[] = [
  { name: 'one line', wire: '250 ok\r\n', want: [{ code: 250, status: null, text: 'ok' }] },
  { name: 'a code alone', wire: '250\r\n', want: [{ code: 250, status: null, text: '' }] },
  { name: 'a code and a blank', wire: '250 \r\n', want: [{ code: 250, status: null, text: '' }] },
  {
    name: 'an enhanced code',
    wire: '550 5.1.1 no such user\r\n',
    want: [{ code: 550, status: '5.1.1', text: 'no such user' }],
  },
  { name: 'an enhanced code without text', wire: '250 2.1.5\r\n', want: [{ code: 250, status: '2.1.5', text: '' }] },
  {
    name: 'no enhanced code of another class',
    wire: '250 5.1.1 is text\r\n',
    want: [{ code: 250, status: null, text: '5.1.1 is text' }],
  },
  {
    name: 'no enhanced code in a version number',
    wire: '220 2.0.19alpha\r\n',
    want: [{ code: 220, status: null, text: '2.0.19alpha' }],
  },
  {
    name: 'several lines',
    wire: '250-mx.example.org\r\n250-SIZE 1000\r\n250 HELP\r\n',
    want: [{ code: 250, status: null, text: 'mx.example.org\nSIZE 1000\nHELP' }],
  },
  {
    name: 'several lines with an enhanced code in each',
    wire: '550-5.7.1 go\r\n550 5.7.1 away\r\n',
    want: [{ code: 550, status: '5.7.1', text: 'go\naway' }],
  },
  {
    name: 'a last line that is a code alone',
    wire: '250-a\r\n250\r\n',
    want: [{ code: 250, status: null, text: 'a\n' }],
  },
  { name: 'a line ended by a bare LF', wire: '250 ok\n', want: [{ code: 250, status: null, text: 'ok' }] },
  {
    name: 'replies to a group of commands',
    wire: '250 2.1.0 a\r\n452 4.5.3 b\r\n354 go\r\n',
    want: [
      { code: 250, status: '2.1.0', text: 'a' },
      { code: 452, status: '4.5.3', text: 'b' },
      { code: 354, status: null, text: 'go' },
    ],
  },
]
describe('a reply reader', () => {
  for (const { name, wire, want } of accepted) {
    test(`reads ${name}`, () => expect(readAll(wire)).toEqual({ replies: want, wrong: '', pending: false }))
    test(`reads ${name}, octet by octet`, () => {
      expect(readAll(...wire)).toEqual({ replies: want, wrong: '', pending: false })
    })
  }

  for (const wire of [
    'hello\r\n',
    '25 ok\r\n',
    '150 ok\r\n',
    '650 ok\r\n',
    '250+ok\r\n',
    '\r\n',
    '250-a\r\n550 b\r\n',
  ]) {
    test(`says that ${JSON.stringify(wire)} is no reply`, () => {
      const { replies, wrong } = readAll(wire, '250 ok\r\n')
      expect(replies).toEqual([])
      expect(wrong).not.toBe('')
    })
  }

  test('does not collect an endless line or an endless reply', () => {
    expect(readAll('250 '.padEnd(5000, 'x')).wrong).toBe('a reply line is too long')
    expect(readAll(...Array.from({ length: 200 }, () => '250-abcdef\r\n')).wrong).toBe('a reply has too many lines')
  })

  test('tells what is unread, so that nothing said before TLS is taken for an answer inside it', () => {
    expect(readAll('220 go\r\n250 injected').pending).toBe(true)
    expect(readAll('220 go\r\n250-injected\r\n').pending).toBe(true)
    expect(readAll('220 go\r\n').pending).toBe(false)
  })

  test('gives the same replies whatever the segments', () => {
    const line = fc.string({ maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, ' '))
    const code = fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.nat(9))
    const reply = fc.record({ code: code.map((digits) => digits.join('')), lines: fc.array(line, { minLength: 1 }) })
    fc.assert(
      fc.property(fc.array(reply), fc.array(fc.integer({ min: 1, max: 50 })), (replies, cuts) => {
        const texts = replies.map(({ code, lines }) =>
          lines.map((text, i) => `${code}${i < lines.length - 1 ? '-' : ' '}${text}\r\n`).join(''),
        )
        const wire = Buffer.from(texts.join(''))
        const cut = new ReplyReader()
        const got: Reply[] = []
        let at = 0
        for (const length of [...cuts, wire.length]) {
          cut.feed(Buffer.from(wire.subarray(at, at + length)))
          at = Math.min(wire.length, at + length)
          while (cut.next() > 0) got.push(cut.reply())
        }
        expect(got.map((reply) => String(reply.code))).toEqual(replies.map((reply) => reply.code))
        expect(got).toEqual(texts.flatMap((text) => readAll(text).replies))
        expect(cut.inside).toBe(false)
      }),
    )
  })
})
