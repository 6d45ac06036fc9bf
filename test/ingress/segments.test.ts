import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Census } from '../../src/ingress/census.ts'
import type { House } from '../../src/ingress/house.ts'
import { Session } from '../../src/ingress/session.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { MemoryInlet, settings, site } from './house.ts'
import { memoryWire, until } from './wire.ts'

/** One thing that a client says: a command, or a command with the content that belongs to it. */
const said = fc.constantFrom(
  'EHLO client.example\r\n',
  'HELO client.example\r\n',
  'MAIL FROM:<a@example.com>\r\n',
  'MAIL FROM:<slow@example.com> SIZE=100\r\n',
  'MAIL FROM:<spammer@example.com>\r\n',
  'MAIL FROM:<a@example.com> SIZE=99999\r\n',
  'RCPT TO:<b@example.org>\r\n',
  'RCPT TO:<slow@example.org>\r\n',
  'RCPT TO:<nobody@example.org>\r\n',
  'RCPT TO:<list@example.org>\r\n',
  'DATA\r\nSubject: x\r\n\r\n..text\r\n.\r\n',
  'DATA\r\n.\r\n',
  'DATA\r\nbare\nLF\n.\nNOOP\r\n.\r\n',
  `DATA\r\n${'x'.repeat(11_000)}\r\n.\r\n`,
  'BDAT 5\r\na\r\n.b',
  'BDAT 6 LAST\r\nQUIT\r\n',
  'BDAT 0 LAST\r\n',
  'RSET\r\n',
  'NOOP\r\n',
  'VRFY b\r\n',
  'WHAT\r\n',
  `${'y'.repeat(3000)}\r\n`,
  '\0\r\n',
)
// A group that makes a message, so that the deep states are met often.
const group = fc.constantFrom(
  ['EHLO c.example\r\n', 'MAIL FROM:<a@example.com>\r\n', 'RCPT TO:<b@example.org>\r\n'],
  ['EHLO c.example\r\n', 'MAIL FROM:<slow@example.com>\r\n', 'RCPT TO:<slow@example.org>\r\n'],
)
const session = fc
  .array(
    fc.oneof(
      said.map((one) => [one]),
      group,
    ),
    { maxLength: 12 },
  )
  .map((parts) => [...parts.flat(), 'QUIT\r\n'])

/** What the session answers and keeps when it is sent in these segments. `one at a time`: each only after all is answered. */
async function answers(segments: readonly string[]): Promise<{ came: string; kept: unknown[] }> {
  const admission = site({ limits: { maxErrors: 1000 } })
  const inlet = new MemoryInlet()
  const house: House = {
    settings: settings('internal'),
    admission: () => admission,
    inlet,
    census: new Census(),
    log: silentLog,
    clock: systemClock,
    draining: false,
  }
  const wire = memoryWire((socket) => new Session(house, socket, '192.0.2.9' as IpAddress, 1, () => {}).open())
  for (const segment of segments) await wire.send(Buffer.from(segment, 'latin1'))
  expect(await until(() => wire.closed())).toBe(true)
  wire.destroy()
  return {
    came: wire.came(),
    kept: inlet.kept.map(({ body, facts }) => ({ body: body.replace(/;.*\+0000/, ''), facts })),
  }
}

test('a session is answered the same in any segments as one command at a time', async () => {
  await fc.assert(
    fc.asyncProperty(session, fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), async (commands, cuts) => {
      const want = await answers(commands)
      const text = commands.join('')
      const segments: string[] = []
      let at = 0
      for (const length of cuts) {
        if (at >= text.length) break
        segments.push(text.slice(at, at + length))
        at += length
      }
      if (at < text.length) segments.push(text.slice(at))
      expect(await answers(segments)).toEqual(want)
      expect(await answers([text])).toEqual(want)
    }),
    { numRuns: 300 },
  )
})

test('whatever octets come, the session has no bug, and keeps nothing that was not accepted', async () => {
  const piece = fc.oneof(
    said.map((text) => Buffer.from(text, 'latin1')),
    fc.uint8Array({ maxLength: 30 }).map((octets) => Buffer.from(octets)),
    fc
      .constantFrom('MAIL FROM:', 'RCPT TO:<', '>', ' SIZE=', '\r\n', '\n', 'BDAT ', '\xff', '"', '@', 'DATA\r\n')
      .map((text) => Buffer.from(text, 'latin1')),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('mx' as const, 'internal' as const),
      fc.array(piece, { maxLength: 25 }),
      async (kind, pieces) => {
        const bugs: unknown[] = []
        const admission = site()
        const inlet = new MemoryInlet()
        const house: House = {
          settings: settings(kind),
          admission: () => admission,
          inlet,
          census: new Census(),
          log: { ...silentLog, error: (event, fields) => void bugs.push([event, fields]) },
          clock: systemClock,
          draining: false,
        }
        const wire = memoryWire((socket) => new Session(house, socket, '192.0.2.9' as IpAddress, 1, () => {}).open())
        for (const one of pieces) if (one.length > 0 && !wire.closed()) await wire.send(one)
        if (!wire.closed()) wire.end()
        expect(await until(() => wire.closed())).toBe(true)
        wire.destroy()
        expect(bugs).toEqual([])
        expect(wire.came().split('queued as').length - 1).toBe(inlet.kept.length)
        // Every line is a reply, whole.
        expect(wire.came()).toMatch(/^(?:[245]\d\d[ -][ -~]*\r\n|354 [ -~]*\r\n)*$/)
      },
    ),
    { numRuns: 500 },
  )
})
