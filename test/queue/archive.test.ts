// MQ-66 and MQ-67: copies of messages that left the queue, on a real disk.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ArchiveSettings } from '../../src/mail/archive-settings.ts'
import type { Clock } from '../../src/mail/clock.ts'
import type { LogFields } from '../../src/mail/log.ts'
import { stuffed, unstuffed } from '../../src/message/dots.ts'
import { Archive } from '../../src/queue/archive/archive.ts'
import { ArchiveFolder } from '../../src/queue/archive/archive-folder.ts'
import type { QueueEntry } from '../../src/queue/entry.ts'
import { makeIds } from '../../src/queue/id.ts'
import { message } from '../egress/lane.ts'
import { tempFolder } from '../support/peer.ts'

const start = Date.UTC(2026, 4, 1, 12, 30)
const hour = 3_600_000

function rig(settings: (dir: string) => ArchiveSettings) {
  const dir = tempFolder()
  let now = start
  const log: { event: string; fields: LogFields }[] = []
  const note = (event: string, fields: LogFields = {}) => void log.push({ event, fields })
  const clock = { now: () => now, setTimeout: () => ({ cancel() {} }) } as unknown as Clock
  const options = {
    stateDir: dir,
    settings: () => settings(dir),
    clock,
    log: { debug: note, info: note, warn: note, error: note },
  }
  const archive = new Archive(options)
  const ids = makeIds(() => now)
  const over = (state: 'delivered' | 'failed', more: Parameters<typeof message>[0] = {}): QueueEntry => {
    const entry = message({ id: ids(), ...more })
    for (const recipient of entry.recipients) recipient.state = state
    return entry
  }
  const keep = (entry: QueueEntry) =>
    new Promise<void>((resolve) => archive.keep(entry, archive.kindsFor(entry.recipients), resolve))
  return { dir, archive, log, over, keep, options, pass: (ms: number) => void (now += ms) }
}

const both =
  (more: object = {}) =>
  (): ArchiveSettings => ({
    sent: { dir: 'archive/sent', keepMs: 24 * hour, maxBytes: 1e9, ...more },
    failed: { dir: 'archive/failed', keepMs: 24 * hour, maxBytes: 1e9, ...more },
  })
const files = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:eml|json)$/.test(name))
    .sort()

