import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, textOf } from '../../../src/config/load-text.ts'
import type { TableFile } from '../../../src/config/source.ts'
import { readTable } from '../../../src/config/table.ts'
import { issues, loaded } from './written.ts'

const table = (name: string, text: string, header = false) => readTable(textOf(name, text), header)
const rows = (name: string, text: string, header = false) => {
  const reading = table(name, text, header)
  expect(reading.problems).toEqual([])
  return reading.table!.rows.map(({ line, cells, starts }) => ({ line, cells, starts }))
}

describe('records and the places of their cells', () => {
  test('TSV: a tab between cells, empty lines and comments left out, CRLF or LF', () => {
    expect(rows('t.tsv', '# routes\r\na.example\tbart\r\n\r\n#x\ty\tz\nb.example\t\n')).toEqual([
      { line: 2, cells: ['a.example', 'bart'], starts: [1, 11] },
      { line: 5, cells: ['b.example', ''], starts: [1, 11] },
    ])
  })

  test('TSV has no quotes', () => {
    expect(rows('t.tsv', '"a"\t\'b\n')).toEqual([{ line: 1, cells: ['"a"', "'b"], starts: [1, 5] }])
  })

  test('CSV: quotes, doubled quotes, commas in quotes, empty cells', () => {
    expect(rows('t.csv', 'a,"b,c","d""e"\n,"",x\n')).toEqual([
      { line: 1, cells: ['a', 'b,c', 'd"e'], starts: [1, 4, 10] },
      { line: 2, cells: ['', '', 'x'], starts: [1, 3, 5] },
    ])
  })

  test('a header names the columns only when the reference says that there is one', () => {
    const { columns, rows: found } = table('t.csv', '# c\npattern,target\na,b\n', true).table!
    expect(columns).toEqual(['pattern', 'target'])
    expect(found).toHaveLength(1)
    expect(table('t.csv', 'pattern,target\na,b\n').table).toMatchObject({ columns: null, rows: { length: 2 } })
  })

  test('NDJSON and JSON: a value a row, each part with its place', () => {
    const lines = table('t.ndjson', '{"pattern": "a", "to": {"relay": "x"}}\n\n["b", "y"]\n').table!
    expect(lines.rows.map(({ value, line, starts }) => [value, line, starts])).toEqual([
      [{ pattern: 'a', to: { relay: 'x' } }, 1, [1]],
      [['b', 'y'], 3, [1]],
    ])
    expect(lines.positionOf(lines.rows[0]!, ['to', 'relay'])).toMatchObject({ line: 1, column: 34, endColumn: 37 })
    const whole = table('t.json', '[\n  ["a",\n   "x"]\n]').table!
    expect(whole.rows[0]).toMatchObject({ line: 2, starts: [3], value: ['a', 'x'] })
    expect(whole.positionOf(whole.rows[0]!, [1])).toMatchObject({ line: 3, column: 4 })
  })

  test('a cell is found by its number', () => {
    const found = table('t.csv', '\na,"b,c"\n').table!
    expect(found.positionOf(found.rows[0]!, [1])).toEqual({ file: 't.csv', line: 2, column: 4, endColumn: 7 })
    expect(found.positionOf(found.rows[0]!, [])).toMatchObject({ line: 2, column: 1 })
  })

  test('an empty table has no rows', () => expect(rows('t.tsv', '# nothing yet\n')).toEqual([]))
})

