import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Abuse, openAbuse } from '../../src/credentials/abuse.ts'
import type { BanSettings } from '../../src/mail/ban-settings.ts'
import { clientBlock } from '../../src/mail/client-block.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { HandClock } from '../support/hand-clock.ts'
import { tempFolder } from '../support/peer.ts'

const minute = 60_000
const usual: BanSettings = {
  failures: 3,
  unknownRecipients: 4,
  protocolErrors: 5,
  httpRequests: 1,
  windowMs: 10 * minute,
  forMs: 60 * minute,
  maxMs: 300 * minute,
  except: [],
  delay: { firstMs: 1000, maxMs: 8000 },
  lockOut: { failures: 5, windowMs: 10 * minute, forMs: 15 * minute },
}
const address = (text: string) => text as IpAddress
const mallory = address('192.0.2.66')
const home = address('198.51.100.7')

async function abuse(over: Partial<BanSettings> | null = {}, given?: { folder: string; clock: HandClock }) {
  const { folder, clock } = given ?? { folder: tempFolder(), clock: new HandClock() }
  const file = join(folder, 'bans.ndjson')
  const events: [string, Record<string, unknown>][] = []
  const log = { ...silentLog, warn: (event: string, fields = {}) => void events.push([event, fields]) }
  const errors: [string, Record<string, unknown>][] = []
  const state: { settings: BanSettings | null } = { settings: over === null ? null : { ...usual, ...over } }
  let next = 0
  const open: Abuse = await openAbuse({
    file,
    settings: () => state.settings,
    isExcepted: (client) => client.startsWith('10.'),
    clock,
    log: { ...log, error: (event: string, fields = {}) => void errors.push([event, fields]) },
    random: () => next++,
  })
  onTestFinished(() => open.close())
  const offend = (client: IpAddress, times: number, offence: 'recipient' | 'protocol' | 'http' = 'protocol') => {
    for (let i = 0; i < times; i++) open.offended(client, offence)
  }
  const fail = (account: string, client: IpAddress, times: number) =>
    Array.from({ length: times }, () => open.loginFailed(account, client))
  return { ...open, abuse: open, file, folder, clock, events, errors, state, offend, fail }
}

describe('a ban', () => {
  test('comes of as many offences of one kind as the document says, and not before', async () => {
    const { ban, offend } = await abuse()
    offend(mallory, 4)
    offend(mallory, 3, 'recipient')
    expect(ban(mallory)).toBe(null)
    offend(mallory, 1)
    expect(ban(mallory)).toMatchObject({ block: '192.0.2.66', offence: 'protocol', count: 5, times: 1 })
    expect(ban(home)).toBe(null)
  })

  test('comes of one HTTP request where the document says so', async () => {
    const { offended } = await abuse()
    expect(offended(mallory, 'http')).toMatchObject({ offence: 'http' })
  })

  test('does not come of offences that are spread over more than the window', async () => {
    const { ban, offend, clock } = await abuse()
    for (let i = 0; i < 20; i++) {
      offend(mallory, 1)
      clock.time += 3 * minute
    }
    expect(ban(mallory)).toBe(null)
  })

  test('is of a whole /64, and of one IPv4 address', async () => {
    const { ban, offend } = await abuse()
    for (let i = 1; i <= 5; i++) offend(address(`2001:db8:0:1::${i}`), 1)
    expect(ban(address('2001:db8:0:1:ffff::1'))).toMatchObject({ block: '2001:db8:0:1::/64' })
    expect(ban(address('2001:db8:0:2::1'))).toBe(null)
    offend(mallory, 5)
    expect(ban(address('192.0.2.67'))).toBe(null)
  })

  test('ends by itself, and each further one lasts twice as long up to the longest', async () => {
    const { ban, offend, clock } = await abuse()
    const lasted: number[] = []
    for (let i = 0; i < 5; i++) {
      offend(mallory, 5)
      const { since, until } = ban(mallory)!
      lasted.push((until - since) / minute)
      clock.time = until - 1
      expect(ban(mallory)).not.toBe(null)
      clock.time = until
      expect(ban(mallory)).toBe(null)
    }
    expect(lasted).toEqual([60, 120, 240, 300, 300])
  })

  test('is forgotten when nothing came for as long as the longest one lasts', async () => {
    const { ban, offend, clock } = await abuse()
    offend(mallory, 5)
    clock.time = ban(mallory)!.until + 300 * minute
    offend(mallory, 5)
    expect(ban(mallory)).toMatchObject({ times: 1 })
  })

  test('never comes to clients that the document excepts, however they behave', async () => {
    const { ban, offend, lockOf, fail } = await abuse()
    offend(address('10.1.2.3'), 100)
    fail('ann', address('10.1.2.3'), 100)
    expect(ban(address('10.1.2.3'))).toBe(null)
    expect(lockOf('ann', address('10.1.2.3'))).toBe(null)
  })

  test('counts nothing for which the document has no number', async () => {
    const { ban, offend } = await abuse({ protocolErrors: null })
    offend(mallory, 100)
    expect(ban(mallory)).toBe(null)
  })

  test('holds no longer when the document bans nobody any more', async () => {
    const { ban, offend, state } = await abuse()
    offend(mallory, 5)
    state.settings = null
    expect(ban(mallory)).toBe(null)
    offend(home, 100)
    state.settings = usual
    expect(ban(home)).toBe(null)
    expect(ban(mallory)).not.toBe(null)
  })

  test('can be lifted by its id, its address or its block, and what led to it is forgotten', async () => {
    const { ban, offend, lift, bans } = await abuse()
    for (const name of ['id', '2001:db8::77', '2001:db8::/64']) {
      offend(address('2001:db8::1'), 5)
      const { id } = ban(address('2001:db8::1'))!
      expect(lift(name === 'id' ? id : name)).toMatchObject({ id })
      expect(bans()).toEqual([])
      offend(address('2001:db8::1'), 4)
      expect(ban(address('2001:db8::1'))).toBe(null)
      lift('2001:db8::/64')
      offend(address('2001:db8::1'), 1)
      expect(lift('2001:db8::1')).not.toBe(null)
    }
    expect(lift('autoban-00000000')).toBe(null)
    expect(lift('no such thing')).toBe(null)
  })

  test('is there after a restart, with its end and its number, and so is that it was lifted', async () => {
    const first = await abuse()
    first.offend(mallory, 5)
    first.offend(home, 5)
    first.offend(address('2001:db8::1'), 5)
    first.lift('198.51.100.7')
    const before = first.bans()
    await first.close()
    const second = await abuse({}, first)
    expect(second.bans()).toEqual(before)
    expect(second.bans()).toHaveLength(2)
    expect(second.ban(home)).toBe(null)
    second.clock.time = before[0]!.until
    second.offend(mallory, 5)
    expect(second.ban(mallory)).toMatchObject({ times: 2 })
  })
})

