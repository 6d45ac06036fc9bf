import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJson } from '../../../src/config/json.ts'
import { plainValue, positionsOf } from '../../../src/config/load-node.ts'
import { textOf } from '../../../src/config/load-text.ts'
import { issues, pathsOf } from './written.ts'

const cases: readonly { readonly name: string; readonly text: string; readonly want: readonly string[] }[] = [
  { name: 'a comma after the last value of an object', text: '{\n  "a": 1,\n}', want: ['MG1030 d.json:3:1 }'] },
  { name: 'a comma after the last value of a list', text: '{"a": [1,]}', want: ['MG1030 d.json:1:10 ]'] },
  { name: 'a missing comma', text: '{"a": 1 "b": 2}', want: ['MG1030 d.json:1:9 "'] },
  { name: 'a missing colon', text: '{"a" 1}', want: ['MG1030 d.json:1:6 1'] },
  { name: 'a key without quotes', text: '{a: 1}', want: ['MG1030 d.json:1:2 a'] },
  { name: 'single quotes', text: `{"a": 'x'}`, want: ["MG1030 d.json:1:7 'x'"] },
  { name: 'a comment', text: '{\n  // note\n  "a": 1}', want: ['MG1030 d.json:2:3 //'] },
  { name: 'a comment in place of a value', text: '{"a": // note\n 1}', want: ['MG1030 d.json:1:7 //'] },
  { name: 'an open text', text: '{"a": "x\n}', want: ['MG1030 d.json:1:7 "'] },
  { name: 'a tab inside of a text', text: '{"a": "x\ty"}', want: ['MG1030 d.json:1:9 \t'] },
  { name: 'an unknown escape', text: '{"a": "x\\qy"}', want: ['MG1030 d.json:1:9 \\q'] },
  { name: 'an end before its time', text: '{"a": 1', want: ['MG1030 d.json:1:8 '] },
  { name: 'more after the value', text: '{} x', want: ['MG1030 d.json:1:4 x'] },
  { name: 'a number that is none', text: '{"a": 012}', want: ['MG1030 d.json:1:7 012'] },
  { name: 'undefined', text: '{"a": undefined}', want: ['MG1030 d.json:1:7 undefined'] },
  {
    name: 'a key twice',
    text: '{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}',
    want: ['MG1023 d.json:1:24 "c"', 'MG1023 d.json:1:33 "a"'],
  },
  { name: 'a key twice, once as an escape', text: '{"a": 1, "\\u0061": 2}', want: ['MG1023 d.json:1:10 "\\u0061"'] },
  { name: 'a number that loses digits', text: '{"a": 9007199254740993}', want: ['MG1016 d.json:1:7 9007199254740993'] },
  { name: 'a number beyond all', text: '{"a": 1e999}', want: ['MG1016 d.json:1:7 1e999'] },
  { name: '__proto__', text: '{"__proto__": {"a": 1}}', want: ['MG1014 d.json:1:2 "__proto__"'] },
  { name: 'half a character', text: '{"a": "\\udead"}', want: ['MG1017 d.json:1:7 "\\udead"'] },
  { name: 'a list in place of a document', text: '[1]', want: ['MG1013 d.json:1:1 [1]'] },
]

describe('JSON is refused at the exact place', () => {
  for (const { name, text, want } of cases) {
    test(name, async () => expect(await issues({ 'd.json': text })).toEqual(want))
  }
  test('nesting without end is an error, not a crash', async () => {
    expect((await issues({ 'd.json': `{"a":${'['.repeat(100_000)}` }))[0]).toMatch(/^MG1030 d\.json:1:105/)
  })
})

/** Values without keys or numbers that we refuse. */
const value = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }).filter((candidate) => {
  const text = JSON.stringify(candidate)
  return !text.includes('__proto__') && !/\\ud[89a-f]/.test(text)
})
const safe = (part: unknown): boolean =>
  typeof part === 'number'
    ? !Number.isInteger(part) || Number.isSafeInteger(part)
    : typeof part !== 'object' || part === null || Object.values(part).every(safe)

test('JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(value, fc.nat(4), (written, indent) => {
      fc.pre(safe(written))
      const text = JSON.stringify(written, null, indent)
      const { node, problems } = readJson(textOf('f', text))
      expect(problems).toEqual([])
      // Both from text: JSON has no -0.
      expect(plainValue(node!)).toEqual(JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})

test('at the position of each part stands that part', () => {
  fc.assert(
    fc.property(value, fc.nat(4), (written, indent) => {
      fc.pre(safe(written))
      const text = JSON.stringify(written, null, indent)
      const lines = text.split('\n')
      const positions = positionsOf(readJson(textOf('f', text)).node!)
      for (const { path, value: part } of pathsOf(JSON.parse(text))) {
        const { line, column, endColumn } = positions.value(path)!
        const shown = lines[line - 1]!.slice(column - 1, endColumn - 1)
        if (typeof part === 'object' && part !== null) expect(shown[0]).toBe(Array.isArray(part) ? '[' : '{')
        else expect(JSON.parse(shown)).toEqual(part)
        const last = path.at(-1)
        if (typeof last !== 'string') continue
        const key = positions.key(path)!
        expect(JSON.parse(lines[key.line - 1]!.slice(key.column - 1, key.endColumn - 1))).toBe(last)
      }
    }),
    { numRuns: 300 },
  )
})

test('damaged JSON is refused exactly when JSON.parse refuses it, inside of the text, and never crashes', () => {
  fc.assert(
    fc.property(
      value,
      fc.nat(),
      fc.string({ maxLength: 3, unit: fc.constantFrom(...'{}[]",:\\01.eE-+tfn \n\tu/\'') }),
      fc.nat(3),
      (written, at, junk, cut) => {
        const whole = JSON.stringify(written, null, 1)
        const from = at % (whole.length + 1)
        const text = whole.slice(0, from) + junk + whole.slice(from + cut)
        const { node, problems } = readJson(textOf('f', text))
        let parsed = true
        try {
          JSON.parse(text)
        } catch {
          parsed = false
        }
        const lines = text.split('\n').length
        for (const { position } of problems) {
          expect(position!.line).toBeGreaterThanOrEqual(1)
          expect(position!.line).toBeLessThanOrEqual(lines)
        }
        expect(node !== null).toBe(parsed)
      },
    ),
    { numRuns: 2000 },
  )
})
