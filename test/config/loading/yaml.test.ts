import { describe, expect, test } from 'vitest'
import { issues, loaded, textAt } from './written.ts'

const cases: readonly { readonly name: string; readonly text: string; readonly want: readonly string[] }[] = [
  { name: 'an open bracket is shown where it opens', text: 'a: 1\nb: [x,\n  y\nc: 2', want: ['MG1020 d.yaml:2:4 ['] },
  { name: 'an open brace is shown where it opens', text: 'a: {b: 1', want: ['MG1020 d.yaml:1:4 {'] },
  { name: 'an open quote is shown where it opens', text: 'a: 1\nb: "x\nc: 2\n', want: ['MG1020 d.yaml:2:4 "'] },
  { name: 'a tab is no indentation', text: 'a:\n\tb: 1', want: ['MG1020 d.yaml:2:1 \t'] },
  { name: 'a key out of line', text: 'a:\n  b: 1\n c: 2', want: ['MG1020 d.yaml:3:1  '] },
  { name: 'a text that begins with @', text: 'a: @x', want: ['MG1020 d.yaml:1:4 @'] },
  { name: 'a second colon', text: 'a: b: c', want: ['MG1020 d.yaml:1:4 b'] },
  { name: 'a quote inside of quotes', text: "a: 'it's'", want: ["MG1020 d.yaml:1:8 s'"] },
  { name: 'the pattern * without quotes', text: 'r:\n  *: isp', want: ['MG1026 d.yaml:2:3 *:'] },
  { name: 'the pattern *.x without quotes', text: 'r:\n  *.lab: isp', want: ['MG1026 d.yaml:2:3 *.lab:'] },
  { name: 'a value that begins with *', text: 'r: *.lab', want: ['MG1026 d.yaml:1:4 *.lab'] },
  { name: 'YAML 1.1, where no is false', text: '%YAML 1.1\n---\nno: no\n', want: ['MG1021 d.yaml:1:7 1.1'] },
  { name: 'a second document', text: 'a: 1\n---\nb: 2\n', want: ['MG1022 d.yaml:2:1 -'] },
  { name: 'a key twice, both ways of writing it', text: 'a: 1\n"a": 2', want: ['MG1023 d.yaml:2:1 "a"'] },
  { name: 'a merge key', text: 'b: &b {x: 1}\na:\n  <<: *b', want: ['MG1024 d.yaml:3:3 <<'] },
  { name: 'a tag', text: 'a: !env HOME', want: ['MG1025 d.yaml:1:4 !env'] },
  { name: 'a tag of YAML 1.1', text: 'a: !!binary aGFsbG8=', want: ['MG1025 d.yaml:1:4 !!binary'] },
  { name: 'a list as a key', text: '? [a]\n: b', want: ['MG1027 d.yaml:1:3 [a]'] },
  { name: 'an alias as a key', text: 'a: &x y\n? *x\n: b', want: ['MG1027 d.yaml:2:3 *x'] },
  { name: 'an alias inside of its own anchor', text: 'a: &x [*x]', want: ['MG1026 d.yaml:1:8 *x'] },
  { name: 'infinity', text: 'a: .inf', want: ['MG1016 d.yaml:1:4 .inf'] },
  {
    name: 'a number that loses digits',
    text: 'a: 12345678901234567890',
    want: ['MG1016 d.yaml:1:4 12345678901234567890'],
  },
  { name: '__proto__', text: 'a:\n  __proto__: 1', want: ['MG1014 d.yaml:2:3 __proto__'] },
  { name: 'a NUL', text: 'a: "x\0"', want: ['MG1011 d.yaml:1:6 \0'] },
  { name: 'a character that turns the text around', text: 'a: x\u202ey', want: ['MG1012 d.yaml:1:5 \u202e'] },
  { name: 'half a character', text: 'a: "\\ud800"', want: ['MG1017 d.yaml:1:4 "\\ud800"'] },
  { name: 'a list in place of a document', text: '- a', want: ['MG1013 d.yaml:1:1 - a'] },
  { name: 'comments only', text: '# nothing\n', want: ['MG1004 d.yaml:1:1 #'] },
  {
    name: 'several mistakes at once',
    text: 'a: .nan\nb: 1\nb: 2',
    want: ['MG1016 d.yaml:1:4 .nan', 'MG1023 d.yaml:3:1 b'],
  },
]

describe('YAML is refused at the exact place', () => {
  for (const { name, text, want } of cases) {
    test(name, async () => expect(await issues({ 'd.yaml': text })).toEqual(want))
  }

  test('a byte that is no UTF-8', async () => {
    const file = Buffer.from('a: 1\nb: caf\xe9 x\n', 'latin1')
    expect((await issues({ 'd.yaml': file }))[0]).toMatch(/^MG1010 d\.yaml:2:7/)
  })

  test('nesting without end is an error, not a crash', async () => {
    expect((await issues({ 'd.yaml': `a: ${'['.repeat(200)}${']'.repeat(200)}` }))[0]).toMatch(/^MG1015 d\.yaml:1:104/)
  })

  test('a billion laughs are refused', async () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    for (let i = 1; i < 10; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      )
    const found = await issues({ 'd.yaml': lines.join('\n') })
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^MG1026 d\.yaml:4:/)
  })
})

test('YAML is 1.2: words and numbers keep their meaning', async () => {
  const text =
    'no: no\noff: off\noctal: 0o17\nzero: 010\ntime: 12:30:45\nversion: 1.10\nport: 2525\n2525: x\ntrue: y\nnil: ~\n'
  expect((await loaded({ 'd.yaml': text })).value).toEqual({
    2525: 'x',
    no: 'no',
    off: 'off',
    octal: 15,
    zero: 10,
    time: '12:30:45',
    version: 1.1,
    port: 2525,
    true: 'y',
    nil: null,
  })
})

test('an alias is the value of its anchor, found where each stands', async () => {
  const { value, positions } = await loaded({ 'd.yaml': 'a: &x {port: 26}\nb: *x\n' })
  expect(value).toEqual({ a: { port: 26 }, b: { port: 26 } })
  expect(textAt(positions.value(['b'])!)).toBe('*x')
  expect(positions.value(['b', 'port'])).toMatchObject({ line: 1, column: 14 })
})

test('a byte order mark and CRLF change no column', async () => {
  const { value, positions } = await loaded({ 'd.yaml': '\ufeffa: 1\r\nbc: xy\r\n' })
  expect(value).toEqual({ a: 1, bc: 'xy' })
  expect(positions.key(['a'])).toMatchObject({ line: 1, column: 1, endColumn: 2 })
  expect(positions.value(['bc'])).toMatchObject({ line: 2, column: 5, endColumn: 7 })
})

test('a file with more than 5,000 entries gives a warning that names tables', async () => {
  const text = `recipients:\n${Array.from({ length: 5001 }, (_, i) => `  - u${i}`).join('\n')}\n`
  const { warnings } = await loaded({ 'd.yaml': text })
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatchObject({ code: 'MG1028', severity: 'warning', position: { line: 1 } })
  expect(warnings[0]!.hint).toContain('$table')
})

test('20,000 keys in one mapping are read in linear time', async () => {
  const text = Array.from({ length: 20_000 }, (_, i) => `d${i}.example: x`).join('\n')
  const started = process.cpuUsage().user
  await loaded({ 'd.yaml': text })
  // The parser's own check of unique keys alone takes 5 s.
  expect((process.cpuUsage().user - started) / 1e6).toBeLessThan(4)
})