describe('the file of bans', () => {
  test('whose last line a crash has torn loses that line alone', async () => {
    const first = await abuse()
    first.offend(mallory, 5)
    await first.close()
    appendFileSync(first.file, '{"kind":"ban","id":"autoban-000')
    const second = await abuse({}, first)
    expect(second.bans()).toHaveLength(1)
    expect(second.errors).toEqual([])
    // What is written behind it is not glued to the torn line.
    second.offend(home, 5)
    await second.close()
    expect((await abuse({}, first)).bans()).toHaveLength(2)
  })

  test('with lines that are none of ours is told, and the others are read', async () => {
    const first = await abuse()
    first.offend(mallory, 5)
    await first.close()
    const odd = [
      'x',
      'null',
      '[]',
      '{}',
      '{"kind":"ban"}',
      '{"kind":"ban","id":"autoban-00000001","block":"10.0.0.0/8","offence":"http","count":1,"since":1,"until":9e15,"times":1}',
      '{"kind":"ban","id":"autoban-00000001","block":"192.0.2.1","offence":"x","count":1,"since":1,"until":2,"times":1}',
      '{"kind":"ban","id":"../x","block":"192.0.2.1","offence":"http","count":1,"since":1,"until":2,"times":1}',
      '{"kind":"lock","account":"a","block":"2001:db8::1/64","since":1,"until":2}',
      '{"kind":"known","account":5,"block":"192.0.2.1","at":1}',
    ]
    appendFileSync(first.file, `${odd.join('\n')}\n`)
    const second = await abuse({}, first)
    expect(second.errors).toEqual([['bans.unreadable', { file: first.file, lines: odd.length }]])
    expect(second.bans()).toHaveLength(1)
  })

  test('is readable by its owner alone, and a leftover of a crash beside it is removed', async () => {
    const folder = tempFolder()
    writeFileSync(join(folder, 'bans.ndjson.tmp'), 'half')
    const { file, offend, close } = await abuse({}, { folder, clock: new HandClock() })
    offend(mallory, 5)
    await close()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.tmp`)).toBe(false)
  })

  test('does not grow with the number of bans that came and went', async () => {
    const { file, clock, offend, abuse: open } = await abuse({ httpRequests: 1, forMs: 1, maxMs: 1 })
    let largest = 0
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 100; i++) offend(address(`192.0.${round}.${i}`), 1, 'http')
      clock.time += 1000
      await new Promise((resolve) => setTimeout(resolve, 2))
      largest = Math.max(largest, readFileSync(file, 'utf8').split('\n').length)
    }
    await open.close()
    expect(largest).toBeGreaterThan(100)
    expect(largest).toBeLessThan(3000)
  })
})

describe('a failed login', () => {
  test('costs its client more and more time, up to a limit, and a success ends that', async () => {
    const { fail, loginSucceeded } = await abuse({ failures: null, lockOut: null })
    expect(fail('ann', mallory, 6)).toEqual([1000, 2000, 4000, 8000, 8000, 8000])
    expect(fail('ann', home, 1)).toEqual([1000])
    loginSucceeded('ann', mallory)
    expect(fail('ann', mallory, 1)).toEqual([1000])
  })

  test('costs time also where the document says nothing of bans, and none where it says so', async () => {
    expect((await abuse(null)).fail('ann', mallory, 2)).toEqual([1000, 2000])
    expect((await abuse({ delay: null })).fail('ann', mallory, 2)).toEqual([0, 0])
  })

  test('bans the client when there are too many, whatever the accounts', async () => {
    const { ban, loginFailed } = await abuse()
    loginFailed('ann', mallory)
    loginFailed(null, mallory)
    expect(ban(mallory)).toBe(null)
    loginFailed('bob', mallory)
    expect(ban(mallory)).toMatchObject({ offence: 'login', count: 3 })
  })
})

describe('an account', () => {
  const noBans = { failures: null } as const

  test('that is guessed at from one network is locked for that network alone, for a time', async () => {
    const { fail, lockOf, clock } = await abuse(noBans)
    fail('ann', mallory, 4)
    expect(lockOf('ann', mallory)).toBe(null)
    fail('ann', mallory, 1)
    expect(lockOf('ann', mallory)).toMatchObject({ account: 'ann', block: '192.0.2.66' })
    // Nobody locks out the account of another from elsewhere.
    expect(lockOf('ann', home)).toBe(null)
    expect(lockOf('bob', mallory)).toBe(null)
    clock.time += 15 * minute
    expect(lockOf('ann', mallory)).toBe(null)
  })

  test('that is guessed at from very many networks is locked for strangers, and open to those who know it', async () => {
    const { fail, lockOf, loginSucceeded } = await abuse(noBans)
    loginSucceeded('ann', home)
    for (let i = 0; i < 50; i++) fail('ann', address(`203.0.113.${i}`), 1)
    expect(lockOf('ann', mallory)).toMatchObject({ account: 'ann', block: null })
    expect(lockOf('ann', home)).toBe(null)
  })

  test('is not locked for a network that has logged in to it lately, whatever comes from there', async () => {
    const { fail, lockOf, loginSucceeded, clock } = await abuse(noBans)
    loginSucceeded('ann', home)
    fail('ann', home, 100)
    expect(lockOf('ann', home)).toBe(null)
    clock.time += 30 * 86_400_000
    fail('ann', home, 5)
    expect(lockOf('ann', home)).not.toBe(null)
  })

  test('is unlocked by its name, for all networks, and its failures are forgotten', async () => {
    const { fail, lockOf, unlock, lockOuts } = await abuse(noBans)
    fail('ann', mallory, 5)
    for (let i = 0; i < 50; i++) fail('ann', address(`203.0.113.${i}`), 1)
    expect(lockOuts()).toHaveLength(2)
    expect(unlock('ann')).toHaveLength(2)
    expect(lockOf('ann', mallory)).toBe(null)
    expect(unlock('ann')).toEqual([])
    fail('ann', mallory, 4)
    expect(lockOf('ann', mallory)).toBe(null)
  })

  test('stays locked over a restart, and known networks stay known', async () => {
    const first = await abuse(noBans)
    first.loginSucceeded('ann', home)
    first.fail('ann', mallory, 5)
    first.fail('bob', mallory, 5)
    first.unlock('bob')
    await first.close()
    const second = await abuse(noBans, first)
    expect(second.lockOf('ann', mallory)).not.toBe(null)
    expect(second.lockOf('bob', mallory)).toBe(null)
    second.fail('ann', home, 100)
    expect(second.lockOf('ann', home)).toBe(null)
  })

  test('cannot be made up to fill the memory', async () => {
    const { loginFailed, lockOuts, lockOf } = await abuse({ ...noBans, lockOut: { ...usual.lockOut!, failures: 1 } })
    for (let i = 0; i < 21_000; i++) loginFailed(`made up ${i}`, mallory)
    expect(lockOuts().length).toBeLessThanOrEqual(20_000)
    expect(lockOf('made up 20999', mallory)).not.toBe(null)
  })
})

test('an address is its own block, and an IPv6 address one of /64', () => {
  const cases = [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8::/64'],
    ['::1', '::/64'],
  ] as const
  for (const [client, block] of cases) expect(clientBlock(address(client))).toBe(block)
})
