import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../../src/config/diagnostic.ts'
import { jsonDiagnostics, renderJson } from '../../../src/config/render-json.ts'
import { renderTerminal } from '../../../src/config/render-terminal.ts'
import { columnsOf, printable } from '../../../src/config/render-text.ts'

const at = (line: number, column: number, endColumn: number, file = '/home/c/mailgw.config.ts') => ({
  file,
  line,
  column,
  endColumn,
})
const diagnostic = (more: Partial<Diagnostic>): Diagnostic => ({
  code: 'MG1203',
  severity: 'error',
  message: 'unknown option "prot" for relay "int2"',
  path: 'relays.int2.prot',
  position: at(1, 1, 2),
  related: [],
  hint: null,
  ...more,
})
/** Without colours, the file's lines given. */
const shown = (list: readonly Diagnostic[], ...lines: string[]) =>
  renderTerminal(list, { cwd: '/home/c', color: false, linesOf: () => lines })
/** The excerpt and the line of its caret. */
const excerpt = (line: string, column: number, endColumn: number) =>
  shown([diagnostic({ position: at(1, column, endColumn) })], line)
    .split('\n')
    .slice(2, 4)

describe('on a terminal', () => {
  test('a diagnostic shows its line, a caret below the place, and the hint beside the caret', () => {
    const source = "    { match: '*.lab.example', to: relay('int2', { prot: 2525 }) },"
    const list = [diagnostic({ position: at(1, 51, 55), hint: 'did you mean "port"?' })]
    expect(shown(list, source)).toBe(`error MG1203: unknown option "prot" for relay "int2"
  --> mailgw.config.ts:1:51
   1 |     { match: '*.lab.example', to: relay('int2', { prot: 2525 }) },
     |                                                   ^^^^ did you mean "port"?

1 error
`)
  })

  test('other places that matter follow, each with what it is', () => {
    const list = [
      diagnostic({ position: at(2, 1, 2), related: [{ message: 'first written here', position: at(1, 1, 2) }] }),
    ]
    expect(shown(list, 'a: 1', 'a: 2')).toContain(`  --> mailgw.config.ts:2:1
   2 | a: 2
     | ^
  --> mailgw.config.ts:1:1
   1 | a: 1
     | - first written here
`)
  })

  test('without a place the hint stands on its own line, and warnings are counted apart', () => {
    const list = [
      diagnostic({ position: null, hint: 'try --config' }),
      diagnostic({ severity: 'warning', position: null }),
    ]
    expect(shown(list)).toBe(`error MG1203: unknown option "prot" for relay "int2"
  try --config

warning MG1203: unknown option "prot" for relay "int2"

1 error, 1 warning
`)
  })

  test('nothing to say is nothing', () => expect(shown([])).toBe(''))

  test('a file that is gone leaves the place without an excerpt', () => {
    const options = { cwd: '/home/c', color: false, linesOf: () => null }
    expect(renderTerminal([diagnostic({})], options)).toContain('  --> mailgw.config.ts:1:1\n\n1 error')
  })

  test('the caret stands right below tabs, wide characters and combining ones', () => {
    expect(excerpt('\ta:\tb', 5, 6)).toEqual(['   1 |     a:  b', '     |         ^'])
    expect(excerpt('名前: 値', 5, 6)).toEqual(['   1 | 名前: 値', '     |       ^^'])
    expect(excerpt('e\u0301x: 1', 3, 4)).toEqual(['   1 | e\u0301x: 1', '     |  ^'])
    expect(excerpt('😀 x', 4, 5)).toEqual(['   1 | 😀 x', '     |    ^'])
  })

  test('a place behind the end of the line has its caret behind the end', () => {
    expect(excerpt('ab', 3, 4)).toEqual(['   1 | ab', '     |   ^'])
  })

  test('a long line is cut around its place', () => {
    const [line, caret] = excerpt(`${'a'.repeat(500)}HERE${'b'.repeat(500)}`, 501, 505) as [string, string]
    expect(line.length).toBeLessThan(130)
    expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('HERE')
  })

  test('what a terminal would obey is shown and not sent, wherever it comes from', () => {
    const evil = '\x1b[2J\x1b]0;title\x07\u202e\u009b\r'
    const list = [
      diagnostic({
        message: `bad ${evil}`,
        hint: evil,
        position: at(1, 1, 2, `/home/c/${evil}`),
        related: [{ message: evil, position: at(1, 1, 2) }],
      }),
    ]
    const text = shown(list, `x ${evil} y`)
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    expect(text).toContain('\\u{1b}')
  })

  test('colours only when asked for', () => {
    expect(renderTerminal([diagnostic({})], { cwd: '/', color: true, linesOf: () => ['x'] })).toContain('\x1b[')
    expect(shown([diagnostic({})], 'x')).not.toContain('\x1b')
  })

  test('a file far away keeps its whole path', () => {
    expect(shown([diagnostic({ position: at(1, 1, 2, '/etc/x.yaml') })], 'x')).toContain('--> /etc/x.yaml:1:1')
    expect(shown([diagnostic({ position: at(1, 1, 2, '/home/x.yaml') })], 'x')).toContain('--> ../x.yaml:1:1')
  })
})

test('whatever a line holds, its columns grow with it and end at its width', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')),
      (source) => {
        const { text, columns } = printable(source)
        expect(columns).toHaveLength(source.length + 1)
        for (let i = 1; i < columns.length; i++) expect(columns[i]!).toBeGreaterThanOrEqual(columns[i - 1]!)
        expect(columns.at(-1)).toBe([...text].reduce((sum, character) => sum + columnsOf(character), 0))
      },
    ),
  )
})

test('--json has one shape, with files relative to the folder of the command', () => {
  const list = [
    diagnostic({
      position: at(3, 5, 9),
      hint: 'did you mean "port"?',
      related: [{ message: 'here', position: at(1, 1, 2) }],
    }),
    diagnostic({ severity: 'warning', position: null }),
  ]
  const json = renderJson(list, { cwd: '/home/c' })
  expect(json.endsWith('}\n')).toBe(true)
  expect(JSON.parse(json)).toStrictEqual({
    errors: 1,
    warnings: 1,
    diagnostics: [
      {
        code: 'MG1203',
        severity: 'error',
        message: 'unknown option "prot" for relay "int2"',
        path: 'relays.int2.prot',
        position: { file: 'mailgw.config.ts', line: 3, column: 5, endColumn: 9 },
        related: [{ message: 'here', position: { file: 'mailgw.config.ts', line: 1, column: 1, endColumn: 2 } }],
        hint: 'did you mean "port"?',
      },
      {
        code: 'MG1203',
        severity: 'warning',
        message: 'unknown option "prot" for relay "int2"',
        path: 'relays.int2.prot',
        position: null,
        related: [],
        hint: null,
      },
    ],
  })
  expect(jsonDiagnostics([], '/')).toStrictEqual({ errors: 0, warnings: 0, diagnostics: [] })
})
