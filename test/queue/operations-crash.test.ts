import { expect, test, vi } from 'vitest'
import type { QueueAction } from '../../src/queue/operations.ts'
import { envelopeTo } from '../spool/messages.ts'
import { nothing, ok, type Rig, rig, settled, toDomain } from './rig.ts'

// A start for each operation of the disk, and each action.
vi.setConfig({ testTimeout: 60_000 })

const by = 'ann'
const actions: readonly QueueAction[] = [
  { kind: 'hold', by, reason: 'why' },
  { kind: 'release' },
  { kind: 'drop', by, reason: 'why' },
  { kind: 'fail', by, reason: 'why', notify: true },
  { kind: 'reroute', via: 'bart' },
]

const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@dead.example`)

/** Three messages for five recipients, which wait for a next hop that is down; held where the action releases. */
async function begun(action: QueueAction): Promise<Rig> {
  const r = await rig({ whyNotVia: () => null })
  await r.store(envelopeTo(names[0]!))
  await r.store(envelopeTo(names[1]!, names[2]!, names[3]!))
  await r.store(envelopeTo(names[4]!))
  r.carrier.lane('dead.example').down('connect: timed out', null)
  if (action.kind === 'release') await r.operate({ kind: 'hold', by, reason: 'why' })
  return r
}

/** What is seen of each recipient; notifications under the name of their receiver. */
async function seen(r: Rig): Promise<ReadonlyMap<string, string>> {
  const rows = await r.list({ limit: 1000 })
  return new Map(
    rows.map(({ recipient, state, via, heldBy }) => [recipient, `${state} ${via ?? '-'} ${heldBy ?? '-'}`]),
  )
}

for (const action of actions) {
  test(`killed in each operation of the disk: ${action.kind} was done to a recipient or was not, and once answered it was`, async () => {
    const before = await seen(await begun(action))
    const counted = await begun(action)
    const from = counted.disk.operations
    await counted.operate(action)
    const operations = counted.disk.operations - from
    await counted.restart()
    const after = await seen(counted)
    expect(operations).toBeGreaterThan(1)
    let [undone, done] = [0, 0]
    for (let stopAt = 1; stopAt <= operations; stopAt++) {
      for (const torn of [0, 0.5, 1]) {
        const r = await begun(action)
        const limit = r.disk.operations + stopAt
        r.disk.torn = torn
        r.disk.fault = ({ number }) => (number === limit ? 'stop' : 'none')
        let isAnswered = false
        void r.queue
          .operate({ selector: { ...nothing, all: true }, action, dryRun: false, atMost: null })
          .then(({ isDurable }) => (isAnswered = isDurable))
        await settled()
        const killed = await rig({}, r)
        await settled()
        const found = await seen(killed)
        for (const name of names) {
          const state = found.get(name)
          if (isAnswered) expect(state).toBe(after.get(name))
          expect([before.get(name), after.get(name)], `${name}: stopped at ${stopAt}, ${torn} of it`).toContain(state)
          if (state === before.get(name)) undone++
          else done++
        }
        // Whoever was given up is gone only when his sender has his notification.
        if (action.kind === 'fail' && names.some((name) => !found.has(name))) {
          expect(found.has('sender@src.example')).toBe(true)
        }
      }
    }
    // The test has seen both.
    expect(undone).toBeGreaterThan(0)
    expect(done).toBeGreaterThan(0)
  })
}

test('after a kill the action may be said again, and does the rest', async () => {
  const action: QueueAction = { kind: 'drop', by, reason: 'why' }
  const r = await begun(action)
  const limit = r.disk.operations + 1
  r.disk.fault = ({ number }) => (number === limit ? 'stop' : 'none')
  r.disk.torn = 0.6
  void r.queue.operate({ selector: { ...nothing, all: true }, action, dryRun: false, atMost: null })
  await settled()
  const killed = await rig({}, r)
  await settled()
  await killed.operate(action)
  expect(killed.queue.counts().messages).toBe(0)
  await killed.restart()
  expect(killed.queue.counts().messages).toBe(0)
})

test('what was released goes on after a kill as if it had never been held', async () => {
  const r = await begun({ kind: 'release' })
  await r.operate({ kind: 'release' })
  const killed = await rig({}, r)
  killed.route = toDomain
  await settled()
  const lane = killed.carrier.lane('dead.example')
  for (let delivery = lane.take(); delivery !== null; delivery = lane.take()) {
    delivery.settle(delivery.recipients.map(() => ok))
  }
  expect(killed.queue.counts().messages).toBe(0)
})
