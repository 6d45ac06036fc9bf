import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/mail/clock.ts'
import { silentLog } from '../../src/mail/log.ts'
import { GroupSync } from '../../src/mailbox/group-sync.ts'
import { createMaildirCarrier } from '../../src/mailbox/maildir-carrier.ts'
import type { QueueEntry } from '../../src/queue/entry.ts'
import { type MessageOptions, message, testLane } from '../egress/lane.ts'
import { peers, tempFolder } from '../support/peer.ts'

const clockAt = (now: number): Clock => ({ now: () => now, setTimeout: () => ({ cancel() {} }) })

function carrierFor(dir: string, startedAt = 0) {
  const carrier = createMaildirCarrier({ hostname: 'gw.test', clock: clockAt(startedAt), log: silentLog })
  const lane = testLane({ kind: 'maildir', key: 'maildir', dir })
  const deliver = async (...entries: QueueEntry[]) => {
    const before = lane.settled.length
    lane.add(...entries)
    carrier.wake(lane)
    await lane.until(() => lane.settled.length === before + entries.length)
    return lane.settled.slice(before).flatMap((one) => one.attempts)
  }
  return { carrier, lane, deliver }
}

const mail = (options: MessageOptions = {}) => message({ to: ['bob@example.com'], ...options })

const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])

test('a message lies in `new` of the mailbox: Return-Path and Delivered-To on top, lines ended by LF, dots unstuffed', async () => {
  const dir = tempFolder()
  const { deliver } = carrierFor(dir)
  const [attempt] = await deliver(mail({ id: 'Q7', content: 'Subject: x\r\n\r\n..dot\r\n' }))
  expect(attempt).toMatchObject({ reply: { code: 250 }, command: 'local', host: null })
  const box = join(dir, 'example.com', 'bob')
  const [name, ...others] = filesIn(join(box, 'new'))
  expect(others).toEqual([])
  expect(name).toBe('0.QQ7R0.gw.test')
  expect(readFileSync(join(box, 'new', name!), 'latin1')).toBe(
    'Return-Path: <a@src.test>\nDelivered-To: bob@example.com\nSubject: x\n\n.dot\n',
  )
  expect(filesIn(join(box, 'tmp'))).toEqual([])
  expect(filesIn(join(box, 'cur'))).toEqual([])
  expect(statSync(box).mode & 0o777).toBe(0o700)
  expect(statSync(join(box, 'new', name!)).mode & 0o777).toBe(0o600)
})

test('the null reverse-path is an empty Return-Path', async () => {
  const dir = tempFolder()
  await carrierFor(dir).deliver(mail({ from: null }))
  const folder = join(dir, 'example.com', 'bob', 'new')
  expect(readFileSync(join(folder, filesIn(folder)[0]!), 'latin1')).toMatch(/^Return-Path: <>\n/)
})

test('each recipient has a file of its own, also two of one mailbox', async () => {
  const dir = tempFolder()
  const attempts = await carrierFor(dir).deliver(
    mail({ to: ['bob@example.com', 'BOB@example.com', 'ann@example.com'] }),
  )
  expect(attempts.map((attempt) => attempt.reply?.code)).toEqual([250, 250, 250])
  expect(filesIn(join(dir, 'example.com', 'bob', 'new'))).toHaveLength(2)
  expect(filesIn(join(dir, 'example.com', 'ann', 'new'))).toHaveLength(1)
})

test('no local part leaves the folder of the mailboxes', async () => {
  const dir = join(tempFolder(), 'mail')
  mkdirSync(dir)
  await carrierFor(dir).deliver(mail({ to: ['"../../x"@example.com', '".."@example.com', '"/"@example.com'] }))
  expect(filesIn(join(dir, '..'))).toEqual(['mail'])
  expect(filesIn(dir)).toEqual(['example.com'])
  expect(filesIn(join(dir, 'example.com')).sort()).toEqual(['%2E.', '%2E.%2F..%2Fx', '%2F'])
})

test('a delivery that is repeated after a crash doubles nothing: neither in `new` nor what a reader moved to `cur`', async () => {
  const dir = tempFolder()
  const entry = mail({ id: 'Q1' })
  await carrierFor(dir).deliver(entry)
  const box = join(dir, 'example.com', 'bob')
  // A new process: it started after the message came.
  const restarted = carrierFor(dir, 1000)
  expect((await restarted.deliver(entry))[0]?.reply?.code).toBe(250)
  expect(filesIn(join(box, 'new'))).toHaveLength(1)
  const [name] = filesIn(join(box, 'new'))
  renameSync(join(box, 'new', name!), join(box, 'cur', `${name}:2,S`))
  expect((await restarted.deliver(entry))[0]?.reply?.code).toBe(250)
  expect(filesIn(join(box, 'new'))).toEqual([])
  expect(filesIn(join(box, 'cur'))).toHaveLength(1)
})

test('a file that a crash left in `tmp` is replaced', async () => {
  const dir = tempFolder()
  const box = join(dir, 'example.com', 'bob')
  mkdirSync(join(box, 'tmp'), { recursive: true })
  writeFileSync(join(box, 'tmp', '0.QQ1R0.gw.test'), 'half a mess')
  await carrierFor(dir).deliver(mail({ id: 'Q1', content: 'whole\r\n' }))
  expect(readFileSync(join(box, 'new', '0.QQ1R0.gw.test'), 'latin1')).toMatch(/\nwhole\n$/)
  expect(filesIn(join(box, 'tmp'))).toEqual([])
})