describe('an archive', () => {
  test('has the message without stuffed dots, and what became of whom, in files that nobody else reads', async () => {
    const { dir, over, keep, archive } = rig(both())
    const entry = over('delivered', { to: ['../../x@dst.test', 'b@dst.test'], content: 'Subject: x\r\n\r\n..dot\r\n' })
    entry.recipients[1]!.state = 'failed'
    entry.recipients[1]!.lastReply = { code: 550, status: '5.1.1', text: 'no such user' }
    await keep(entry)
    for (const kind of ['sent', 'failed']) {
      const [mail, facts] = [`${entry.id}.eml`, `${entry.id}.json`].map((name) =>
        join(dir, 'archive', kind, '2026-05-01T12', name),
      ) as [string, string]
      expect(readFileSync(mail, 'latin1')).toBe('Subject: x\r\n\r\n.dot\r\n')
      expect(statSync(mail).mode & 0o777).toBe(0o600)
      expect(statSync(facts).mode & 0o777).toBe(0o600)
      expect(statSync(join(dir, 'archive', kind)).mode & 0o777).toBe(0o700)
      expect(JSON.parse(readFileSync(facts, 'utf8'))).toMatchObject({
        id: entry.id,
        from: 'a@src.test',
        recipients: [
          { to: '../../x@dst.test', state: 'delivered' },
          { to: 'b@dst.test', state: 'failed', reply: '550 5.1.1 no such user' },
        ],
      })
    }
    expect(archive.tallies).toEqual({ sent: { kept: 1, lost: 0 }, failed: { kept: 1, lost: 0 } })
  })

  test('gets each message where it belongs, and none that nobody wanted', async () => {
    const { archive, over } = rig((): ArchiveSettings => ({ failed: { dir: 'f', keepMs: hour, maxBytes: 1e9 } }))
    expect(archive.kindsFor(over('delivered').recipients)).toEqual([])
    expect(archive.kindsFor(over('failed').recipients)).toEqual(['failed'])
    expect(archive.kindsFor([{ state: 'discarded' }])).toEqual([])
  })

  test('forgets what is too old, hour by hour, and counts what an earlier run has left', async () => {
    const { dir, archive, over, keep, pass, options } = rig(both())
    await keep(over('delivered'))
    pass(20 * hour)
    await keep(over('delivered'))
    // Another process, that has seen none of it.
    const next = new Archive(options)
    await next.sweep()
    expect(next.folder('sent')?.messages).toBe(2)
    expect(files(dir)).toHaveLength(4)
    pass(5 * hour)
    await next.sweep()
    expect(files(dir)).toHaveLength(2)
    expect(readdirSync(join(dir, 'archive/sent'))).toEqual(['2026-05-02T08'])
    expect(next.folder('sent')).toMatchObject({ messages: 1 })
    pass(25 * hour)
    await next.sweep()
    expect(next.folder('sent')).toMatchObject({ messages: 0, bytes: 0 })
    await archive.close()
  })

  test('forgets the oldest where it is too large, and no more than it must', async () => {
    const { dir, archive, over, keep, pass } = rig(both({ maxBytes: 60_000 }))
    const content = `Subject: x\r\n\r\n${'x'.repeat(10_000)}\r\n`
    const ids: string[] = []
    for (let i = 0; i < 10; i++) {
      const entry = over('delivered', { content })
      ids.push(entry.id)
      await keep(entry)
      pass(hour / 4)
    }
    await archive.sweep()
    const left = files(dir).filter((name) => name.endsWith('.eml'))
    expect(left.map((name) => name.slice(-17, -4))).toEqual(ids.slice(-5))
    const bytes = files(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)
    expect(archive.folder('sent')?.bytes).toBe(bytes)
    expect(bytes).toBeLessThanOrEqual(60_000)
  })

  test('never touches a file that is not its own', async () => {
    const { dir, archive, over, keep, pass } = rig(both())
    await keep(over('delivered'))
    mkdirSync(join(dir, 'archive/sent/notes'), { recursive: true })
    writeFileSync(join(dir, 'archive/sent/notes/keep.txt'), 'x')
    pass(100 * hour)
    await archive.sweep()
    expect(readFileSync(join(dir, 'archive/sent/notes/keep.txt'), 'utf8')).toBe('x')
    expect(files(dir)).toEqual([])
  })

  test('that cannot be written costs the copy and nothing else; the log tells it once, with a count', async () => {
    const { dir, archive, log, over, keep, pass } = rig(both())
    writeFileSync(join(dir, 'archive'), 'a file where the folder should be')
    for (let i = 0; i < 5; i++) await keep(over('delivered'))
    expect(archive.tallies.sent).toEqual({ kept: 0, lost: 5 })
    expect(log).toMatchObject([{ event: 'archive.lost', fields: { archive: 'sent', copies: 1 } }])
    pass(61_000)
    await keep(over('delivered'))
    expect(log[1]).toMatchObject({ event: 'archive.lost', fields: { copies: 5 } })
  })

  test.skipIf(process.getuid?.() !== 0)(
    'on a disk that is full is the same, and leaves no half of a copy',
    async () => {
      const full = tempFolder()
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full])
      try {
        const { archive, log, over, keep } = rig(
          (): ArchiveSettings => ({ sent: { dir: full, keepMs: hour, maxBytes: 1e9 } }),
        )
        await keep(over('delivered', { content: `Subject: x\r\n\r\n${'x'.repeat(500_000)}\r\n` }))
        expect(archive.tallies.sent).toEqual({ kept: 0, lost: 1 })
        expect(String(log[0]?.fields['why'])).toContain('ENOSPC')
        expect(files(full)).toEqual([])
        await keep(over('delivered'))
        expect(archive.tallies.sent).toEqual({ kept: 1, lost: 1 })
      } finally {
        execFileSync('umount', [full])
      }
    },
  )

  test('lists only what has a name of ours', async () => {
    const { dir } = rig(both())
    const folder = new ArchiveFolder(join(dir, 'x'), false)
    mkdirSync(join(dir, 'x/2026-05-01T12'), { recursive: true })
    for (const name of ['..json', 'x.json', '0123456789ABC.txt', '0123456789ABC.json'])
      writeFileSync(join(dir, 'x/2026-05-01T12', name), '')
    const found: unknown[] = []
    for await (const one of folder.list()) found.push(one)
    expect(found).toEqual([{ bucket: '2026-05-01T12', id: '0123456789ABC' }])
  })
})

test('dots that are taken off and put on again make the same lines, however they are cut', async () => {
  const collect = async (octets: AsyncIterable<Buffer>) => {
    const all: Buffer[] = []
    for await (const piece of octets) all.push(Buffer.from(piece))
    return Buffer.concat(all).toString()
  }
  const line = fc.array(fc.constantFrom('.', 'x', ' '), { maxLength: 4 }).map((chars) => `${chars.join('')}\r\n`)
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), async (lines, size) => {
      const text = Buffer.from(lines.join(''))
      const cut = function* (octets: Buffer) {
        for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
      }
      const wire = await collect(stuffed(cut(text)))
      expect(wire).toBe(lines.map((one) => (one.startsWith('.') ? `.${one}` : one)).join(''))
      expect(await collect(unstuffed(cut(Buffer.from(wire))))).toBe(text.toString())
    }),
  )
})
