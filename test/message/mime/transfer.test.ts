import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planTransfer, transferred } from '../../../src/message/mime/transfer.ts'
import type { Transport } from '../../../src/message/mime/transfer-plan.ts'

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const lines = (...all: string[]): Buffer => octets(all.map((line) => `${line}\r\n`).join(''))

/** In pieces of one size, each in the same memory: nobody may keep one. */
function* pieces(message: Buffer, size = 7): Generator<Buffer> {
  const memory = Buffer.alloc(size)
  for (let at = 0; at < message.length; at += size) {
    const length = message.copy(memory, 0, at, at + size)
    yield memory.subarray(0, length)
    memory.fill(0x58)
  }
}

async function converted(message: Buffer, transport: Transport = '7bit', size = 7): Promise<string> {
  const plan = await planTransfer(pieces(message, size), transport)
  if (plan.kind !== 'convert') return plan.kind === 'refuse' ? `refused: ${plan.why}` : 'as it is'
  const out: Buffer[] = []
  for await (const piece of transferred(pieces(message, size), plan)) out.push(Buffer.from(piece))
  return Buffer.concat(out).toString('latin1')
}

const judged = (messages: readonly Buffer[], loose: boolean): unknown[] =>
  JSON.parse(
    execFileSync('python3', [join(import.meta.dirname, 'judge.py'), ...(loose ? ['loose'] : [])], {
      input: JSON.stringify(messages.map((message) => message.toString('base64'))),
      maxBuffer: 64 * 1024 * 1024,
      encoding: 'utf8',
    }),
  ) as unknown[]

