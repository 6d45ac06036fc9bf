import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exposition, type Sample } from '../../src/admin/exposition.ts'
import { readExposition } from '../support/exposition.ts'

const family = (samples: readonly Sample[], labels: readonly string[] = [], help = 'what it is') => ({
  name: 'mailgw_x',
  type: 'gauge' as const,
  help,
  labels,
  samples,
})

describe('the writer of the text format', () => {
  test('a family has HELP, TYPE and its samples, in this order', () => {
    expect(
      exposition([
        family(
          [
            [1, 'a'],
            [2.5, 'b'],
          ],
          ['of'],
        ),
        { ...family([[3]]), name: 'mailgw_y_total', type: 'counter' },
      ]),
    ).toBe(
      [
        '# HELP mailgw_x what it is',
        '# TYPE mailgw_x gauge',
        'mailgw_x{of="a"} 1',
        'mailgw_x{of="b"} 2.5',
        '# HELP mailgw_y_total what it is',
        '# TYPE mailgw_y_total counter',
        'mailgw_y_total 3',
        '',
      ].join('\n'),
    )
  })

  test('quotes, backslashes and line feeds of a label are escaped, and of a help text all but quotes', () => {
    const text = exposition([family([[1, 'a"b\\c\nd']], ['of'], 'say "x\\y"\nthere')])
    expect(text).toContain('mailgw_x{of="a\\"b\\\\c\\nd"} 1\n')
    expect(text).toContain('# HELP mailgw_x say "x\\\\y"\\nthere\n')
  })

  test('the first of two samples with the same labels counts: two would make the reader drop everything', () => {
    const text = exposition([
      family(
        [1, 2].map((value): Sample => [value, 'a']),
        ['of'],
      ),
    ])
    expect([...readExposition(text).get('mailgw_x')!.samples]).toEqual([['of="a"', 1]])
  })

  test('numbers that are not finite are written as the format has them', () => {
    const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e21, 1e-7]
    const text = exposition([
      family(
        values.map((value, i): Sample => [value, String(i)]),
        ['of'],
      ),
    ])
    expect(text.match(/ (\S+)$/gm)!.map((one) => one.trim())).toEqual(
      expect.arrayContaining(['+Inf', '-Inf', 'NaN', '1e+21', '1e-7']),
    )
    expect([...readExposition(text).get('mailgw_x')!.samples.values()]).toEqual(values)
  })

  test('whatever a label holds is read back as it was', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('"', '\\', '\n', '\\n', '",b="', '} 1\nmailgw_x 2', '\r', '#'))
    const value = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(value, value, fc.double(), (a, b, number) => {
        const text = exposition([family([[number, a, b]], ['a', 'b'])])
        const [[labels, got]] = [...readExposition(text).get('mailgw_x')!.samples] as [[string, number]]
        expect(labels).toBe(`a="${a}",b="${b}"`)
        expect(got).toBe(number === 0 ? 0 : number)
      }),
    )
  })
})

describe('the reader that the tests use is strict', () => {
  const head = '# HELP m x\n# TYPE m gauge\n'
  test.each([
    ['a sample without its family', 'm 1\n'],
    ['no line feed at the end', `${head}m 1`],
    ['a quote that is not escaped', `${head}m{a="x"y"} 1\n`],
    ['an escape that is none', `${head}m{a="\\t"} 1\n`],
    ['the same sample twice', `${head}m 1\nm 1\n`],
    ['the same label twice', `${head}m{a="1",a="2"} 1\n`],
    ['a value that is no number', `${head}m x\n`],
    ['a counter below zero', '# HELP m x\n# TYPE m counter\nm -1\n'],
    ['a name that is none', '# HELP 1m x\n# TYPE 1m gauge\n1m 1\n'],
    ['a family in two places', `${head}# HELP n x\n# TYPE n gauge\nm 1\n`],
  ])('%s is refused', (_, text) => {
    expect(() => readExposition(text)).toThrow()
  })
})
