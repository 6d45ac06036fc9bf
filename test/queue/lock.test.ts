import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockFolder } from '../../src/queue/lock.ts'
import { tempFolder } from '../support/peer.ts'

test('a folder is locked once, and free again when it was released', () => {
  const folder = tempFolder()
  const lock = lockFolder(folder)
  expect(() => lockFolder(folder)).toThrow(`another gateway (pid ${process.pid}) runs on this state folder`)
  lock.release()
  lockFolder(folder).release()
  expect(readdirSync(folder)).toEqual([])
})

test('the lock of a process that has ended is taken over', async () => {
  const folder = tempFolder()
  const child = spawn('sleep', ['60'])
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: child.pid, started, boot }))
  expect(() => lockFolder(folder)).toThrow(`pid ${child.pid}`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  lockFolder(folder).release()
})

test.each([
  ['another process that has got the same pid', JSON.stringify({ pid: process.pid, started: '1', boot: 'same' })],
  ['another boot', JSON.stringify({ pid: 1, started: '0', boot: '00000000-0000-0000-0000-000000000000' })],
  ['nobody, as it is empty', ''],
  ['nobody, as it is no lock', '{"pid":"1"}'],
])('the lock of %s is taken over', (_, text) => {
  const folder = tempFolder()
  writeFileSync(join(folder, 'lock'), text)
  const lock = lockFolder(folder)
  expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid })
  lock.release()
  expect(existsSync(join(folder, 'lock'))).toBe(false)
})
