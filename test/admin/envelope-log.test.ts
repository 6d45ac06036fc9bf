import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { envelopeLines, envelopesOf } from '../../src/admin/envelope-files.ts'
import { hashLogin, hashMailbox, readKey } from '../../src/admin/envelope-hash.ts'
import { openEnvelopeLog } from '../../src/admin/envelope-log.ts'
import { type EnvelopeRecord, parseEnvelopeLine } from '../../src/mail/envelope-record.ts'
import { silentLog } from '../../src/mail/log.ts'
import { defaultEnvelopeLog, type EnvelopeLogSettings } from '../../src/mail/settings.ts'
import { HandClock } from '../queue/rig.ts'
import { tempFolder } from '../support/peer.ts'

const DAY = 86_400_000

async function rig(
  settings: EnvelopeLogSettings | null = defaultEnvelopeLog,
  folder = join(tempFolder(), 'envelopes'),
) {
  const clock = new HandClock()
  const events: string[] = []
  const note = (event: string): void => void events.push(event)
  const log = { ...silentLog, info: note, error: note }
  const envelopes = await openEnvelopeLog({ folder, settings: () => settings, clock, log })
  const names = (): string[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ndjson'))
      .sort()
  const lines = async (since = 0, until = Number.MAX_SAFE_INTEGER): Promise<EnvelopeRecord[]> => {
    const found: EnvelopeRecord[] = []
    for await (const line of envelopeLines(await envelopes.files(), since, until))
      found.push(...parseEnvelopeLine(line))
    return found
  }
  return { clock, events, envelopes, folder, names, lines }
}

const record = (clock: HandClock, part: Partial<EnvelopeRecord> = {}): EnvelopeRecord => ({
  time: clock.now(),
  listener: 'mx',
  client: '192.0.2.1',
  from: 'a@src.test',
  to: 'ann@here.test',
  size: 100,
  hops: 1,
  answers: { 'dnsbl.zen': 'clear' },
  verdict: 'accepted',
  stage: 'data',
  code: 250,
  at: 'relaying (x:1:2)',
  graph: 'g1:x',
  id: '1H8Z000000000',
  ...part,
})

test('records are gathered, and written in one piece after a second', async () => {
  const { clock, envelopes, names, folder } = await rig()
  for (let i = 0; i < 100; i++) envelopes.add(record(clock, { size: i }))
  await clock.pass(500)
  expect(names()).toEqual([])
  await clock.pass(600)
  await envelopes.files()
  expect(names()).toEqual(['2023-11-14T22-13-20.000Z.ndjson'])
  expect(readFileSync(join(folder, names()[0]!), 'utf8').trim().split('\n')).toHaveLength(100)
})

test('whoever asks for the records gets what is in memory too, from one time to another', async () => {
  const { clock, envelopes, lines } = await rig()
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    times.push(clock.now())
    envelopes.add(record(clock))
    await clock.pass(300)
  }
  expect((await lines()).map(({ time }) => time)).toEqual(times)
  expect((await lines(times[1], times[3])).map(({ time }) => time)).toEqual([times[1], times[2]])
})

test('all files together never take more than the document allows, and the newest stay', async () => {
  const maxBytes = 1024 * 1024
  const { clock, envelopes, names, folder, lines } = await rig({ ...defaultEnvelopeLog, maxBytes })
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 200; i++) envelopes.add(record(clock, { id: `R${round}` }))
    await clock.pass(1500)
    await envelopes.files()
    expect(names().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)).toBeLessThanOrEqual(maxBytes)
  }
  const kept = await lines()
  expect(kept.at(-1)!.id).toBe('R39')
  expect(kept[0]!.id).not.toBe('R0')
  expect(kept.length).toBeGreaterThan(2000)
})

test('what is older than the document keeps is removed', async () => {
  const { clock, envelopes, names, folder } = await rig({ ...defaultEnvelopeLog, keepMs: DAY })
  envelopes.add(record(clock))
  await envelopes.files()
  const [old] = names()
  utimesSync(join(folder, old!), clock.now() / 1000, clock.now() / 1000)
  await clock.pass(DAY + 1000)
  envelopes.add(record(clock))
  await envelopes.files()
  expect(names()).toHaveLength(1)
  expect(names()[0]).not.toBe(old)
})

