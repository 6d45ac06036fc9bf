import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reply } from '../../src/mail/reply.ts'
import { ReplyReader } from '../../src/smtp/reply-reader.ts'
import { writeReply } from '../../src/smtp/reply-writer.ts'

test('each line of a reply has code and enhanced code', () => {
  expect(writeReply(reply(250, '2.0.0', 'ok'))).toBe('250 2.0.0 ok\r\n')
  expect(writeReply(reply(220, null, 'mx.example.org ESMTP'))).toBe('220 mx.example.org ESMTP\r\n')
  expect(writeReply(reply(550, '5.7.1', 'go\naway'))).toBe('550-5.7.1 go\r\n550 5.7.1 away\r\n')
  expect(writeReply(reply(250, null, 'a\nb'))).toBe('250-a\r\n250 b\r\n')
})

test('text cannot begin a line of its own, and is ASCII', () => {
  expect(writeReply(reply(550, '5.7.1', 'a\r\n250 ok'))).toBe('550-5.7.1 a?\r\n550 5.7.1 250 ok\r\n')
  expect(writeReply(reply(550, '5.7.1', 'nicht für dich\0'))).toBe('550 5.7.1 nicht f?r dich?\r\n')
})

test('whatever the text, the lines are at most 512 octets and a client reads the same reply', () => {
  const text = fc.array(fc.constantFrom('a', ' ', 'word ', '\n', '\r', 'é', 'x'.repeat(300))).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 559 }), fc.boolean(), text, (code, enhanced, words) => {
      const status = enhanced ? `${code < 400 ? 2 : Math.floor(code / 100)}.1.1` : null
      const usable = code < 300 || code >= 400
      fc.pre(usable && Math.floor(code / 10) % 10 <= 5)
      const wire = writeReply(reply(code, status, words))
      for (const line of wire.split('\r\n').slice(0, -1)) {
        expect(line.length).toBeLessThanOrEqual(510)
        expect(line).toMatch(/^[ -~]+$/)
      }
      const reader = new ReplyReader()
      reader.feed(Buffer.from(wire))
      expect(reader.next()).toBe(code)
      expect(reader.reply().status).toBe(status)
      expect(reader.reply().text.replace(/[\n ]/g, '')).toBe(words.replace(/[\n ]/g, '').replace(/[^ -~]/g, '?'))
      expect(reader.inside).toBe(false)
    }),
  )
})
