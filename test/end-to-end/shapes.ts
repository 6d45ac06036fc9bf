import fc from 'fast-check'

/** A message, octets as Latin-1, as it is before dots are stuffed. */
export type Shape = readonly [name: string, content: string]

const head = 'From: a@src.test\r\nSubject: shape\r\n\r\n'
const upper = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('')
const controls = Array.from({ length: 32 }, (_, i) => i)
  .filter((code) => code !== 0 && code !== 10 && code !== 13)
  .concat(127)

/** Shapes by hand: each is what some mail server has changed at some time. */
export const shapes: readonly Shape[] = [
  ['an empty body', head],
  ['a header alone, without the empty line', 'Subject: x\r\n'],
  ['a body alone', '\r\nbody\r\n'],
  ['nothing but an empty line', '\r\n'],
  ['one word that is no header', 'word\r\n'],
  ['a body that ends in empty lines', `${head}x\r\n\r\n\r\n\r\n`],
  ['ten thousand empty lines', `${head}${'\r\n'.repeat(10_000)}`],
  ...['.', '..', '...', '.x', '. ', '.\t', '..x', 'x.', '. .'].map(
    (line): Shape => [`the line ${JSON.stringify(line)}`, `${head}${line}\r\n`],
  ),
  ['a dot on each line', `${head}${'.\r\n'.repeat(500)}`],
  ['dots in the header', `Subject: x\r\n.X: y\r\n\r\n.\r\n`],
  ['a first line that is a dot', '.\r\nx\r\n'],
  ...[76, 78, 997, 998, 999, 1000, 1001, 2048, 4095, 4096, 8191, 16_383, 65_535, 65_536, 131_072, 262_145].map(
    (length): Shape => [`a line of ${length} octets`, `${head}${'x'.repeat(length)}\r\n`],
  ),
  ['a line of a megabyte', `${head}${'x'.repeat(1024 * 1024)}\r\nend\r\n`],
  ['a line of ten megabytes', `${head}${'0123456789'.repeat(1024 * 1024)}\r\n`],
  ['a line of dots', `${head}${'.'.repeat(70_000)}\r\n`],
  ['a header line of 50,000 octets', `X: ${'y'.repeat(50_000)}\r\n\r\nx\r\n`],
  ['a header of 200 fields', `${Array.from({ length: 200 }, (_, i) => `X-${i}: ${i}\r\n`).join('')}\r\nx\r\n`],
  ['all octets above 127 in the body', `${head}${upper}\r\n`],
  ['all octets above 127 in the header', `Subject: ${upper}\r\nX-${'\xe4'}: y\r\n\r\nx\r\n`],
  ['octets that are no UTF-8', `Subject: \xc3\x28 \xff\xfe\r\n\r\n\xed\xa0\x80 \xf5\r\n`],
  ['UTF-8 in the header', 'Subject: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\r\n\r\nx\r\n'],
  ['a byte order mark', '\xef\xbb\xbfSubject: x\r\n\r\n\xef\xbb\xbfx\r\n'],
  ['ISO-2022-JP', `${head}\x1b$B$"$$\x1b(B\r\n`],
  ...controls.map(
    (code): Shape => [
      `the control ${code}`,
      `Subject: a${String.fromCharCode(code)}b\r\n\r\nc${String.fromCharCode(code)}\r\n`,
    ],
  ),
  ['blanks at the ends of lines', `Subject: x  \t \r\n\r\nx   \r\n\t\r\n \r\n`],
  ['odd folding', 'Subject:\r\n x\r\n\ty\r\n  \r\n z\r\n\r\nx\r\n'],
  ['a field without a space', 'Subject:x\r\nTo:y@z.test\r\n\r\nx\r\n'],
  ['blanks before the colon', 'Subject : x\r\nTo\t: y\r\n\r\nx\r\n'],
  ['a field without a name', ': x\r\n\r\nx\r\n'],
  ['an empty field', 'Subject:\r\n\r\nx\r\n'],
  ['fields twice, in any case', 'subject: a\r\nSUBJECT: b\r\nSuBjEcT: c\r\nDate: x\r\nDate: y\r\n\r\nx\r\n'],
  ['a line that is no field among the fields', 'Subject: x\r\nno field here\r\nTo: y\r\n\r\nx\r\n'],
  ['a mailbox file', 'From a@b Mon Jan  1 00:00:00 2024\r\nSubject: x\r\n\r\nFrom x\r\n>From y\r\n'],
  [
    'fields that gateways add',
    'Return-Path: <x@y.test>\r\nDelivered-To: z\r\nBcc: hidden@z.test\r\nX-Mailgw-Tag: mine\r\n\r\nx\r\n',
  ],
  ['no Date and no Message-ID', 'Subject: x\r\n\r\nx\r\n'],
  ['fifty Received lines', `${'Received: from x by y; Mon, 1 Jan 2024 00:00:00 +0000\r\n'.repeat(50)}\r\nx\r\n`],
  ['a signature', `DKIM-Signature: v=1; a=rsa-sha256;\r\n\tb=AAAA\r\n BBBB==\r\n${head}x\r\n`],
  ['encoded words, broken', 'Subject: =?utf-8?q?=zz?= =?utf-8?b?====?=\r\n\r\nx\r\n'],
  ['addresses that nobody can read', 'From: "a <b@c\r\nTo: <<>>, ;;:, @@\r\n\r\nx\r\n'],
  ['quoted-printable', `Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4 =\r\n=20\r\n=zz\r\n`],
  ['base64 without line ends', `Content-Transfer-Encoding: base64\r\n\r\n${'QUJD'.repeat(5000)}\r\n`],
  ['uuencode', `${head}begin 644 x\r\n#86)C\r\n\`\r\nend\r\n`],
  ['a multipart', 'Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\n.\r\n--b--\r\npost\r\n'],
  ['a multipart without its end', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n'],
  ['a multipart without a boundary', 'Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n'],
  ['a message in a message', 'Content-Type: message/rfc822\r\n\r\nSubject: \xe4\r\n\r\n.\xe4\r\n'],
  ['commands', `${head}QUIT\r\nRSET\r\nDATA\r\n250 ok\r\nMAIL FROM:<x@y.test>\r\n`],
  ['a boundary of BDAT', `${head}BDAT 5 LAST\r\nhello\r\n`],
  ['exactly a block of the spool', `${head}${'x'.repeat(128 * 1024 - head.length - 2)}\r\n`],
  ['five megabytes of lines', `${head}${`${'x'.repeat(76)}\r\n`.repeat(65_000)}`],
]

/** Some that nobody thought of, the same ones each time. */
export function strangeShapes(count: number): readonly Shape[] {
  const octet = fc
    .integer({ min: 1, max: 255 })
    .map((code) => (code === 10 || code === 13 ? '.' : String.fromCharCode(code)))
  const word = fc.oneof(
    fc.constantFrom(
      '.',
      '..',
      ' ',
      '\t',
      ': ',
      'Subject: ',
      'Content-Type: multipart/mixed; boundary=b',
      '--b',
      '--b--',
      '=',
      '\xe4',
      'x'.repeat(999),
      '"',
      '<a@b.test>',
      'Received: ',
    ),
    fc.array(octet, { maxLength: 60 }).map((octets) => octets.join('')),
  )
  const line = fc.array(word, { maxLength: 4 }).map((words) => words.join(''))
  const message = fc.array(line, { minLength: 1, maxLength: 40 }).map((lines) => `${lines.join('\r\n')}\r\n`)
  return fc.sample(message, { numRuns: count, seed: 20261121 }).map((content, i): Shape => [`strange ${i}`, content])
}
