import { expect, test, vi } from 'vitest'
import type { StoredEntry } from '../../src/queue/stored-entry.ts'
import { FakeDisk, type Operation } from './fake-disk.ts'
import { bodyOf, chances, contentOf, envelopeTo, open, stillClock, store } from './messages.ts'

// Hundreds of starts in each test, on a machine that may have much else to do.
vi.setConfig({ testTimeout: 120_000 })

/** What the world knows of each message at the moment of the crash. */
type World = {
  /** 250 was said. */
  readonly acknowledged: Map<string, number>
  /** Commit was asked for. */
  readonly offered: Map<string, number>
  /** It was delivered; whether the mark was written is another matter. */
  readonly delivered: Set<string>
  /** The mark that a message is done was written before the crash. */
  readonly done: Set<string>
  /** The mark of a retry was written before the crash. */
  readonly retried: Set<string>
}

/** Sizes below and above the limit for pieces (4 KiB), and some that fill a segment (32 KiB) several times. */
const sizes = [300, 5000, 1200, 9000, 40, 14_000, 2000, 4096, 600, 33_000, 700, 2500]

const newWorld = (): World => ({
  acknowledged: new Map(),
  offered: new Map(),
  delivered: new Set(),
  done: new Set(),
  retried: new Set(),
})

/** Some messages at once, so that groups form; some are delivered, some tried in vain. Stops when the disk stops. */
async function work(disk: FakeDisk, world: World, rounds: number): Promise<void> {
  const { spool } = await open({ disk, clock: stillClock() })
  const waiting: StoredEntry[] = []
  for (let round = 0; round < rounds && !disk.stopped; round++) {
    const stored = sizes.slice((round * 4) % 12, ((round * 4) % 12) + 4).map((size, index) => {
      const size2 = size + round
      let id = ''
      const one = store(spool, envelopeTo(`r${round}-${index}@example.com`), bodyOf(`m${size2}`, size2), (given) => {
        id = given
        world.offered.set(id, size2)
      })
      return one.then(
        (entry) => {
          world.acknowledged.set(id, size2)
          waiting.push(entry)
        },
        () => {},
      )
    })
    await until(disk, Promise.all(stored))
    if (disk.stopped) return
    const [first, second] = waiting.splice(0, 3)
    if (first !== undefined) {
      world.delivered.add(first.id)
      spool.done(first)
      await Promise.resolve()
      if (!disk.stopped) world.done.add(first.id)
    }
    if (second !== undefined) {
      second.recipients[0]!.set({ ...second.recipients[0]!, state: 'waiting', attempts: 7, dueAt: 99 })
      spool.mark(second, [0])
      await Promise.resolve()
      if (!disk.stopped) world.retried.add(second.id)
    }
  }
  await until(disk, spool.close())
}

/** Ends also when the disk stops, as nothing calls back then. */
async function until(disk: FakeDisk, work: Promise<unknown>): Promise<void> {
  let over = false
  const finished = work.then(() => (over = true))
  while (!over && !disk.stopped) await new Promise(setImmediate)
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  if (!disk.stopped) await finished
}

async function countOperations(): Promise<readonly Operation[]> {
  const disk = new FakeDisk()
  const operations: Operation[] = []
  disk.fault = (operation) => {
    operations.push(operation)
    return 'none'
  }
  await work(disk, newWorld(), 6)
  return operations
}

/** Starts again on what the crash left, and holds it against what the world knows. */
async function check(disk: FakeDisk, world: World, marksAreKept: boolean): Promise<void> {
  const { spool, recovered } = await open({ disk, clock: stillClock() })
  const found = new Map(recovered.entries.map((entry) => [entry.id, entry]))
  expect(found.size).toBe(recovered.entries.length)
  // A power cut may leave whole records behind one that is not; a kill leaves nothing behind a torn one.
  if (marksAreKept) expect(recovered.damaged).toBe(0)
  for (const id of world.acknowledged.keys()) {
    if (!world.delivered.has(id)) expect(found.has(id), `${id} was acknowledged and is lost`).toBe(true)
    if (marksAreKept && world.done.has(id)) expect(found.has(id), `${id} was delivered and is back`).toBe(false)
  }
  for (const [id, entry] of found) {
    const size = world.offered.get(id)
    expect(size, `${id} was never offered`).toBeDefined()
    expect((await contentOf(entry.body)).equals(bodyOf(`m${size}`, size!)), `${id} is not whole`).toBe(true)
    if (marksAreKept && world.retried.has(id)) expect(entry.recipients[0]?.attempts).toBe(7)
    // Whoever finds an unacknowledged message whole may deliver it; from now on it must not be lost either.
    world.acknowledged.set(id, size!)
  }
  // What was not acknowledged and is not there now must not come back at a later start.
  for (const id of world.offered.keys()) if (!found.has(id)) world.offered.delete(id)
  for (const id of world.acknowledged.keys()) if (!found.has(id)) world.acknowledged.delete(id)
  await spool.close()
}

const operations = await countOperations()

for (const torn of [0, 0.37, 1]) {
  test(`nothing acknowledged is lost, stopped in each of ${operations.length} operations, ${torn} of it done`, async () => {
    expect(operations.length).toBeGreaterThan(60)
    for (let stopAt = 1; stopAt <= operations.length; stopAt++) {
      const world = newWorld()
      const disk = new FakeDisk()
      disk.torn = torn
      disk.fault = ({ number }) => (number === stopAt ? 'stop' : 'none')
      await work(disk, world, 6)
      const killed = disk.afterKill()
      await check(killed, world, true)
      // And once more: the first start has left no trap for the second, nor has work between them.
      await work(killed, world, 2)
      await check(killed, world, true)
    }
  })
}

test('a power cut loses nothing acknowledged, whatever of the unsynced writes reached the disk', async () => {
  for (let stopAt = 1; stopAt <= operations.length; stopAt++) {
    for (const seed of [1, 2, 3]) {
      const world = newWorld()
      const disk = new FakeDisk()
      disk.torn = 1
      disk.fault = ({ number }) => (number === stopAt ? 'stop' : 'none')
      await work(disk, world, 6)
      const random = chances(stopAt * 10 + seed)
      const likely = [0.1, 0.5, 0.9][seed - 1]!
      const cut = disk.afterPowerCut(() => random() < likely)
      await check(cut, world, false)
      await work(cut, world, 2)
      await check(cut, world, false)
    }
  }
})

for (const fault of ['full', 'io'] as const) {
  test(`what fails with ${fault} is not acknowledged, and what was before it stays, at each operation`, async () => {
    const clock = stillClock()
    for (let failAt = 1; failAt <= operations.length; failAt++) {
      const world = newWorld()
      const disk = new FakeDisk()
      disk.fault = ({ number }) => (number >= failAt && number < failAt + 3 ? fault : 'none')
      await work(disk, world, 6)
      disk.fault = () => 'none'
      const killed = disk.afterKill()
      // A mark that the disk refused is written again later; this one was killed before.
      await check(killed, world, false)
      const { spool } = await open({ disk: killed, clock })
      const entry = await store(spool, envelopeTo('after@example.com'), bodyOf('after', 9000))
      expect((await contentOf(entry.body)).equals(bodyOf('after', 9000))).toBe(true)
      await spool.close()
    }
  })
}