const cases: readonly {
  readonly name: string
  readonly file: string
  readonly text: string
  readonly want: readonly string[]
  readonly header?: boolean
}[] = [
  { name: 'too few cells', file: 't.tsv', text: 'a\tb\nc\n', want: ['MG1083 t.tsv:2:1 c'] },
  {
    name: 'too many cells, at the first that is too many',
    file: 't.tsv',
    text: 'a\tb\nc\td\te\tf\n',
    want: ['MG1083 t.tsv:2:5 e\tf'],
  },
  { name: 'a tab at the end', file: 't.tsv', text: 'a\tb\nc\td\t\n', want: ['MG1083 t.tsv:2:5 '] },
  { name: 'spaces in place of tabs', file: 't.tsv', text: 'a\tb\nc    d\n', want: ['MG1083 t.tsv:2:1 c    d'] },
  { name: 'a space at the end of a cell', file: 't.tsv', text: 'a \tb\n', want: ['MG1085 t.tsv:1:2  '] },
  { name: 'a no-break space at the beginning', file: 't.csv', text: 'a,\u00a0b\n', want: ['MG1085 t.csv:1:3 \u00a0'] },
  { name: 'a quote that is not closed', file: 't.csv', text: 'a,b\nc,"d\ne,f\n', want: ['MG1084 t.csv:2:3 "'] },
  { name: 'text after a quote', file: 't.csv', text: 'a,"b"c\n', want: ['MG1084 t.csv:1:6 c'] },
  { name: 'a quote in the middle of a cell', file: 't.csv', text: 'a,b"c"\n', want: ['MG1084 t.csv:1:4 "'] },
  { name: 'a column named twice', file: 't.csv', text: 'a,b,a\n', want: ['MG1086 t.csv:1:5 a'], header: true },
  { name: 'a column without a name', file: 't.csv', text: 'a,,b\n', want: ['MG1086 t.csv:1:3 ,'], header: true },
  { name: 'a header that is missing', file: 't.tsv', text: '# none\n', want: ['MG1086 t.tsv:1:1 #'], header: true },
  { name: 'a broken line of NDJSON', file: 't.ndjson', text: '{"a":1}\n{"a":}\n', want: ['MG1030 t.ndjson:2:6 }'] },
  { name: 'a key twice in NDJSON', file: 't.ndjson', text: '{"a":1,"a":2}\n', want: ['MG1023 t.ndjson:1:8 "a"'] },
  { name: 'an object in place of rows', file: 't.json', text: '{"a":1}', want: ['MG1087 t.json:1:1 {"a":1}'] },
  { name: 'a NUL', file: 't.tsv', text: 'a\nb\0\n', want: ['MG1011 t.tsv:2:2 \0'] },
  {
    name: 'a character that turns the text around',
    file: 't.tsv',
    text: 'a\u2066\n',
    want: ['MG1012 t.tsv:1:2 \u2066'],
  },
  { name: 'an ending that is no table', file: 't.xlsx', text: 'a\n', want: ['MG1082 t.xlsx:1:1 a'] },
]

describe('a table is refused at the exact place', () => {
  for (const { name, file, text, want, header } of cases) {
    test(name, async () => {
      const reference = header ? `{ $table: ${file}, header: true }` : `{ $table: ${file} }`
      expect(await issues({ 'd.yaml': `rows: ${reference}\n`, [file]: text })).toEqual(want)
    })
  }

  test('bytes that are no UTF-8', async () => {
    const found = await issues({
      'd.yaml': 'rows: { $table: t.tsv }',
      't.tsv': Buffer.from('a\tb\nc\tb\xfccher\n', 'latin1'),
    })
    expect(found[0]).toMatch(/^MG1010 t\.tsv:2:4/)
  })

  test('all problems at once, but not thousands of one kind', async () => {
    const text = `a\tb\n${'c\n'.repeat(500)}`
    expect(await issues({ 'd.yaml': 'rows: { $table: t.tsv }', 't.tsv': text })).toHaveLength(20)
  })
})

