import { expect, test } from 'vitest'
import type { Intake } from '../../src/queue/intake.ts'
import type { StoredEntry } from '../../src/queue/stored-entry.ts'
import { HandClock } from '../support/hand-clock.ts'
import { FakeDisk } from './fake-disk.ts'
import { bodyOf, contentOf, envelopeTo, open, stillClock, store } from './messages.ts'

const facts = { dots: false, eightBit: false }

const committed = (intake: Intake): Promise<Error | null> =>
  new Promise((resolve) => intake.commit(envelopeTo('a@example.com'), facts, resolve))

test('after a failed sync nothing that waited for it is acknowledged, and pieces written before it count as lost', async () => {
  const disk = new FakeDisk()
  const clock = stillClock()
  const { spool } = await open({ disk, clock })
  const large = spool.begin(() => {})!
  large.write(bodyOf('large', 9000))
  await new Promise((resolve) => setTimeout(resolve, 5))
  disk.fault = ({ kind }) => (kind === 'sync' ? 'io' : 'none')
  await expect(store(spool, envelopeTo('a@example.com'), bodyOf('small', 100))).rejects.toMatchObject({ kind: 'io' })
  disk.fault = () => 'none'
  clock.time += 2000
  const after = await store(spool, envelopeTo('a@example.com'), bodyOf('after', 100))
  large.write(bodyOf('large', 9000))
  expect(await committed(large)).toMatchObject({ name: 'SpoolError', kind: 'io' })
  await spool.close()
  const again = await open({ disk: disk.afterPowerCut(() => false), clock })
  expect(again.recovered.entries.map(({ id }) => id)).toEqual([after.id])
  await again.spool.close()
})

test('a full disk refuses what is new, and takes it again when there is room', async () => {
  const disk = new FakeDisk()
  const clock = stillClock()
  const { spool } = await open({ disk, clock })
  const before = await store(spool, envelopeTo('a@example.com'), bodyOf('before', 2000))
  disk.fault = ({ kind }) => (kind === 'write' ? 'full' : 'none')
  await expect(store(spool, envelopeTo('a@example.com'), bodyOf('refused', 60_000))).rejects.toMatchObject({
    name: 'SpoolError',
    kind: 'full',
  })
  // For a moment nobody is let in: a client that is told 452 comes again.
  expect(spool.begin(() => {})).toBeNull()
  disk.fault = () => 'none'
  clock.time += 1000
  const after = await store(spool, envelopeTo('a@example.com'), bodyOf('after', 9000))
  expect((await contentOf(before.body)).equals(bodyOf('before', 2000))).toBe(true)
  expect((await contentOf(after.body)).equals(bodyOf('after', 9000))).toBe(true)
  await spool.close()
  const { spool: next, recovered } = await open({ disk, clock })
  expect(recovered.entries.map(({ id }) => id)).toEqual([before.id, after.id])
  await next.close()
})

test('a sender that was waiting for room is not left waiting when the disk fails', async () => {
  const disk = new FakeDisk()
  const { spool } = await open({ disk, clock: stillClock(), segmentBytes: 8 * 1024 * 1024, pieceBytes: 256 * 1024 })
  disk.fault = ({ kind }) => (kind === 'write' ? 'io' : 'none')
  let isReady = false
  const intake = spool.begin(() => (isReady = true))!
  while (intake.write(bodyOf('large', 64 * 1024)));
  await expect.poll(() => isReady).toBe(true)
  expect(intake.write(bodyOf('large', 64 * 1024))).toBe(true)
  expect(await committed(intake)).toMatchObject({ name: 'SpoolError' })
  await spool.close()
})

test('a mark that the disk refuses is written when it takes it again', async () => {
  const disk = new FakeDisk()
  const clock = new HandClock(1_700_000_000_000)
  const { spool } = await open({ disk, clock })
  const one = await store(spool, envelopeTo('a@example.com'), bodyOf('one', 100))
  const two = await store(spool, envelopeTo('a@example.com'), bodyOf('two', 100))
  disk.fault = ({ kind }) => (kind === 'mark' ? 'io' : 'none')
  spool.done(one)
  await Promise.resolve()
  disk.fault = () => 'none'
  clock.pass(1000)
  const { recovered } = await open({ disk: disk.afterKill(), clock })
  expect(recovered.entries.map(({ id }) => id)).toEqual([two.id])
  await spool.close()
})

test('marks that a full disk refuses for one segment hold up neither those of others nor the segments that they free', async () => {
  const disk = new FakeDisk()
  const clock = new HandClock(1_700_000_000_000)
  const { spool } = await open({ disk, clock })
  const put = (name: string) => store(spool, envelopeTo('a@example.com'), bodyOf(name, 25_000))
  const segmentOf = (entry: StoredEntry) => [...spool.pool.segments.values()].find((one) => one.entries.has(entry))!
  const [waits, first, second, last] = [await put('waits'), await put('first'), await put('second'), await put('last')]
  const small = await store(spool, envelopeTo('a@example.com'), bodyOf('small', 100))
  const segments = [waits, first, second, last].map(segmentOf)
  expect(new Set(segments).size).toBe(4)
  expect(segmentOf(small)).toBe(segments[3])
  disk.fault = ({ kind, path }) => (kind === 'mark' && path !== segments[3]?.marksPath ? 'full' : 'none')
  for (const entry of [first, second, last]) spool.done(entry)
  await Promise.resolve()
  // Nothing is left in these two: no mark has to say so.
  expect(segments.map(({ inUse }) => inUse)).toEqual([true, false, false, true])
  const { recovered } = await open({ disk: disk.afterKill(), clock })
  expect(recovered.entries.map(({ id }) => id)).not.toContain(last.id)
  expect(recovered.entries.map(({ id }) => id)).toEqual(expect.arrayContaining([waits.id, small.id]))
  await spool.close()
})

test('a full disk on which no segment can be begun is not filled with empty ones', async () => {
  const disk = new FakeDisk()
  const clock = stillClock()
  disk.fault = ({ kind }) => (kind === 'sync' ? 'none' : 'full')
  const { spool } = await open({ disk, clock })
  for (let tries = 0; tries < 5; tries++) {
    await expect(store(spool, envelopeTo('a@example.com'), bodyOf('refused', 100))).rejects.toMatchObject({
      kind: 'full',
    })
    clock.time += 2000
  }
  expect(spool.pool.segments.size).toBe(0)
  expect([...disk.files.keys()].filter((path) => path.endsWith('.seg'))).toEqual([])
  disk.fault = () => 'none'
  await store(spool, envelopeTo('a@example.com'), bodyOf('taken', 100))
  await spool.close()
})

test('what is aborted, or was never committed, leaves nothing', async () => {
  const disk = new FakeDisk()
  const { spool } = await open({ disk })
  const aborted = spool.begin(() => {})!
  aborted.write(bodyOf('aborted', 20_000))
  const forgotten = spool.begin(() => {})!
  forgotten.write(bodyOf('forgotten', 20_000))
  await new Promise((resolve) => setTimeout(resolve, 5))
  aborted.abort()
  aborted.abort()
  expect(() => aborted.write(Buffer.alloc(1))).toThrow('after commit or abort')
  await spool.close()
  expect(spool.bufferedBytes).toBe(0)
  const { spool: next, recovered } = await open({ disk })
  expect(recovered.entries).toEqual([])
  expect([...next.pool.segments.values()].filter(({ inUse }) => inUse)).toEqual([])
  await next.close()
})
