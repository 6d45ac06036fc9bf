import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Envelope } from '../../src/mail/envelope.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { makeIds } from '../../src/queue/id.ts'
import { type Mark, markBytes, putMark, readMarks } from '../../src/queue/mark.ts'
import { messageText, parseMessageText } from '../../src/queue/message-record.ts'
import { aligned, headerBytes, isIntact, putHeader, readHeader } from '../../src/queue/record.ts'
import { readSeal, readSegmentHeader, seal, sealAt, segmentHeader } from '../../src/queue/segment-header.ts'
import { envelopeText, parseEnvelopeText } from '../../src/queue/stored-envelope.ts'
import { mailbox } from './messages.ts'

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const anyMailbox = fc.oneof(
  fc
    .tuple(fc.stringMatching(/^[a-z0-9.+-]{1,12}$/), fc.stringMatching(/^[a-z0-9-]{1,12}\.example$/))
    .map(([local, domain]) => mailbox(`${local}@${domain}`)),
  // A quoted local part with whatever in it, "@" and escapes too.
  word.map((local) => {
    const quoted = `"${local.replace(/["\\]/g, '\\$&')}"@example.com`
    return { ...mailbox('x@example.com'), localPart: local, text: quoted }
  }),
)
const notify = fc.option(fc.subarray(['success', 'failure', 'delay'] as const))
const anyEnvelope: fc.Arbitrary<Envelope> = fc.record({
  from: fc.option(anyMailbox),
  recipients: fc.array(
    fc
      .record({ mailbox: anyMailbox, original: anyMailbox, notify, orcpt: fc.option(word) })
      .chain((one) => fc.constantFrom(one, { ...one, original: one.mailbox })),
    { minLength: 1, maxLength: 5 },
  ),
  body: fc.constantFrom('7bit', '8bitmime', 'binarymime'),
  smtputf8: fc.boolean(),
  ret: fc.constantFrom('full', 'hdrs', null),
  envid: fc.option(word),
  origin: fc.record({
    client: fc.constantFrom(null, '192.0.2.1' as IpAddress, '2001:db8::1' as IpAddress),
    listener: fc.option(word),
    helo: fc.option(word),
    identity: fc.option(word),
    protocol: word,
    graphHash: word,
  }),
})

test('an envelope is read as it was written, whatever is in it', () => {
  fc.assert(
    fc.property(anyEnvelope, (envelope) => {
      expect(parseEnvelopeText(envelopeText(envelope))).toEqual(envelope)
    }),
  )
})

test('the text of a message is read as it was written, of a moved one too', () => {
  const state = {
    state: 'waiting',
    attempts: 2,
    dueAt: 5,
    lastReply: { code: 451, status: null, text: 'a\nb' },
    lastHost: 'h',
    why: null,
    nextHop: 'mx:x',
    lastAttemptAt: null,
    hold: null,
    via: null,
    isWarned: false,
    isExpansionTold: false,
  } as const
  const chosen = { lastAttemptAt: 9, hold: { by: 'local:0', reason: 'a "reason"', at: 5 }, via: 'isp' }
  const usual = { id: 'A', queuedAt: 1, sizeBytes: 2, dots: true, eightBit: false, recipients: 3 }
  for (const facts of [
    { ...usual, extents: [], states: [], movedFrom: null },
    { ...usual, extents: [[1, 2, 3, 4, 5, 6] as const], states: [], movedFrom: null },
    { ...usual, dots: false, eightBit: true, extents: [], states: [{ recipients: [0, 2], state }], movedFrom: 77 },
    { ...usual, extents: [], states: [{ recipients: [1], state: { ...state, ...chosen } }], movedFrom: 77 },
  ]) {
    for (const [own, shared] of [
      ['{"from":null,"to":["a@\\n"]', ',"origin":["192.0.2.1"]}'],
      ['{"x":"é"}', ''],
    ] as const) {
      const text = Buffer.from(messageText(facts, own + shared))
      expect(parseMessageText(text)).toEqual({ facts, envelope: { own, shared } })
    }
  }
})

