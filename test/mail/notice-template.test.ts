import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isReasonPattern, parseNotice, parseNoticeSubject } from '../../src/mail/notice-template.ts'
import { notificationKinds } from '../../src/mail/notification-settings.ts'
import { defaultNotice, defaultNotices } from '../../src/message/default-notices.ts'

const each = '{each}\n{recipient}\n{end}'

for (const { text, why } of [
  { text: '', why: 'an empty one' },
  { text: ' \n ', why: 'an empty one' },
  { text: 'no recipients', why: 'expected lines {each} and {end} with {recipient}' },
  { text: '{each}\n{reason}\n{end}', why: '{recipient} between them' },
  { text: '{each}\n{recipient}', why: '{each} has no line {end}' },
  { text: '{end}', why: 'line 1: {end} without {each}' },
  { text: `${each}\n${each}`, why: 'line 4: {each} may stand there once' },
  { text: '{each}\n{each}\n{recipient}\n{end}', why: 'line 2: {each} may stand there once' },
  { text: `${each} x`, why: 'line 3: {end} stands in a line of its own' },
  { text: `{recipient}\n${each}`, why: 'line 1: {recipient} may stand between {each} and {end} alone' },
  { text: `{resipient}\n${each}`, why: 'line 1: there is no {resipient} here' },
  { text: `{constructor}\n${each}`, why: 'there is no {constructor} here' },
  { text: `{ id }\n${each}`, why: 'there is no { id } here' },
  { text: `{id\n${each}`, why: 'line 1: "{" belongs to a placeholder' },
  { text: `id}\n${each}`, why: 'line 1: "}" belongs to a placeholder' },
  { text: `a\tb\n${each}`, why: 'a control character' },
  { text: `a\u2028b\n${each}`, why: 'a control character' },
  { text: `\ud800\n${each}`, why: 'a control character' },
  { text: `${'x'.repeat(8000)}\n${each}`, why: 'at most 8000 characters' },
]) {
  test(`a text is refused: ${JSON.stringify(text.slice(0, 40))}`, () => {
    const read = parseNotice(text)
    expect(read.ok).toBe(false)
    expect(read.ok ? '' : read.error).toContain(why)
  })
}

test('a text is read into what stands before, for each recipient, and behind', () => {
  const read = parseNotice('Hello {{{sender}}}\r\n{each}\r\n  {recipient}: {reason}\r\n{end}\r\nBye\r\n\r\n')
  expect(read).toEqual({
    ok: true,
    value: {
      before: [
        [
          { kind: 'text', text: 'Hello {' },
          { kind: 'placeholder', name: 'sender' },
          { kind: 'text', text: '}' },
        ],
      ],
      each: [
        [
          { kind: 'text', text: '  ' },
          { kind: 'placeholder', name: 'recipient' },
          { kind: 'text', text: ': ' },
          { kind: 'placeholder', name: 'reason' },
        ],
      ],
      after: [[{ kind: 'text', text: 'Bye' }]],
    },
  })
})

test('a subject is one line, of the message alone', () => {
  expect(parseNoticeSubject('Lost: {subject}').ok).toBe(true)
  for (const text of ['', 'a\nb', 'a\rBcc: x@y', '{recipient}', '{each}', 'x'.repeat(201)]) {
    expect(parseNoticeSubject(text).ok, JSON.stringify(text)).toBe(false)
  }
})

test('our own texts can be read, and none is wider than a terminal', () => {
  for (const kind of [...notificationKinds, 'double-bounce'] as const) {
    expect(defaultNotice(kind).text.each.length).toBeGreaterThan(3)
    for (const line of defaultNotices[kind].text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  }
})

test('whatever is written, it is read or refused in words, and what is read says no more than was written', () => {
  const piece = fc.oneof(
    fc.constantFrom('{', '}', '{{', '}}', '{id}', '{each}', '\n', '{end}', '{recipient}'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const source = pieces.join('')
      const read = parseNotice(source)
      if (!read.ok) {
        expect(read.error).not.toBe('')
        return
      }
      const { before, each: repeated, after } = read.value
      const back = [before, repeated, after].map((lines) =>
        lines
          .map((line) =>
            line.map((part) => (part.kind === 'text' ? part.text.replace(/[{}]/g, '$&$&') : `{${part.name}}`)).join(''),
          )
          .join('\n'),
      )
      for (const text of back) expect(source.replace(/\r\n/g, '\n')).toContain(text)
    }),
  )
})

test('reasons are named by status, by a subject or class of them, or by attempts', () => {
  for (const good of ['5.1.1', '4.4.7', '5.1.*', '5.*', '4.*', 'attempts'])
    expect(isReasonPattern(good), good).toBe(true)
  for (const bad of ['2.0.0', '5', '5.1', '*', '5.*.1', '6.1.1', '5.1.1 ', 'constructor', ''])
    expect(isReasonPattern(bad), bad).toBe(false)
})
