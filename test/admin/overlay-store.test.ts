import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { maxOverlayMs, OverlayError, type OverlayRequest, openOverlays } from '../../src/admin/overlay-store.ts'
import type { Restriction } from '../../src/graph/overlay.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { HandClock } from '../queue/rig.ts'
import { tempFolder } from '../support/peer.ts'

const HOUR = 3_600_000
const ban: Restriction = { kind: 'ban', client: '192.0.2.1' as IpAddress }
const asked = { listener: 'mx', client: '192.0.2.1' as IpAddress, sender: undefined, recipient: undefined }

async function rig(folder = tempFolder(), clock = new HandClock()) {
  const file = join(folder, 'overlays.json')
  const changes: string[] = []
  let next = 0
  const store = await openOverlays({
    file,
    clock,
    log: silentLog,
    random: () => next++,
    changed: ({ kind, overlay }) => void changes.push(`${kind} ${overlay.id}`),
  })
  const request = (part: Partial<OverlayRequest> = {}): OverlayRequest => ({
    owner: 'ann',
    reason: 'drill',
    until: clock.now() + HOUR,
    restriction: ban,
    ...part,
  })
  return { folder, file, clock, changes, store, request }
}

test('what was added is there after a start, and a half-written file of a crash is not looked at', async () => {
  const { folder, file, clock, store, request } = await rig()
  const added = await store.add(request())
  expect(added).toMatchObject({ ok: true, value: { id: 'ban-000000', owner: 'ann', since: clock.now() } })
  writeFileSync(`${file}.tmp`, '{"format":"mailgw-ov')
  const again = await rig(folder, clock)
  expect(again.store.list()).toEqual(store.list())
  expect(again.store.restrictions.refusal(asked)).toMatchObject({ id: 'ban-000000' })
  expect(existsSync(`${file}.tmp`)).toBe(false)
})

test('an overlay ends by itself, in memory and in the file, and at a start that comes later', async () => {
  const { folder, file, clock, store, request, changes } = await rig()
  await store.add(request())
  await store.add(request({ until: clock.now() + 3 * HOUR }))
  const copy = readFileSync(file, 'utf8')
  await clock.pass(HOUR)
  expect(store.list().map(({ id }) => id)).toEqual(['ban-000001'])
  await store.add(request({ until: clock.now() + 5 * HOUR }))
  expect(changes).toEqual(['added ban-000000', 'added ban-000001', 'expired ban-000000', 'added ban-000002'])
  expect(readFileSync(file, 'utf8')).not.toContain('ban-000000')
  store.close()
  writeFileSync(file, copy)
  expect((await rig(folder, clock)).store.list().map(({ id }) => id)).toEqual(['ban-000001'])
})

test('a removal is at once, of one overlay, and no name is given twice', async () => {
  const { store, request, changes } = await rig()
  await store.add(request())
  await store.add(request())
  expect(await store.remove('ban-000000')).toMatchObject({ id: 'ban-000000' })
  expect(await store.remove('ban-000000')).toBeNull()
  expect(store.restrictions.refusal(asked)).toMatchObject({ id: 'ban-000001' })
  expect(changes.at(-1)).toBe('removed ban-000000')
})

test('without owner, reason, or an end in reach nothing is added', async () => {
  const { clock, store, request, file } = await rig()
  const wrongs: Partial<OverlayRequest>[] = [
    { owner: ' ' },
    { reason: '' },
    { until: clock.now() },
    { until: clock.now() + maxOverlayMs + 1 },
    { until: Number.NaN },
    { reason: 'two\nlines' },
    { restriction: { kind: 'allow' } as unknown as Restriction },
  ]
  for (const wrong of wrongs)
    expect(await store.add(request(wrong)), JSON.stringify(wrong)).toMatchObject({ ok: false })
  expect(store.list()).toEqual([])
  expect(existsSync(file)).toBe(false)
})

test('a file that cannot be read is an error that says what to do', async () => {
  const { folder, file, clock } = await rig()
  for (const text of ['', '{}', '{"format":"mailgw-overlays/1","overlays":[{"id":"ban-000000"}]}']) {
    writeFileSync(file, text)
    await expect(rig(folder, clock)).rejects.toThrow(OverlayError)
    await expect(rig(folder, clock)).rejects.toThrow(/mend it, or remove it/)
  }
})
