import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openBallast } from '../../src/gateway/ballast.ts'
import type { Log } from '../../src/mail/log.ts'
import { HandClock } from '../support/hand-clock.ts'
import { tempFolder } from '../support/peer.ts'

const whole = 4 << 20

test.skipIf(process.getuid?.() !== 0)(
  'on a full disk a start has the room that was kept for it, and takes it again when there is some',
  async () => {
    const folder = tempFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder])
    onTestFinished(() => void execFileSync('umount', ['-l', folder]))
    const file = join(folder, 'ballast')
    const sizeBytes = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0
    const clock = new HandClock()
    const events: string[] = []
    const note = (event: string) => void events.push(event)
    const log: Log = { debug: note, info: note, warn: note, error: note }

    const first = openBallast(folder, { clock, log })
    expect(sizeBytes()).toBe(0)
    first.keep()
    await expect.poll(sizeBytes).toBe(whole)
    first.close()
    expect(events).toEqual([])

    const others = join(folder, 'others')
    writeFileSync(others, '')
    expect(() => {
      for (;;) appendFileSync(others, Buffer.alloc(4096))
    }).toThrow('ENOSPC')
    expect(() => writeFileSync(join(folder, 'lock'), 'x')).toThrow('ENOSPC')

    const second = openBallast(folder, { clock, log })
    expect(events).toEqual(['ballast.dropped'])
    expect(sizeBytes()).toBe(0)
    writeFileSync(join(folder, 'lock'), Buffer.alloc(1 << 20))
    second.keep()
    await expect.poll(sizeBytes).toBeGreaterThan(whole / 2)
    expect(sizeBytes()).toBeLessThan(whole)
    rmSync(others)
    await expect
      .poll(() => {
        clock.pass(60_000)
        return sizeBytes()
      })
      .toBe(whole)
    second.close()
  },
)

test('a folder that takes nothing at all is somebody else’s to complain of', () => {
  const events: string[] = []
  const note = (event: string) => void events.push(event)
  const log: Log = { debug: note, info: note, warn: note, error: note }
  openBallast(join(tempFolder(), 'nowhere'), { clock: new HandClock(), log }).close()
  expect(events).toEqual([])
})
