import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readNetworkLines } from '../../src/gateway/network-lines.ts'
import { watchFiles } from '../../src/gateway/watched-files.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { type LogFields, silentLog } from '../../src/mail/log.ts'
import { tempFolder } from '../support/peer.ts'

/** The real clock, in which two seconds are twenty milliseconds. */
function open() {
  const told: LogFields[] = []
  const tell = (event: string, fields?: LogFields) => void told.push({ event, ...fields })
  const quick = {
    ...systemClock,
    setTimeout: (callback: () => void, ms: number) => systemClock.setTimeout(callback, ms / 100),
  }
  const watched = watchFiles(quick, { ...silentLog, info: tell, warn: tell, error: tell })
  onTestFinished(() => watched.close())
  const file = join(tempFolder(), 'blocked.txt')
  const ask = async (client: string) => (await watched.ask(file, client as IpAddress)).outcome
  return { watched, told, file, ask }
}

test('a file is read when it is first asked about, and again when it has changed', async () => {
  const { file, ask, told } = open()
  writeFileSync(file, '# bad\n192.0.2.1\n198.51.100.0/24 ; a whole net\n2001:db8::/32\n')
  expect(await ask('192.0.2.1')).toBe('listed')
  expect(await ask('198.51.100.77')).toBe('listed')
  expect(await ask('2001:db8::5')).toBe('listed')
  expect(await ask('192.0.2.2')).toBe('clear')
  writeFileSync(`${file}.new`, '192.0.2.2\n')
  renameSync(`${file}.new`, file)
  await vi.waitFor(async () => expect(await ask('192.0.2.2')).toBe('listed'))
  expect(await ask('192.0.2.1')).toBe('clear')
  expect(told.filter(({ event }) => event === 'watched.read').map(({ networks }) => networks)).toEqual([3, 1])
})

test('a file that is not there is an error, told once, until it is there', async () => {
  const { file, ask, told, watched } = open()
  expect(await ask('192.0.2.1')).toBe('error')
  expect(watched.list()).toMatchObject([{ path: file, networks: null, error: expect.stringContaining('ENOENT') }])
  writeFileSync(file, '192.0.2.1\n')
  await vi.waitFor(async () => expect(await ask('192.0.2.1')).toBe('listed'))
  rmSync(file)
  await vi.waitFor(async () => expect(await ask('192.0.2.1')).toBe('error'))
  expect(told.filter(({ event }) => event === 'watched.unreadable')).toHaveLength(2)
})

test('lines that are no network are left out and told with the first of them', async () => {
  const { file, ask, told } = open()
  writeFileSync(file, '192.0.2.1\nnonsense\n10.1\n0.0.0.0/0\n::/0\n')
  expect(await ask('192.0.2.1')).toBe('listed')
  expect(await ask('203.0.113.1')).toBe('clear')
  expect(told).toContainEqual({ event: 'watched.lines-left-out', path: file, lines: 4, first: 'line 2: nonsense' })
})

test.each([
  ['194.30.30.11/16', ['194.30.0.0/16']],
  ['  2001:DB8::1 # comment', ['2001:db8::1/128']],
  ['::ffff:192.0.2.1', ['192.0.2.1/32']],
  ['192.0.2.1\r', ['192.0.2.1/32']],
  ['192.0.2.1\n192.0.2.1', ['192.0.2.1/32']],
  ['010.0.0.1', []],
  ['1.2.3.4/33', []],
  ['1.2.3.4/', []],
  ['', []],
])('%j is read as %j', (text, networks) => {
  expect(readNetworkLines(text).networks).toEqual(networks)
})
