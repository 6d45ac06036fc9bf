import { expect, test, vi } from 'vitest'
import { compact } from '../../src/queue/compaction.ts'
import type { Spool } from '../../src/queue/spool.ts'
import type { StoredEntry } from '../../src/queue/stored-entry.ts'
import { FakeDisk } from './fake-disk.ts'
import { bodyOf, contentOf, envelopeTo, open, stillClock, store } from './messages.ts'

vi.setConfig({ testTimeout: 120_000 })

/** Many delivered messages, and few between them that wait: each keeps a segment. */
async function sparse(spool: Spool): Promise<readonly StoredEntry[]> {
  const waiting: StoredEntry[] = []
  for (let i = 0; i < 240; i++) {
    const size = i % 40 === 7 ? 6000 : 2000
    const entry = await store(spool, envelopeTo('a@example.com', 'b@example.com'), bodyOf(`w${i}`, size))
    if (i % 20 === 7) waiting.push(entry)
    else spool.done(entry)
  }
  for (const entry of waiting) {
    entry.recipients[1]!.set({ ...entry.recipients[1]!, state: 'delivered', attempts: 1 })
    spool.mark(entry, [1])
  }
  await Promise.resolve()
  return waiting
}

const nameOf = (index: number): { name: string; size: number } => {
  const i = 7 + index * 20
  return { name: `w${i}`, size: i % 40 === 7 ? 6000 : 2000 }
}

async function expectAll(entries: readonly StoredEntry[], ids: readonly string[]): Promise<void> {
  expect(entries.map(({ id }) => id)).toEqual(ids)
  for (const [index, entry] of entries.entries()) {
    const { name, size } = nameOf(index)
    expect((await contentOf(entry.body)).equals(bodyOf(name, size))).toBe(true)
    expect(entry.recipients.map(({ state }) => state)).toEqual(['waiting', 'delivered'])
    expect(entry.envelope).toEqual(envelopeTo('a@example.com', 'b@example.com'))
  }
}

test('few messages that wait do not keep many segments', async () => {
  const disk = new FakeDisk()
  const { spool } = await open({ disk, clock: stillClock() })
  const waiting = await sparse(spool)
  const ids = waiting.map(({ id }) => id)
  const before = [...spool.pool.segments.values()].filter(({ inUse }) => inUse).length
  expect(await compact(spool)).toBeGreaterThan(0)
  const after = [...spool.pool.segments.values()].filter(({ inUse }) => inUse).length
  expect(before).toBeGreaterThan(10)
  expect(after).toBeLessThanOrEqual(9)
  expect(await compact(spool)).toBe(0)
  await expectAll(waiting, ids)
  await spool.close()
  const again = await open({ disk, clock: stillClock() })
  await expectAll(again.recovered.entries, ids)
  await again.spool.close()
})

test('a message that ends while it is moved does not come back', async () => {
  const disk = new FakeDisk()
  const { spool } = await open({ disk, clock: stillClock() })
  const waiting = await sparse(spool)
  const compacting = compact(spool)
  for (const entry of waiting) {
    await new Promise(setImmediate)
    spool.done(entry)
  }
  await compacting
  await spool.close()
  const { spool: next, recovered } = await open({ disk, clock: stillClock() })
  expect(recovered.entries).toEqual([])
  await next.close()
})

test('a crash at any operation of a move leaves each message once and whole', async () => {
  const count = { operations: 0, from: 0 }
  for (let stopAfter = 0; ; stopAfter++) {
    const disk = new FakeDisk()
    const { spool } = await open({ disk, clock: stillClock() })
    const ids = (await sparse(spool)).map(({ id }) => id)
    count.from = disk.operations
    const stopAt = disk.operations + 1 + stopAfter
    disk.torn = 0.5
    disk.fault = ({ number }) => (number === stopAt ? 'stop' : 'none')
    let over = false
    compact(spool).then(
      () => (over = true),
      () => (over = true),
    )
    while (!over && !disk.stopped) await new Promise(setImmediate)
    const killed = disk.afterKill()
    const { spool: next, recovered } = await open({ disk: killed, clock: stillClock() })
    expect(recovered.damaged).toBe(0)
    await expectAll(recovered.entries, ids)
    await next.close()
    count.operations = stopAfter
    if (!disk.stopped) break
  }
  expect(count.operations).toBeGreaterThan(15)
})

test('what is marked after a move is not forgotten, although the old record may still be there', async () => {
  const disk = new FakeDisk()
  const { spool } = await open({ disk, clock: stillClock() })
  const waiting: StoredEntry[] = []
  for (let i = 0; i < 150; i++) {
    const entry = await store(spool, envelopeTo('a@example.com'), bodyOf(`${i}`, i % 5 === 0 ? 100 : 3000))
    if (i % 5 === 0) waiting.push(entry)
    else spool.done(entry)
  }
  const places = new Map(waiting.map((entry) => [entry, entry.place]))
  const compacting = compact(spool)
  let moved: StoredEntry | undefined
  while (moved === undefined) {
    await new Promise(setImmediate)
    moved = waiting.find((entry) => entry.place !== places.get(entry))
  }
  const old = places.get(moved)!.piece.segment
  spool.done(moved)
  await Promise.resolve()
  // The others of its segment are still there, so nothing has been written over it.
  expect(old.entries.size).toBeGreaterThan(0)
  disk.stopped = true
  const { spool: next, recovered } = await open({ disk: disk.afterKill(), clock: stillClock() })
  expect(recovered.entries.map(({ id }) => id)).toEqual(waiting.map(({ id }) => id).filter((id) => id !== moved.id))
  await next.close()
  compacting.catch(() => {})
})