describe('content on its way to a host without 8BITMIME (RFC 6152 §3, D2 8BITMIME)', () => {
  test('is quoted-printable where it is text, and says so', async () => {
    const message = lines(
      'Subject: x',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      'plain text, much more of it than anything else \xc3\xa4 ',
      'a = b',
      '',
    )
    expect(await converted(message)).toBe(
      lines(
        'Subject: x',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'plain text, much more of it than anything else =C3=A4=20',
        'a =3D b',
        '',
      ).toString('latin1'),
    )
  })

  test('is base64 where it is no text, and the delimiter stays a line of its own', async () => {
    const message = lines(
      'Content-Type: multipart/mixed; boundary="b b"',
      'Content-Transfer-Encoding: 8bit',
      '',
      'for those who cannot read MIME',
      '--b b',
      'Content-Type: application/octet-stream',
      'Content-Transfer-Encoding: 8bit',
      '',
      '\xff\xfe',
      '--b b',
      '',
      'seven bits',
      '--b b-- ',
    )
    expect(await converted(message)).toBe(
      lines(
        'Content-Type: multipart/mixed; boundary="b b"',
        'Content-Transfer-Encoding: 7bit',
        '',
        'for those who cannot read MIME',
        '--b b',
        'Content-Type: application/octet-stream',
        'Content-Transfer-Encoding: base64',
        '',
        '//4=',
        '--b b',
        '',
        'seven bits',
        '--b b-- ',
      ).toString('latin1'),
    )
  })

  test('of a message that says nothing of MIME is text in a character set that nobody named (RFC 1428)', async () => {
    const out = await converted(lines('Subject: x', '', `${'long enough '.repeat(4)}\xe4`))
    expect(out).toContain('MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n')
    expect(out).toContain('Content-Transfer-Encoding: quoted-printable\r\n\r\nlong enough')
  })

  test('stays as it is where only the header has such octets: headers are octets', async () => {
    expect(await converted(lines('Subject: \xc3\xa4', '', 'plain'))).toBe('as it is')
  })

  test('is undone from its dots before it is encoded, and what is not encoded keeps them', async () => {
    const message = lines(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      '',
      `..begins with a dot, and is text \xe4`,
      '--b',
      '',
      '..stuffed',
      '--b--',
    )
    const out = await converted(message)
    expect(out).toContain('\r\n=2Ebegins with a dot, and is text =E4\r\n--b')
    expect(out).toContain('\r\n..stuffed\r\n')
  })

  test.each([
    ['a DKIM signature', lines('DKIM-Signature: v=1', '', '\xe4'), /DKIM/],
    [
      'a part of what is signed',
      lines('Content-Type: multipart/signed; boundary=s', '', '--s', '', '\xe4', '--s', '', 'sig', '--s--'),
      /signature/,
    ],
    [
      'a message inside of what is signed',
      lines(
        ...['Content-Type: multipart/signed; boundary=s', '', '--s', 'Content-Type: message/rfc822', ''],
        ...['Subject: y', '', '\xe4', '--s', '', 'sig', '--s--'],
      ),
      /signature/,
    ],
    ['two types', lines('Content-Type: text/plain', 'Content-Type: text/html', '', '\xe4'), /twice/],
    ['a type that nobody can read', lines('Content-Type: text', '', '\xe4'), /cannot be read/],
    ['a boundary in pieces', lines('Content-Type: multipart/mixed; boundary*0=a; boundary*1=b', '', '\xe4'), /cannot/],
    ['an encoding of its own', lines('Content-Transfer-Encoding: x-uuencode', '', '\xe4'), /not known/],
    ['base64 that is none', lines('Content-Transfer-Encoding: base64', '', '\xe4'), /says base64/],
    ['a header with a line that is no field', lines('Subject: x', 'no field', '', '\xe4'), /no field/],
    [
      'octets before the first part',
      lines('Content-Type: multipart/mixed; boundary=b', '', '\xe4', '--b', '', '--b--'),
      /outside/,
    ],
    ['a partial message', lines('Content-Type: message/partial; id=1; number=1', '', '\xe4'), /message\/partial/],
    ['a header without an end', octets(`X: ${'y'.repeat(300_000)}\r\n\r\n\xe4\r\n`), /too long/],
  ])('is not touched where it has %s', async (_, message, why) => {
    expect(await converted(message, '7bit', 4000)).toMatch(new RegExp(`refused: .*${why.source}`))
  })

  test('is bounded in parts and depth: a tower of multiparts is refused and not followed', async () => {
    const tower = Array.from({ length: 60 }, (_, i) => [
      `Content-Type: multipart/mixed; boundary=b${i}`,
      '',
      `--b${i}`,
    ]).flat()
    expect(await converted(lines(...tower, '', '\xe4'))).toBe('refused: too many parts')
  })

  test('of many megabytes in one line takes no more memory than a line of a page', async () => {
    const plan = await planTransfer([lines('Subject: x', '', '')], '7bit')
    expect(plan.kind).toBe('as-is')
    const megabyte = Buffer.alloc(1024 * 1024, 0xe4)
    const source = function* () {
      yield lines('Subject: x', '')
      for (let i = 0; i < 20; i++) yield megabyte
      yield octets('\r\n')
    }
    const wanted = await planTransfer(source(), '7bit')
    if (wanted.kind !== 'convert') throw new Error(wanted.kind)
    let bytes = 0
    let longest = 0
    for await (const piece of transferred(source(), wanted)) {
      bytes += piece.length
      longest = Math.max(longest, piece.length)
    }
    expect(bytes).toBeGreaterThan(27 * 1024 * 1024)
    expect(longest).toBeLessThan(2 * 1024 * 1024)
  })
})

describe('binary content on its way to a host without BINARYMIME (RFC 3030 §2, D2 BINARYMIME)', () => {
  test('is base64, and what is lines of octets goes as 8bit', async () => {
    const message = lines(
      ...['Content-Type: multipart/mixed; boundary=b', 'Content-Transfer-Encoding: binary', '', '--b'],
      ...['Content-Type: image/png', 'Content-Transfer-Encoding: binary', '', 'a\0\nb', '--b'],
      ...['Content-Transfer-Encoding: 8bit', '', '\xe4', '--b--'],
    )
    expect(await converted(message, '8bit')).toBe(
      lines(
        ...['Content-Type: multipart/mixed; boundary=b', 'Content-Transfer-Encoding: 8bit', '', '--b'],
        ...['Content-Type: image/png', 'Content-Transfer-Encoding: base64', '', 'YQAKYg==', '--b'],
        ...['Content-Transfer-Encoding: 8bit', '', '\xe4', '--b--'],
      ).toString('latin1'),
    )
  })
})

