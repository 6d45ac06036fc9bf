import { expect, test } from 'vitest'
import { bytesText, durationText, table } from '../../src/cli/text.ts'

test.each([
  [0, '0s'],
  [-5, '0s'],
  [1_000, '1s'],
  [61_000, '1m 1s'],
  [3_600_000, '1h'],
  [90_061_000, '1d 1h'],
  [86_400_000 * 3, '3d'],
])('%i ms reads %s', (ms, text) => expect(durationText(ms)).toBe(text))

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [2048, '2.0 KiB'],
  [20 * 1024 * 1024, '20 MiB'],
  [1.5 * 1024 ** 3, '1.5 GiB'],
])('%i octets read %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

test('columns are as wide as their widest cell and lines have no blanks at the end', () => {
  expect(
    table(
      ['a', 'bb'],
      [
        ['long', ''],
        ['x', 'y'],
      ],
    ),
  ).toBe('a     bb\nlong\nx     y\n')
})
