import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { compact } from '../../src/queue/compaction.ts'
import type { Spool } from '../../src/queue/spool.ts'
import type { StoredEntry } from '../../src/queue/stored-entry.ts'
import { FakeDisk } from './fake-disk.ts'
import { bodyOf, contentOf, envelopeTo, open, stillClock, store } from './messages.ts'

vi.setConfig({ testTimeout: 120_000 })

/** What a message must look like, as a few lines of obvious code keep it. */
type Expected = { readonly size: number; readonly attempts: number[]; readonly delivered: boolean[] }

type Command =
  | { readonly kind: 'store'; readonly sizes: readonly number[]; readonly recipients: number }
  | { readonly kind: 'deliver' | 'retry'; readonly pick: number; readonly recipient: number }
  | { readonly kind: 'abort'; readonly size: number }
  | { readonly kind: 'full'; readonly sizes: readonly number[] }
  | { readonly kind: 'restart' | 'kill' | 'compact' }

const size = fc.oneof(fc.nat(3000), fc.nat(60_000))
const sizes = fc.array(size, { minLength: 1, maxLength: 6 })
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('store' as const), sizes, recipients: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('deliver', 'retry'), pick: fc.nat(), recipient: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('full' as const), sizes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart', 'kill', 'compact') }) },
)

class World {
  readonly model = new Map<string, Expected>()
  private readonly clock = stillClock()
  private disk = new FakeDisk()
  private spool: Spool | null = null
  private entries = new Map<string, StoredEntry>()

  async run(one: Command): Promise<void> {
    const spool = this.spool ?? (await this.start())
    switch (one.kind) {
      case 'store': {
        const to = Array.from({ length: one.recipients }, (_, i) => `r${i}@example.com`)
        const stored = await Promise.all(
          one.sizes.map((size) => store(spool, envelopeTo(...to), bodyOf(`${size}`, size))),
        )
        for (const [i, entry] of stored.entries()) {
          this.entries.set(entry.id, entry)
          this.model.set(entry.id, { size: one.sizes[i]!, attempts: to.map(() => 0), delivered: to.map(() => false) })
        }
        return
      }
      case 'deliver':
      case 'retry': {
        const entry = [...this.entries.values()][one.pick % Math.max(1, this.entries.size)]
        if (entry === undefined) return
        this.attempt(spool, entry, one.recipient % entry.recipients.length, one.kind === 'deliver')
        await Promise.resolve()
        return
      }
      case 'abort': {
        const intake = spool.begin(() => {})
        intake?.write(bodyOf('aborted', one.size))
        intake?.abort()
        return
      }
      case 'full': {
        this.disk.fault = ({ kind }) => (kind === 'write' ? 'full' : 'none')
        // A segment that was filled before still has room; a new one has not.
        await Promise.all(
          one.sizes.map((size) =>
            store(spool, envelopeTo('x@example.com'), bodyOf(`${size}`, size)).then(
              (entry) => {
                this.entries.set(entry.id, entry)
                this.model.set(entry.id, { size, attempts: [0], delivered: [false] })
              },
              (error) => expect(error).toMatchObject({ name: 'SpoolError' }),
            ),
          ),
        )
        this.disk.fault = () => 'none'
        // The pause after an error; marks that had no room are written again in it, or by the next ones.
        this.clock.time += 2000
        return
      }
      case 'compact':
        await compact(spool)
        return
      case 'restart':
        await spool.close()
        await this.start()
        return
      case 'kill':
        this.disk.stopped = true
        this.disk = this.disk.afterKill()
        await this.start()
    }
  }

  async check(): Promise<void> {
    expect([...this.entries.keys()].sort()).toEqual([...this.model.keys()].sort())
    for (const [id, { size, attempts, delivered }] of this.model) {
      const entry = this.entries.get(id)!
      expect(entry.recipients.map((slot) => slot.attempts)).toEqual(attempts)
      expect(entry.recipients.map((slot) => slot.state === 'delivered')).toEqual(delivered)
      expect((await contentOf(entry.body)).equals(bodyOf(`${size}`, size))).toBe(true)
    }
    const inUse = [...this.spool!.pool.segments.values()].filter((segment) => segment.inUse)
    for (const segment of inUse) {
      expect(segment.isNeeded, `${segment.path} is kept for nothing`).toBe(true)
      for (const entry of segment.entries) expect(this.entries.get(entry.id)).toBe(entry)
    }
  }

  private attempt(spool: Spool, entry: StoredEntry, index: number, isDelivered: boolean): void {
    const slot = entry.recipients[index]!
    if (slot.isFinal) return
    const expected = this.model.get(entry.id)!
    slot.attempts++
    expected.attempts[index]!++
    if (isDelivered) {
      slot.state = 'delivered'
      expected.delivered[index] = true
      entry.open--
    }
    if (entry.open > 0) {
      spool.mark(entry, [index])
      return
    }
    spool.done(entry)
    this.entries.delete(entry.id)
    this.model.delete(entry.id)
  }

  private async start(): Promise<Spool> {
    const { spool, recovered } = await open({ disk: this.disk, clock: this.clock })
    this.spool = spool
    this.entries = new Map(recovered.entries.map((entry) => [entry.id, entry]))
    expect(recovered.damaged).toBe(0)
    return spool
  }
}

test('the spool is a map of messages, whatever is done to it and in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 40 }), async (commands) => {
      const world = new World()
      for (const one of commands) await world.run(one)
      await world.run({ kind: 'compact' })
      await world.check()
      await world.run({ kind: 'kill' })
      await world.check()
    }),
    { numRuns: 60 },
  )
})
