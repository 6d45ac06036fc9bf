import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { silentLog } from '../../src/mail/log.ts'
import { realDisk } from '../../src/queue/disk.ts'
import { aligned } from '../../src/queue/record.ts'
import type { StoredEntry } from '../../src/queue/stored-entry.ts'
import { tempFolder } from '../support/peer.ts'
import { FakeDisk } from './fake-disk.ts'
import { bodyOf, contentOf, envelopeTo, open, store } from './messages.ts'

const sizes = [0, 1, 100, 2048, 4095, 4096, 4097, 16 * 1024, 40_000, 200_000]

test('a message of any size is read back as it came, also after a restart', async () => {
  const dir = tempFolder()
  const bodies = new Map<string, Buffer>()
  const first = await open({ dir, disk: realDisk })
  for (const size of sizes) {
    const body = randomBytes(size)
    const entry = await store(first.spool, envelopeTo('a@example.com', 'b@example.net'), body)
    bodies.set(entry.id, body)
    expect(entry.body.sizeBytes).toBe(size)
    expect((await contentOf(entry.body)).equals(body)).toBe(true)
    if (entry.body.chunks !== null) expect(Buffer.concat(entry.body.chunks).equals(body)).toBe(true)
  }
  await first.spool.close()

  const { spool, recovered } = await open({ dir })
  expect(recovered.entries.map(({ id }) => id)).toEqual([...bodies.keys()])
  for (const entry of recovered.entries) {
    expect(entry.body.chunks).toBeNull()
    expect((await contentOf(entry.body)).equals(bodies.get(entry.id)!)).toBe(true)
    expect(entry.envelope).toEqual(envelopeTo('a@example.com', 'b@example.net'))
    for await (const piece of entry.body.read()) expect(piece.length).toBeLessThanOrEqual(256 * 1024)
  }
  await spool.close()
})

test('a recipient keeps its state over a restart, and a message that is done is gone', async () => {
  const disk = new FakeDisk()
  const first = await open({ disk })
  const done = await store(first.spool, envelopeTo('a@example.com'), bodyOf('done', 100))
  const half = await store(
    first.spool,
    envelopeTo('a@example.com', 'b@example.com', 'c@example.com'),
    bodyOf('half', 100),
  )
  first.spool.done(done)
  const state = {
    state: 'waiting',
    attempts: 3,
    dueAt: 12345,
    lastReply: { code: 451, status: '4.7.1', text: 'greylisted\nsecond line é' },
    lastHost: 'mx1.example.com[192.0.2.1]:25',
    why: null,
    nextHop: 'mx:example.com',
    lastAttemptAt: 7,
    hold: null,
    via: null,
    isWarned: false,
    isExpansionTold: false,
  } as const
  half.recipients[0]!.set({ ...state, state: 'delivered' })
  half.recipients[1]!.set(state)
  first.spool.mark(half, [0, 1])
  await first.spool.close()

  const { spool, recovered } = await open({ disk })
  expect(recovered.entries.map(({ id }) => id)).toEqual([half.id])
  const [entry] = recovered.entries
  expect(entry?.recipients[0]).toMatchObject({ ...state, state: 'delivered' })
  expect(entry?.recipients[1]).toMatchObject(state)
  expect(entry?.recipients[2]).toMatchObject({ state: 'waiting', attempts: 0, lastReply: null })
  expect(entry?.open).toBe(2)
  await spool.close()
})

test('a spool is read whatever the size of segments was, and new ones have the new size', async () => {
  const disk = new FakeDisk()
  const first = await open({ disk })
  const old = await store(first.spool, envelopeTo('a@example.com'), bodyOf('old', 50_000))
  await first.spool.close()
  const { spool, recovered } = await open({ disk, segmentBytes: 128 * 1024 })
  expect((await contentOf(recovered.entries[0]!.body)).equals(bodyOf('old', 50_000))).toBe(true)
  const next = await store(spool, envelopeTo('a@example.com'), bodyOf('new', 2000))
  expect(next.place.piece.segment.sizeBytes).toBe(128 * 1024)
  expect(recovered.entries[0]?.id).toBe(old.id)
  await spool.close()
})

test('segments are used again when nothing in them is needed', async () => {
  const disk = new FakeDisk()
  const { spool } = await open({ disk })
  for (let i = 0; i < 400; i++) {
    const entry = await store(spool, envelopeTo('a@example.com'), bodyOf(`message ${i}`, i % 10 === 0 ? 20_000 : 3000))
    spool.done(entry)
  }
  expect(spool.pool.segments.size).toBeLessThanOrEqual(5)
  expect(spool.memory.usedBytes).toBe(0)
  await spool.close()
})

test('a sender of a large message waits when the disk is slower than the network', async () => {
  const disk = new FakeDisk()
  const { spool } = await open({ disk, segmentBytes: 8 * 1024 * 1024, pieceBytes: 256 * 1024 })
  let ready = 0
  const intake = spool.begin(() => ready++)!
  const chunk = bodyOf('large', 64 * 1024)
  let written = 0
  while (intake.write(chunk)) written += chunk.length
  expect(written).toBeGreaterThanOrEqual(512 * 1024)
  expect(written).toBeLessThanOrEqual(512 * 1024 + 128 * 1024)
  expect(ready).toBe(0)
  await expect.poll(() => ready).toBe(1)
  intake.abort()
  await spool.close()
})

