import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { prettyLine } from '../../src/admin/pretty.ts'

test('a log line reads as time of day, event and fields, without what is null', () => {
  const line = JSON.stringify({
    level: 'info',
    time: '2026-01-02T03:04:05.678Z',
    event: 'message.accepted',
    id: 'x1',
    n: 2,
    why: null,
  })
  expect(stripVTControlCharacters(prettyLine(line))).toBe('03:04:05.678 message.accepted     id=x1 n=2\n')
})
