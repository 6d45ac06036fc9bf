import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Answer } from '../../../src/dns/answer.ts'
import type { Fetched } from '../../../src/dns/mta-sts/fetch.ts'
import { openMtaSts } from '../../../src/dns/mta-sts/mta-sts.ts'
import { policyFiles } from '../../../src/dns/mta-sts/stored.ts'
import { silentLog } from '../../../src/mail/log.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { tempFolder } from '../../support/peer.ts'

const day = 86_400_000
const body = (mode: string, mx = 'mx1.dst.test', maxAge = 604_800): Fetched => ({
  kind: 'body',
  body: `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: ${maxAge}\n`,
})
const down: Fetched = { kind: 'failed', of: 'fetch', why: 'connection refused' }
const record = (id: string): Answer<readonly string[]> => ({
  kind: 'found',
  value: [`v=STSv1; id=${id};`],
  ttlMs: 0,
})
const noRecord: Answer<readonly string[]> = { kind: 'none', nxdomain: true }

async function site(folder = join(tempFolder(), 'mta-sts'), clock = new HandClock()) {
  const world = {
    txt: record('1') as Answer<readonly string[]> | 'silent',
    file: body('enforce') as Fetched | 'silent',
    asked: 0,
    fetches: 0,
  }
  const sts = await openMtaSts({
    resolver: {
      txt: async () => {
        world.asked++
        return world.txt === 'silent' ? await new Promise(() => {}) : world.txt
      },
    },
    fetch: async () => {
      world.fetches++
      return world.file === 'silent' ? await new Promise(() => {}) : world.file
    },
    files: policyFiles(folder, silentLog),
    clock,
    log: silentLog,
  })
  onTestFinished(() => sts.close())
  const mode = async () => {
    const found = await sts.find('dst.test')
    return found.kind === 'policy' ? found.known.policy.mode : 'none'
  }
  return { sts, world, mode, clock, folder }
}

// D4 MTA-STS
describe('policies that are known (RFC 8461 §3.3, §5.1)', () => {
  test('one is fetched once, for however many ask', async () => {
    const { sts, world } = await site()
    await Promise.all(Array.from({ length: 20 }, () => sts.find('dst.test')))
    await sts.find('dst.test')
    expect(world.fetches).toBe(1)
  })

  test('without a TXT record nobody is asked by HTTPS', async () => {
    const { world, mode } = await site()
    world.txt = noRecord
    expect(await mode()).toBe('none')
    expect(world.fetches).toBe(0)
  })

  test('it holds when the record is gone, cannot be looked up, or the server is down', async () => {
    const { world, mode, clock } = await site()
    expect(await mode()).toBe('enforce')
    world.txt = noRecord
    world.file = down
    expect(await mode()).toBe('enforce')
    world.txt = { kind: 'failed', why: 'SERVFAIL' }
    clock.pass(2 * day)
    expect(await mode()).toBe('enforce')
  })

  test('it ends with its max_age', async () => {
    const { world, mode, clock } = await site()
    await mode()
    world.txt = noRecord
    world.file = down
    clock.pass(7 * day + 1)
    expect(await mode()).toBe('none')
  })

  test('another id in the DNS is another policy, at once', async () => {
    const { world, mode } = await site()
    await mode()
    world.txt = record('2')
    world.file = body('testing')
    expect(await mode()).toBe('testing')
    expect(world.fetches).toBe(2)
  })

  test('another id whose policy cannot be had leaves the one before, and is not asked for again for five minutes', async () => {
    const { sts, world, mode, clock } = await site()
    await mode()
    world.txt = record('2')
    world.file = down
    expect(await mode()).toBe('enforce')
    expect(await mode()).toBe('enforce')
    expect(world.fetches).toBe(2)
    expect(sts.list()[0]).toMatchObject({ id: '1', refreshFailed: 'connection refused' })
    clock.pass(300_001)
    world.file = body('testing')
    expect(await mode()).toBe('testing')
  })

  test('a policy that nobody can read is none, and the one before stays', async () => {
    const { sts, world, mode } = await site()
    world.file = { kind: 'body', body: '<html>' }
    expect(await sts.find('dst.test')).toMatchObject({ kind: 'none', problem: { type: 'sts-policy-invalid' } })
    world.txt = record('2')
    world.file = body('enforce')
    expect(await mode()).toBe('enforce')
    world.txt = record('3')
    world.file = { kind: 'body', body: '<html>' }
    expect(await mode()).toBe('enforce')
  })

  test('a server that is not who it should be is told apart for reports', async () => {
    const { sts, world } = await site()
    world.file = { kind: 'failed', of: 'webpki', why: 'expired' }
    expect(await sts.find('dst.test')).toEqual({
      kind: 'none',
      problem: { type: 'sts-webpki-invalid', why: 'expired' },
    })
  })

  test('one that is used is fetched anew once a day, long before it expires', async () => {
    const { sts, world, mode, clock } = await site()
    await mode()
    const expiry = () => sts.list()[0]!.expiresAt
    const before = expiry()
    for (let hour = 0; hour < 26; hour++) {
      clock.pass(3_600_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await expect.poll(() => world.fetches).toBe(2)
    await expect.poll(expiry).toBeGreaterThan(before)
  })

  test('a TXT record that does not come is not waited for longer than twenty seconds, nor again within a minute', async () => {
    const { sts, world, clock } = await site()
    world.txt = 'silent'
    const found = sts.find('dst.test')
    clock.pass(20_000)
    expect(await found).toEqual({ kind: 'none', problem: null })
    await sts.find('dst.test')
    expect(world.asked).toBe(1)
  })

  test('mode none takes a policy back', async () => {
    const { world, mode } = await site()
    await mode()
    world.txt = record('2')
    world.file = body('none')
    expect(await mode()).toBe('none')
  })
})

describe('policies on disk', () => {
  test('a restart knows what was known, though nobody answers any more', async () => {
    const first = await site()
    await first.mode()
    first.sts.close()
    const second = await site(first.folder, first.clock)
    second.world.txt = noRecord
    second.world.file = down
    expect(await second.mode()).toBe('enforce')
    expect(second.world.fetches).toBe(0)
  })

  test('what has expired meanwhile is removed', async () => {
    const first = await site()
    await first.mode()
    first.sts.close()
    first.clock.pass(8 * day)
    const second = await site(first.folder, first.clock)
    expect(second.sts.list()).toEqual([])
    expect(readdirSync(first.folder)).toEqual([])
  })

  test('no name from the wire becomes a file name', async () => {
    const { sts, folder } = await site()
    await sts.find('../../../etc/passwd')
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)])
  })

  test('a file of another name, half a file and a crash are no policy', async () => {
    const first = await site()
    await first.mode()
    const [name] = readdirSync(first.folder)
    first.sts.close()
    writeFileSync(join(first.folder, `${'0'.repeat(64)}.json`), JSON.stringify({ domain: 'dst.test' }))
    writeFileSync(join(first.folder, `${'1'.repeat(64)}.json`), '{"domain":')
    writeFileSync(join(first.folder, `${'2'.repeat(64)}.json.tmp`), '')
    const second = await site(first.folder, first.clock)
    expect(second.sts.list()).toHaveLength(1)
    expect(readdirSync(first.folder)).toEqual([name])
  })
})