test('many slow senders with a little each do not fill the memory', async () => {
  const { spool } = await open({ disk: new FakeDisk(), segmentBytes: 8 * 1024 * 1024, pieceBytes: 256 * 1024 })
  const intakes = Array.from({ length: 200 }, () => spool.begin(() => {})!)
  for (const intake of intakes) {
    intake.write(bodyOf(intake.id, 200_000))
    expect(spool.bufferedBytes).toBeLessThanOrEqual(16 * 1024 * 1024)
    await new Promise(setImmediate)
  }
  const stored = intakes.map(
    (intake) =>
      new Promise<void>((resolve, reject) =>
        intake.commit(envelopeTo('a@example.com'), { dots: false, eightBit: false }, (error) =>
          error === null ? resolve() : reject(error),
        ),
      ),
  )
  await Promise.all(stored)
  expect(spool.bufferedBytes).toBe(0)
  await spool.close()
})

test('bodies stay in memory up to the budget and are read from the log beyond it', async () => {
  const { spool } = await open({ disk: new FakeDisk(), memoryBytes: 5000 })
  const one = await store(spool, envelopeTo('a@example.com'), bodyOf('one', 3000))
  const two = await store(spool, envelopeTo('a@example.com'), bodyOf('two', 3000))
  expect(one.body.chunks).not.toBeNull()
  expect(two.body.chunks).toBeNull()
  expect((await contentOf(two.body)).equals(bodyOf('two', 3000))).toBe(true)
  spool.done(one)
  const three = await store(spool, envelopeTo('a@example.com'), bodyOf('three', 3000))
  expect(three.body.chunks).not.toBeNull()
  await spool.close()
})

test('an octet that changed on the disk is found when the body is read, and costs no other message', async () => {
  const disk = new FakeDisk()
  const first = await open({ disk })
  const hurt = await store(first.spool, envelopeTo('a@example.com'), bodyOf('hurt', 2000))
  const well = await store(first.spool, envelopeTo('a@example.com'), bodyOf('well', 2000))
  await first.spool.close()
  const restarted = await open({ disk })
  await restarted.spool.close()
  const { segment, at } = hurt.place.piece
  disk.files.get(segment.path)!.seen[at + 1000]! ^= 1

  const { spool, recovered } = await open({ disk })
  const [one, two] = recovered.entries
  expect(one?.id).toBe(hurt.id)
  await expect(contentOf(one!.body)).rejects.toThrow(/checksum/)
  expect(two?.id).toBe(well.id)
  expect((await contentOf(two!.body)).equals(bodyOf('well', 2000))).toBe(true)
  await spool.close()
})

test('an octet that changed where the log ended costs the message that it is in, and no other, at any start', async () => {
  const disk = new FakeDisk()
  const first = await open({ disk })
  const entries: StoredEntry[] = []
  for (const [name, bytes] of [
    ['one', 2000],
    ['two', 2000],
    // In two pieces, with a record of its own behind them.
    ['three', 9000],
    ['four', 300],
    ['five', 2000],
  ] as const) {
    entries.push(await store(first.spool, envelopeTo('a@example.com'), bodyOf(name, bytes)))
  }
  const [, two, three] = entries as [StoredEntry, StoredEntry, StoredEntry]
  const places = [
    // Body, text and header of a record, and a piece.
    { of: two, at: two.place.piece.at + 100 },
    { of: two, at: two.place.piece.at - 20 },
    { of: two, at: aligned(two.place.piece.at + two.place.piece.bytes) - two.place.recordBytes + 8 },
    { of: three, at: three.place.chunks[0]!.at + 50 },
  ]
  expect(new Set(entries.map(({ place }) => place.piece.segment)).size).toBe(1)
  for (const { of, at } of places) {
    // Nothing was closed in order: there is no seal.
    const hurt = disk.afterKill()
    hurt.files.get(of.place.piece.segment.path)!.seen[at]! ^= 4
    const said: string[] = []
    const log = { ...silentLog, error: (event: string) => void said.push(event) }
    for (let start = 0; start < 2; start++) {
      const { spool, recovered } = await open({ disk: hurt, log })
      expect(recovered.entries.map(({ id }) => id)).toEqual(entries.filter((one) => one !== of).map(({ id }) => id))
      expect(said).toContain('spool.damaged')
      for (const { body } of recovered.entries) await contentOf(body)
      await spool.close()
    }
  }
  await first.spool.close()
})

test('a damaged record in a sealed segment is said, and the records behind it are found', async () => {
  const disk = new FakeDisk()
  const first = await open({ disk })
  const entries = []
  for (const name of ['one', 'two', 'three']) {
    entries.push(await store(first.spool, envelopeTo('a@example.com'), bodyOf(name, 2000)))
  }
  await first.spool.close()
  await (await open({ disk })).spool.close()
  const { segment, at } = entries[1]!.place.piece
  disk.files.get(segment.path)!.seen[at - 20]! ^= 1

  const { spool, recovered } = await open({ disk })
  expect(recovered.damaged).toBe(1)
  expect(recovered.entries.map(({ id }) => id)).toEqual([entries[0]!.id, entries[2]!.id])
  await spool.close()
})
