import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Note, openJournal } from '../../src/admin/journal.ts'
import { brokenAt } from '../../src/admin/journal-chain.ts'
import type { JournalEntry } from '../../src/admin/protocol.ts'
import { systemClock } from '../../src/mail/clock.ts'
import { silentLog } from '../../src/mail/log.ts'
import { tempFolder } from '../support/peer.ts'

const clock = { ...systemClock, now: () => 1_800_000_000_000 }
const note = (reason: string): Note => ({ actor: 'local:0', action: 'activate', from: 'g1:a', to: 'g1:b', reason })

async function written(count: number) {
  const file = join(tempFolder(), 'journal.ndjson')
  const journal = await openJournal(file, { clock, log: silentLog })
  for (let i = 1; i <= count; i++) await journal.write(note(`change ${i}`))
  await journal.close()
  return { file, lines: () => readFileSync(file, 'utf8').split('\n').slice(0, -1) }
}

const opened = async (file: string) => {
  const told: string[] = []
  const note = (event: string) => void told.push(event)
  const journal = await openJournal(file, { clock, log: { ...silentLog, warn: note, error: note } })
  return { journal, told }
}

test('entries are numbered, chained, and go on after a start', async () => {
  const { file } = await written(2)
  const { journal, told } = await opened(file)
  await Promise.all([journal.write(note('change 3')), journal.write(note('change 4'))])
  const { entries, broken } = await journal.read(0, 100)
  expect(entries.map(({ seq, reason }) => [seq, reason])).toEqual([1, 2, 3, 4].map((i) => [i, `change ${i}`]))
  expect(entries[2]!.prev).toBe(entries[1]!.hash)
  expect({ broken, told, atStart: journal.broken }).toEqual({ broken: null, told: [], atStart: null })
  expect((await journal.read(2, 1)).entries.map(({ seq }) => seq)).toEqual([3])
  expect(brokenAt(entries)).toBe(null)
  expect(brokenAt(entries.slice(2), entries[1])).toBe(null)
  await journal.close()
})

const json = (line: string) => JSON.parse(line) as JournalEntry
const tampering: readonly [name: string, change: (lines: string[]) => string[], line: number, why: RegExp][] = [
  ['a reason', (lines) => lines.map((line) => line.replace('change 2', 'change x')), 2, /hash does not fit/],
  [
    'who it was',
    (lines) => lines.map((line, i) => (i === 1 ? line.replace('local:0', 'local:9') : line)),
    2,
    /not fit/,
  ],
  ['a line left out', ([a, , c]) => [a!, c!], 2, /entry 3 does not follow/],
  ['two lines exchanged', ([a, b, c]) => [b!, a!, c!], 1, /entry 2 does not follow/],
  ['the first line left out', ([, b, c]) => [b!, c!], 1, /entry 2 does not follow/],
  ['a line written twice', ([a, b]) => [a!, b!, b!], 3, /entry 2 does not follow/],
  ['a line that is none', ([a, b]) => [a!, 'x', b!], 2, /not an entry/],
  ['a key more', ([a, b]) => [a!, JSON.stringify({ ...json(b!), more: 1 })], 2, /not an entry/],
  ['an empty line', ([a, b]) => [a!, '', b!], 2, /not an entry/],
]
for (const [name, change, line, why] of tampering) {
  test(`a changed journal is noticed at a start and in every answer: ${name}`, async () => {
    const { file, lines } = await written(3)
    writeFileSync(
      file,
      change(lines())
        .map((text) => `${text}\n`)
        .join(''),
    )
    const { journal, told } = await opened(file)
    expect(journal.broken).toMatchObject({ line, why: expect.stringMatching(why) })
    expect(told).toEqual(['journal.broken'])
    await journal.write(note('later'))
    const { broken, entries } = await journal.read(0, 100)
    expect(broken).toEqual(journal.broken)
    expect(entries.slice(-2).map(({ result, reason }) => [result, reason?.slice(0, 22)])).toEqual([
      ['journal broken', 'the journal is broken '],
      ['ok', 'later'],
    ])
    await journal.close()
    // It is told again at each start: nothing mends it.
    const again = await opened(file)
    expect(again.told).toEqual(['journal.broken'])
    await again.journal.close()
  })
}

test('a line that a crash left unfinished is cut off, and the chain is whole', async () => {
  const { file } = await written(2)
  appendFileSync(file, '{"seq":3,"time":"2026')
  const { journal, told } = await opened(file)
  expect(told).toEqual(['journal.torn'])
  await journal.write(note('change 3'))
  expect((await journal.read(0, 100)).broken).toBe(null)
  await journal.close()
})

test('what cannot be written is told by the log, and the next entry still follows the last one that was', async () => {
  const { file } = await written(1)
  const { journal, told } = await opened(file)
  // A value that JSON does not have: the write fails, whatever the disk says.
  await journal.write({ ...note('x'), detail: 1n })
  await journal.write(note('change 2'))
  const { entries, broken } = await journal.read(0, 100)
  expect(entries.map(({ seq, reason }) => [seq, reason])).toEqual([
    [1, 'change 1'],
    [2, 'change 2'],
  ])
  expect(broken).toBe(null)
  expect(told).toEqual(['journal.failed'])
  await journal.close()
})