describe('whatever the message', () => {
  const word = fc.constantFrom(
    'plain',
    '..',
    '.',
    '\xc3\xa4\xc3\xb6',
    '=20',
    ' ',
    '\t',
    'x'.repeat(80),
    '\xff'.repeat(40),
    '--b',
    '',
  )
  const line = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '))
  // As in a transaction: a line that begins with a dot has one more.
  const text = fc
    .array(line, { maxLength: 6 })
    .map((all) => all.map((one) => `${one.startsWith('.') ? '.' : ''}${one}\r\n`).join(''))
  const type = fc.constantFrom('text/plain; charset=utf-8', 'text/html', 'application/pdf; name="a;b"', 'image/png (c)')
  const leaf = fc
    .tuple(type, fc.constantFrom('8bit', '7bit', ''), text)
    .map(
      ([type, encoding, body]) =>
        `Content-Type: ${type}\r\n${encoding === '' ? '' : `Content-Transfer-Encoding: ${encoding}\r\n`}\r\n${body}`,
    )
  const trees = (end: fc.Arbitrary<boolean>) =>
    fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc
          .tuple(fc.integer({ min: 0, max: 1e9 }), fc.array(tie('tree'), { minLength: 1, maxLength: 3 }), end)
          .map(([n, parts, closed]) => {
            const all = parts.map((part) => `--=_${n}\r\n${part}\r\n`).join('')
            return `Content-Type: multipart/mixed;\r\n boundary="=_${n}"\r\n\r\npreamble\r\n${all}${closed ? `--=_${n}--\r\n` : ''}`
          }),
        tie('tree').map(
          (inner) => `Content-Type: message/rfc822\r\n\r\nSubject: \xc3\xa4\r\nMIME-Version: 1.0\r\n${inner}`,
        ),
      ),
    }))
  const messages = (end: fc.Arbitrary<boolean>) =>
    trees(end).tree.map((part) =>
      octets(`From: a@b.example\r\nMIME-Version: 1.0\r\n${part}${part.endsWith('\r\n') ? '' : '\r\n'}`),
    )

  const unstuffed = (stuffed: Buffer) => octets(stuffed.toString('latin1').replace(/^\./gm, ''))

  // Of a multipart that never ends, readers do not agree whether the last line end is content.
  test.each([
    ['', false],
    [', and one without its end but for that', true],
  ])('its parts stay, and each decodes to the octets it had, as another parser reads it%s', async (_, loose) => {
    const before: Buffer[] = []
    const after: Buffer[] = []
    await fc.assert(
      fc.asyncProperty(
        messages(loose ? fc.boolean() : fc.constant(true)),
        fc.integer({ min: 1, max: 300 }),
        async (original, size) => {
          const out = await converted(original, '7bit', size)
          expect(out).not.toMatch(/^refused/)
          if (out === 'as it is') return
          const body = out.slice(out.indexOf('\r\n\r\n'))
          expect(body.replace(/^Subject: .*$/gm, '')).toMatch(/^[\x01-\x7f]*$/)
          expect(out.endsWith('\r\n')).toBe(true)
          for (const one of out.split('\r\n')) expect(one.length).toBeLessThanOrEqual(998)
          before.push(unstuffed(original))
          after.push(unstuffed(octets(out)))
        },
      ),
      { numRuns: 300 },
    )
    expect(after.length).toBeGreaterThan(100)
    expect(judged(after, loose)).toEqual(judged(before, loose))
  })

  test('octets that are no message at all break nothing, and cutting them elsewhere changes nothing', async () => {
    const noise = fc.array(
      fc.constantFrom(
        'Content-Type: multipart/mixed; boundary=b',
        'Content-Type: message/rfc822',
        '--b',
        '--b--',
        '',
        ':',
        '\xe4',
        '\n',
        '\r',
        '\0',
        ' x',
        '\r\n',
        'Content-Transfer-Encoding: 8bit',
        'a".;=(',
      ),
      { maxLength: 12 },
    )
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 1, max: 9 }), async (words, size) => {
        const bytes = octets(words.join('\r\n'))
        expect(await converted(bytes, '7bit', size)).toBe(await converted(bytes, '7bit', 5000))
      }),
      { numRuns: 1000 },
    )
  })
})