test('a failure is told once, leaves records out, and is over by itself', async () => {
  const { clock, envelopes, events, folder, lines } = await rig()
  rmSync(folder, { recursive: true })
  writeFileSync(folder, 'a file in the place of the folder')
  for (let i = 0; i < 3; i++) {
    envelopes.add(record(clock))
    await clock.pass(61_000)
    // What was tried is over, and there is no folder to list.
    await expect(envelopes.files()).rejects.toThrow()
  }
  expect(events).toEqual(['envelopes.failed'])
  rmSync(folder)
  const next = await openEnvelopeLog({ folder, settings: () => defaultEnvelopeLog, clock, log: silentLog })
  await next.close()
  envelopes.add(record(clock, { id: 'kept' }))
  expect((await lines()).map(({ id }) => id)).toEqual(['kept'])
  expect(events).toEqual(['envelopes.failed', 'envelopes.resumed'])
})

test('off keeps nothing', async () => {
  const { clock, envelopes, names } = await rig(null)
  envelopes.add(record(clock))
  await clock.pass(2000)
  await envelopes.close()
  expect(names()).toEqual([])
})

test('what was taken before the log was turned off is written all the same', async () => {
  const clock = new HandClock()
  const folder = join(tempFolder(), 'envelopes')
  let settings: EnvelopeLogSettings | null = defaultEnvelopeLog
  const envelopes = await openEnvelopeLog({ folder, settings: () => settings, clock, log: silentLog })
  envelopes.add(record(clock))
  settings = null
  envelopes.add(record(clock, { to: 'bob@here.test' }))
  const files = await envelopes.files()
  const found: EnvelopeRecord[] = []
  for await (const line of envelopeLines(files, 0, Number.MAX_SAFE_INTEGER)) found.push(...parseEnvelopeLine(line))
  expect(found).toMatchObject([{ to: 'ann@here.test' }])
})

test('the records of one message are found by its id; unfinished and foreign lines are passed over', async () => {
  const { clock, envelopes, folder, names } = await rig()
  envelopes.add(record(clock, { id: '1H8Z000000001' }))
  envelopes.add(record(clock, { id: '1H8Z000000002', to: 'x@y.test' }))
  envelopes.add(record(clock, { id: '1H8Z000000002', to: 'z@y.test' }))
  await envelopes.files()
  const file = join(folder, names()[0]!)
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"time":1,"listener":"m`)
  const found = await envelopesOf(await envelopes.files(), '1H8Z000000002', 0)
  expect(found.map(({ to }) => to)).toEqual(['x@y.test', 'z@y.test'])
})

test('a hash is of the folded local part, of its domain, and of the key; roles and <> stay', async () => {
  const folder = tempFolder()
  const key = await readKey(join(folder, 'key'))
  expect(await readKey(join(folder, 'key'))).toEqual(key)
  expect(hashMailbox(key, 'Ann@a.test')).toBe(hashMailbox(key, 'ann@a.test'))
  expect(hashMailbox(key, '"ann"@a.test')).toBe(hashMailbox(key, 'ann@a.test'))
  expect(hashMailbox(key, 'ann@a.test').split('@')[0]).not.toBe(hashMailbox(key, 'ann@b.test').split('@')[0])
  expect(hashMailbox(await readKey(join(folder, 'other')), 'ann@a.test')).not.toBe(hashMailbox(key, 'ann@a.test'))
  expect(['<>', 'postmaster@a.test', 'Abuse@a.test'].map((one) => hashMailbox(key, one))).toEqual([
    '<>',
    'postmaster@a.test',
    'abuse@a.test',
  ])
})

test('a login is hashed as the mailbox that it is, or as a name without a domain', async () => {
  const key = await readKey(join(tempFolder(), 'key'))
  expect(hashLogin(key, 'ann@a.test')).toBe(hashMailbox(key, 'ann@a.test'))
  expect(hashLogin(key, 'ann')).toMatch(/^~[0-9a-f]{16}$/)
  expect(hashLogin(key, 'ann@evil@a.test')).toMatch(/^~[0-9a-f]{16}@a\.test$/)
})

test('with hashed local parts no login is kept as it is', async () => {
  const { clock, envelopes, lines } = await rig({ ...defaultEnvelopeLog, localParts: 'hashed' })
  envelopes.add({ ...record(clock), login: 'ann@a.test', tls: true, helo: 'mx.test' })
  expect(await lines()).toMatchObject([
    { login: expect.stringMatching(/^~[0-9a-f]{16}@a\.test$/), tls: true, helo: 'mx.test' },
  ])
  await envelopes.close()
})
