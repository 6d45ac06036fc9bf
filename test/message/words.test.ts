import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodedText, encodedText } from '../../src/message/encoded-word.ts'
import { originalSubject } from '../../src/message/original-subject.ts'
import { plainReason } from '../../src/message/plain-reason.ts'
import { peers } from '../support/peer.ts'

const printable = fc.string({ unit: 'grapheme', maxLength: 120 }).filter((text) => !/\p{C}|\p{Z}/u.test(text))

test('a subject in any script becomes words of at most 75 characters, and is read back', () => {
  fc.assert(
    fc.property(printable, (text) => {
      const encoded = encodedText(text)
      expect(encoded).toMatch(/^[\x20-\x7e]*$/)
      for (const word of encoded.split(' '))
        if (word.startsWith('=?utf-8?B?')) expect(word.length).toBeLessThanOrEqual(75)
      expect(decodedText(encoded)).toBe(text)
    }),
  )
})

test('plain text stays as it is, unless it looks like an encoded word', () => {
  expect(encodedText('Undelivered mail')).toBe('Undelivered mail')
  expect(decodedText(encodedText('=?utf-8?B?eA==?='))).toBe('=?utf-8?B?eA==?=')
})

test.skipIf(!peers('python3'))('another program reads the same text', () => {
  const texts = ['Grüße aus Köln', 'Nicht zugestellt: 請求書のご確認', `${'é'.repeat(60)} end`, '🙂🙂🙂']
  const program = `
import sys, json, email.header
print(json.dumps([str(email.header.make_header(email.header.decode_header(one))) for one in json.load(sys.stdin)]))`
  const run = spawnSync('python3', ['-c', program], { input: JSON.stringify(texts.map(encodedText)), encoding: 'utf8' })
  expect(JSON.parse(run.stdout)).toEqual(texts)
})

for (const { header, want } of [
  { header: 'Subject: plain\r\n', want: 'plain' },
  { header: 'From: x\r\nSUBJECT:folded\r\n over lines\r\nTo: y\r\n', want: 'folded over lines' },
  { header: 'Subject: =?iso-8859-1?Q?Gr=FC=DFe_aus?= =?utf-8?B?IEvDtmxu?=\r\n', want: 'Grüße aus Köln' },
  { header: 'Subject: =?x-unknown?Q?abc?= rest\r\n', want: '=?x-unknown?Q?abc?= rest' },
  { header: 'Subject: =?utf-8?B?DQpCY2M6IHhAeQ==?=\r\n', want: 'Bcc: x@y' },
  { header: 'Subject: \x1b[2Jclear\r\n', want: '[2Jclear' },
  { header: 'X-Subject: no\r\nReply-To: a\r\n subject: no\r\n', want: '' },
  { header: `Subject: ${'long '.repeat(100)}\r\n`, want: `${'long '.repeat(24).slice(0, 117)}...` },
  { header: 'Subject: Gr\xfc\xdfe\r\n', want: 'Grüße' },
  { header: '', want: '' },
]) {
  test(`the subject of a returned message: ${JSON.stringify(header.slice(0, 50))}`, () => {
    expect(originalSubject({ kind: 'header', header: Buffer.from(header, 'latin1') })).toBe(want)
  })
}

test('of a message that is returned whole, the subject is of its header and not of its content', () => {
  const chunks = [Buffer.from('From: a\r\n\r\nSubject: no\r\n')]
  expect(originalSubject({ kind: 'message', chunks, eightBit: false, dots: false })).toBe('')
})

test('no header keeps the reader of subjects busy', () => {
  const begun = performance.now()
  for (const unit of ['=?', '=?utf-8?B?', ' =?a?q?', '\r\n ', 'subject:', '?=']) {
    originalSubject({ kind: 'header', header: Buffer.from(`Subject: ${unit.repeat(20_000)}\r\n`) })
  }
  expect(performance.now() - begun).toBeLessThan(500)
})

test('the most specific reason counts, and that of the document before ours', () => {
  const none = new Map<string, string>()
  expect(plainReason('5.1.1', none)).toMatch(/^There is no such mailbox/)
  expect(plainReason('5.1.99', none)).toMatch(/^They do not accept this address/)
  expect(plainReason('5.99.1', none)).toMatch(/^Their mail system refused/)
  expect(plainReason('4.99.1', none)).toMatch(/^Their mail system cannot take/)
  expect(plainReason('attempts', none)).toMatch(/^It was tried as often/)
  expect(plainReason('2.0.0', none)).toBe('')
  const own = new Map([
    ['5.*', 'alles'],
    ['5.1.*', 'Adresse'],
  ])
  expect(plainReason('5.1.1', own)).toBe('Adresse')
  expect(plainReason('5.7.1', own)).toBe('alles')
  expect(plainReason('4.4.1', own)).toBe('Their mail system could not be reached.')
})