describe('a reference to a table', () => {
  const refused: readonly { readonly name: string; readonly text: string; readonly want: string }[] = [
    { name: 'that is missing', text: 'r: { $table: gone.tsv }', want: 'MG1081 d.yaml:1:14 gone.tsv' },
    { name: 'that is a folder', text: 'r: { $table: sub }', want: 'MG1081 d.yaml:1:14 sub' },
    { name: 'out of the repository', text: 'r: { $table: ../x.tsv }', want: 'MG1065 d.yaml:1:14 ../x.tsv' },
    { name: 'with an absolute path', text: 'r: { $table: /etc/passwd }', want: 'MG1065 d.yaml:1:14 /etc/passwd' },
    { name: 'that is empty', text: 'r: { $table: "" }', want: 'MG1081 d.yaml:1:14 ""' },
    { name: 'that is no text', text: 'r: { $table: [a] }', want: 'MG1080 d.yaml:1:14 [a]' },
    { name: 'with other keys beside it', text: 'r: { $table: t.tsv, sep: x }', want: 'MG1080 d.yaml:1:21 sep' },
    {
      name: 'with a header that is neither true nor false',
      text: 'r: { $table: t.tsv, header: 1 }',
      want: 'MG1080 d.yaml:1:29 1',
    },
  ]
  for (const { name, text, want } of refused) {
    test(`${name} is refused at its place`, async () => {
      expect(await issues({ 'd.yaml': text, 't.tsv': 'a\n', 'sub/x': '' })).toEqual([want])
    })
  }

  test('is relative to the document that holds it, and its file is told', async () => {
    const source = await loaded({
      'd.yaml': 'include: sub/e.yaml\na: { $table: t.tsv }\nlist: [x, { $table: t.tsv }]',
      'sub/e.yaml': 'b: { $table: t.tsv }',
      't.tsv': 'outer\n',
      'sub/t.tsv': 'inner\n',
    })
    const value = source.value as { a: TableFile; b: TableFile; list: [string, TableFile] }
    expect(value.a.rows[0]!.cells).toEqual(['outer'])
    expect(value.list[1].rows[0]!.cells).toEqual(['outer'])
    expect(value.b.rows[0]!.cells).toEqual(['inner'])
    expect(
      source.files.map((file) => file.split('/').slice(-2).join('/')).filter((file) => file.endsWith('t.tsv')),
    ).toHaveLength(2)
    expect(source.positions.value(['a'])).toMatchObject({ line: 2, column: 4 })
  })
})

const cell = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\s\p{C}\u00a0]+/gu, '_'))
const records = fc
  .integer({ min: 1, max: 5 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 20 }))
const usable = (list: string[][]) => list.every((cells) => !cells[0]!.startsWith('#') && cells.join('') !== '')

test('TSV gives back the cells that were written, and at each start stands its cell', () => {
  fc.assert(
    fc.property(records, fc.constantFrom('\n', '\r\n'), (list, end) => {
      fc.pre(usable(list))
      const text = list.map((cells) => cells.join('\t')).join(end)
      const found = rows('t.tsv', text)
      expect(found.map(({ cells }) => cells)).toEqual(list)
      for (const { line, cells, starts } of found) {
        const written = text.split('\n')[line - 1]!
        for (const [i, start] of starts.entries())
          expect(written.slice(start - 1, start - 1 + cells[i]!.length)).toBe(cells[i])
      }
    }),
  )
})

test('CSV gives back the cells that were written, however they are quoted', () => {
  fc.assert(
    fc.property(records, fc.infiniteStream(fc.boolean()), (list, coins) => {
      fc.pre(usable(list))
      const quoted = (text: string) =>
        /[",]/.test(text) || coins.next().value ? `"${text.replaceAll('"', '""')}"` : text
      const lines = list.map((cells) => cells.map(quoted).join(','))
      fc.pre(lines.every((line) => line !== ''))
      expect(rows('t.csv', lines.join('\n')).map(({ cells }) => cells)).toEqual(list)
    }),
  )
})

test('arbitrary bytes are a table or problems inside of the file, never a crash', () => {
  const bytes = fc.array(fc.oneof(fc.constantFrom(9, 10, 13, 34, 35, 44, 32), fc.nat(255)), { maxLength: 60 })
  fc.assert(
    fc.property(bytes, fc.constantFrom('.tsv', '.csv', '.json', '.ndjson'), fc.boolean(), (list, ending, header) => {
      const { text, problems } = decode(`t${ending}`, Buffer.from(list))
      const reading = text === null ? { table: null, problems } : readTable(text, header)
      expect(reading.table === null).toBe(reading.problems.length > 0)
      const lines = Buffer.from(list).toString('latin1').split('\n').length
      for (const { position } of reading.problems) {
        expect(position!.line).toBeLessThanOrEqual(lines)
        expect(position!.column).toBeGreaterThanOrEqual(1)
        expect(position!.endColumn).toBeGreaterThan(position!.column)
      }
    }),
    { numRuns: 3000 },
  )
})

test('100,000 rows are read without a thought', () => {
  const text = Array.from({ length: 100_000 }, (_, i) => `d${i}.example.com\tbart`).join('\n')
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5; i++) {
    const started = process.cpuUsage()
    expect(table('t.tsv', text).table!.rows).toHaveLength(100_000)
    const { user, system } = process.cpuUsage(started)
    best = Math.min(best, (user + system) / 1000)
  }
  // About 50 ms on an idle machine; the YAML of the same rows takes 5 s.
  expect(best).toBeLessThan(500)
})