test('a mailbox that cannot be written makes its own mail wait, leaves nothing behind, and works when it is repaired', async () => {
  const dir = tempFolder()
  const { deliver } = carrierFor(dir)
  writeFileSync(join(dir, 'example.com'), 'a file where a folder must be')
  const [refused] = await deliver(mail())
  expect(refused).toMatchObject({ reply: { code: 451, status: '4.3.0' }, status: '4.3.0' })
  expect((await deliver(mail({ to: ['bob@other.test'] })))[0]?.reply?.code).toBe(250)
  renameSync(join(dir, 'example.com'), join(dir, 'moved'))
  expect((await deliver(mail()))[0]?.reply?.code).toBe(250)
})

test('a mailbox whose folder was removed while we ran is made anew at the next attempt', async () => {
  const dir = tempFolder()
  const { deliver } = carrierFor(dir)
  await deliver(mail({ id: 'Q1' }))
  renameSync(join(dir, 'example.com', 'bob'), join(dir, 'gone'))
  expect((await deliver(mail({ id: 'Q2' })))[0]?.reply?.code).toBe(451)
  expect((await deliver(mail({ id: 'Q2' })))[0]?.reply?.code).toBe(250)
})

// The real thing: a file system that is full. Only root may mount one.
const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0

test.skipIf(!canMount)('a full disk makes mail wait with 4.3.1 and leaves no part of it', () => {
  const script = join(import.meta.dirname, 'full-disk.ts')
  const command = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" --import jiti/register "$3" "$1"'
  const run = spawnSync('unshare', ['-m', 'sh', '-c', command, 'sh', tempFolder(), process.execPath, script])
  expect(run.stderr.toString()).toBe('')
  expect(JSON.parse(run.stdout.toString())).toEqual({
    outcomes: ['LARGE 452 4.3.1', 'SMALL 250 2.1.5', 'SPOOLED 452 4.3.1'],
    files: [[], ['0.QSMALLR0.gw.test']],
  })
})

test('a large body streams from the spool into the file, octet for octet', async () => {
  const dir = tempFolder()
  const content = Buffer.from(`Subject: x\r\n\r\n${'..0123456789\r\n'.repeat(100_000)}`)
  await carrierFor(dir).deliver(mail({ content, spooled: true }))
  const folder = join(dir, 'example.com', 'bob', 'new')
  const stored = readFileSync(join(folder, filesIn(folder)[0]!), 'latin1')
  expect(stored.slice(stored.indexOf('Subject'))).toBe(`Subject: x\n\n${'.0123456789\n'.repeat(100_000)}`)
})

test('a body that cannot be read to its end is not delivered', async () => {
  const dir = tempFolder()
  const entry = mail()
  const broken: QueueEntry = {
    ...entry,
    body: {
      ...entry.body,
      chunks: null,
      async *read() {
        yield Buffer.from('Subject: x\r\n')
        throw new Error('checksum')
      },
    },
  }
  expect((await carrierFor(dir).deliver(broken))[0]).toMatchObject({
    reply: { code: 451 },
    why: expect.stringContaining('checksum'),
  })
  const box = join(dir, 'example.com', 'bob')
  expect([...filesIn(join(box, 'new')), ...filesIn(join(box, 'tmp'))]).toEqual([])
})

test('drain waits for what is being written and takes nothing new', async () => {
  const dir = tempFolder()
  const { carrier, lane } = carrierFor(dir)
  lane.add(...Array.from({ length: 100 }, (_, i) => mail({ id: `Q${i}` })))
  carrier.wake(lane)
  await carrier.drain()
  const written = lane.settled.length
  expect(filesIn(join(dir, 'example.com', 'bob', 'new'))).toHaveLength(written)
  expect(written).toBeGreaterThan(0)
  carrier.wake(lane)
  await new Promise((resolve) => setImmediate(resolve))
  expect(lane.ready).toBe(100 - written)
})

test('all who wait for a folder share one sync, which begins after they asked', async () => {
  const started: string[] = []
  const ends: (() => void)[] = []
  const group = new GroupSync((folder) => {
    started.push(folder)
    return new Promise((resolve) => ends.push(resolve))
  })
  let done = 0
  const asked = [group.sync('a'), group.sync('a'), group.sync('a'), group.sync('b')].map((one) =>
    one.then(() => done++),
  )
  expect(started).toEqual(['a', 'b'])
  ends[0]!()
  await asked[0]
  expect(done).toBe(1)
  expect(started).toEqual(['a', 'b', 'a'])
  ends[1]!()
  ends[2]!()
  await Promise.all(asked)
  expect(done).toBe(4)
})

test('a failed sync is told to those who waited for it, and the next one is tried anew', async () => {
  let fails = true
  const group = new GroupSync(async () => {
    if (fails) throw new Error('EIO')
  })
  await expect(group.sync('a')).rejects.toThrow('EIO')
  fails = false
  await group.sync('a')
})

test.skipIf(!peers('python3'))('another reader of maildirs finds the messages and may move them', async () => {
  const dir = tempFolder()
  await carrierFor(dir).deliver(
    mail({ id: 'Q1', content: 'Subject: one\r\n\r\nx\r\n' }),
    mail({ id: 'Q2', content: 'Subject: two\r\n\r\ny\r\n' }),
  )
  const program = `
import mailbox, sys
box = mailbox.Maildir(sys.argv[1], create=False)
print(sorted((m['Subject'], m['Return-Path'], m['Delivered-To'], m.get_subdir()) for m in box))`
  const run = spawnSync('python3', ['-c', program, join(dir, 'example.com', 'bob')])
  expect(run.stdout.toString().trim()).toBe(
    "[('one', '<a@src.test>', 'bob@example.com', 'new'), ('two', '<a@src.test>', 'bob@example.com', 'new')]",
  )
})