test('any octet of a header or its text that changed is seen', () => {
  const meta = Buffer.from('{"some":"text"}')
  const buffer = Buffer.alloc(200)
  const header = {
    type: 'message',
    generation: 7,
    sequence: 2 ** 40 + 5,
    metaBytes: meta.length,
    bodyBytes: 9,
    bodyCrc: 4,
  } as const
  meta.copy(buffer, 8 + headerBytes)
  putHeader(buffer, 8, header)
  expect(readHeader(buffer, 8, 7)).toEqual(header)
  expect(isIntact(buffer, 8, header)).toBe(true)
  expect(readHeader(buffer, 8, 6)).toBeNull()
  for (let at = 8; at < 8 + headerBytes + meta.length; at++) {
    for (const bit of [1, 128]) {
      const hurt = Buffer.from(buffer)
      hurt[at]! ^= bit
      const read = readHeader(hurt, 8, 7)
      expect(read !== null && read.metaBytes < 100 && isIntact(hurt, 8, read), `octet ${at}`).toBe(false)
    }
  }
})

test('records begin on multiples of eight', () => {
  expect([0, 1, 7, 8, 9].map(aligned)).toEqual([0, 8, 8, 8, 16])
})

test('marks are read up to the first that is torn, hurt or of another generation', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ sequence: fc.nat(2 ** 31), kind: fc.constantFrom('done', 'states', 'gone'), text: fc.string() }),
        { minLength: 1, maxLength: 8 },
      ),
      fc.nat(),
      fc.constantFrom('cut', 'hurt'),
      (marks: Mark[], where, what) => {
        const buffer = Buffer.alloc(marks.reduce((sum, mark) => sum + markBytes(mark), 0) + 50)
        const ends: number[] = []
        let end = 0
        for (const mark of marks) ends.push((end = putMark(buffer, end, 9, mark)))
        expect(readMarks(buffer, 9)).toEqual({ marks, end })
        expect(readMarks(buffer, 8)).toEqual({ marks: [], end: 0 })
        const at = where % end
        const whole = ends.filter((one) => one <= at).length
        if (what === 'hurt') buffer[at]! ^= 4
        const read = readMarks(what === 'cut' ? buffer.subarray(0, at) : buffer, 9)
        expect(read.marks).toEqual(marks.slice(0, whole))
      },
    ),
  )
})

test('no octets at all make the reader of marks or headers throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const buffer = Buffer.from(bytes)
      expect(readMarks(buffer, 1).end).toBeLessThanOrEqual(buffer.length)
      expect(readHeader(buffer, 0, 1)).toBeNull()
      expect(readSegmentHeader(buffer)).toBeNull()
    }),
  )
})

test('a segment has the header and the seal of its own generation or none', () => {
  const first = Buffer.alloc(4096)
  expect(readSegmentHeader(first)).toBeNull()
  segmentHeader({ number: 3, generation: 12, sizeBytes: 1 << 25 }).copy(first)
  expect(readSegmentHeader(first)).toEqual({ number: 3, generation: 12, sizeBytes: 1 << 25 })
  expect(readSeal(first, 12)).toBeNull()
  seal(12, 123_456).copy(first, sealAt)
  expect(readSeal(first, 12)).toBe(123_456)
  expect(readSeal(first, 13)).toBeNull()
})

test('ids sort by time, do not repeat, and are thirteen letters and digits', () => {
  let now = 1_700_000_000_000
  const next = makeIds(
    () => now,
    () => 32 ** 4 - 3,
  )
  const ids: string[] = []
  for (let i = 0; i < 1000; i++) {
    ids.push(next())
    if (i % 2 === 1) now++
  }
  expect(new Set(ids).size).toBe(1000)
  for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{13}$/)
  const times = ids.map((id) => id.slice(0, 9))
  expect([...times].sort()).toEqual(times)
})
