import type { BanSettings } from '../mail/ban-settings.ts'
import { type ClientBlock, clientBlock, storedBlock } from '../mail/client-block.ts'
import type { Clock } from '../mail/clock.ts'
import { type IpAddress, parseIp } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import { AbuseFile } from './abuse-file.ts'
import { type AutoBan, Bans } from './bans.ts'
import { type LockOut, LockOuts } from './lock-outs.ts'
import { type Offence, offences } from './offence.ts'
import { Windows } from './windows.ts'

export type AbuseParts = {
  readonly file: string
  /** Of the active graph; `null`: it bans nobody. */
  readonly settings: () => BanSettings | null
  readonly isExcepted: (client: IpAddress) => boolean
  readonly clock: Clock
  readonly log: Log
  /** Below `below`, as `randomInt` of node:crypto: names. */
  readonly random: (below: number) => number
}

/** What clients did over their sessions, and what it earned them: bans, locked accounts, longer waits. */
export type Abuse = {
  ban(client: IpAddress): AutoBan | null
  offended(client: IpAddress, offence: Offence): AutoBan | null
  lockOf(account: string, client: IpAddress): LockOut | null
  /** A login failed; `account` is `null` when nobody was named. Gives how long its answer waits. */
  loginFailed(account: string | null, client: IpAddress): number
  loginSucceeded(account: string, client: IpAddress): void
  bans(): readonly AutoBan[]
  lockOuts(): readonly LockOut[]
  /** By id, block or address; `null`: there is none. */
  lift(name: string): AutoBan | null
  unlock(account: string): readonly LockOut[]
  close(): Promise<void>
}

/** Where the document says nothing of bans a failed login still costs its client time, in memory alone. */
const usualDelay = { firstMs: 1000, maxMs: 10_000 }
const usualWindowMs = 600_000
const maxDelayed = 20_000
/** Doublings that are counted; no wait is longer than the limit of the document. */
const maxDoublings = 20

/** @throws what the system says when the file cannot be read or written */
export async function openAbuse({ file, settings, isExcepted, clock, log, random }: AbuseParts): Promise<Abuse> {
  // So many that two are hardly ever alike.
  const newId = (): string =>
    `autoban-${random(2 ** 32)
      .toString(16)
      .padStart(8, '0')}`
  const bans = new Bans({ settings, isExcepted, newId })
  const lockOuts = new LockOuts(() => settings()?.lockOut ?? null)
  const failures = new Windows(maxDelayed)
  const stored = new AbuseFile({ file, log, snapshot })

  function* snapshot(): Iterable<string> {
    const now = clock.now()
    for (const ban of bans.all(now)) yield lineOf('ban', ban)
    for (const lock of lockOuts.list(now)) yield lineOf('lock', lock)
    for (const known of lockOuts.knownBlocks(now)) yield lineOf('known', known)
  }

  await stored.open((line) => read(line, bans, lockOuts))

  const offended = (client: IpAddress, offence: Offence): AutoBan | null => {
    const ban = bans.offended(client, offence, clock.now())
    if (ban === null) return null
    stored.add(lineOf('ban', ban))
    log.warn('ban.made', { ...banFields(ban), client })
    return ban
  }

  return {
    ban: (client) => bans.of(client, clock.now()),
    offended,
    lockOf: (account, client) => lockOuts.of(account, client, clock.now()),
    loginFailed(account, client) {
      const now = clock.now()
      offended(client, 'login')
      if (account !== null && !isExcepted(client)) {
        for (const lock of lockOuts.failed(account, client, now)) {
          stored.add(lineOf('lock', lock))
          log.warn('account.locked', { account, block: lock.block, until: new Date(lock.until).toISOString() })
        }
      }
      const current = settings()
      const delay = current === null ? usualDelay : current.delay
      if (delay === null) return 0
      const windowMs = current?.windowMs ?? usualWindowMs
      const count = failures.add(clientBlock(client), now, windowMs, maxDoublings)
      return Math.min(delay.firstMs * 2 ** (count - 1), delay.maxMs)
    },
    loginSucceeded(account, client) {
      failures.forget(clientBlock(client))
      const known = lockOuts.succeeded(account, client, clock.now())
      if (known !== null) stored.add(lineOf('known', known))
    },
    bans: () => bans.list(clock.now()),
    lockOuts: () => lockOuts.list(clock.now()),
    lift(name) {
      const address = parseIp(name)
      const ban = bans.lift(name, address.ok ? address.value : null)
      if (ban === null) return null
      stored.add(lineOf('lift', { block: ban.block }))
      failures.forget(ban.block)
      log.warn('ban.lifted', banFields(ban))
      return ban
    },
    unlock(account) {
      const ended = lockOuts.unlock(account, clock.now())
      stored.add(lineOf('unlock', { account }))
      if (ended.length > 0) log.warn('account.unlocked', { account, blocks: ended.map(({ block }) => block) })
      return ended
    },
    close: () => stored.close(),
  }
}

const banFields = ({ id, block, offence, count, until, times }: AutoBan) => ({
  id,
  block,
  offence,
  count,
  until: new Date(until).toISOString(),
  times,
})

const lineOf = (kind: string, value: object): string => JSON.stringify({ kind, ...value })

/** Takes over one line of the file; `false`: it is none of ours. */
function read(line: string, bans: Bans, lockOuts: LockOuts): boolean {
  let value: Readonly<Record<string, unknown>>
  try {
    value = JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return false
  }
  if (typeof value !== 'object' || value === null) return false
  const { kind, id, block, offence, count, since, until, times, account, at } = value
  const known = offences.find((one) => one === offence)
  const whole = (number: unknown): number => (Number.isSafeInteger(number) && (number as number) >= 0 ? +number! : -1)
  if (kind === 'ban' || kind === 'lift') {
    if (!isBlock(block)) return false
    if (kind === 'lift') bans.drop(block)
    else {
      const numbers = [count, since, until, times].map(whole)
      if (typeof id !== 'string' || !/^autoban-[0-9a-f]{8}$/.test(id) || known === undefined) return false
      const [counted, from, to, often] = numbers as [number, number, number, number]
      if (Math.min(...numbers) < 0) return false
      bans.put({ id, block, offence: known, count: counted, since: from, until: to, times: often })
    }
    return true
  }
  if (typeof account !== 'string' || account.includes('\n')) return false
  if (kind === 'unlock') lockOuts.unlock(account, 0)
  else if (kind === 'lock') {
    if ((block !== null && !isBlock(block)) || whole(since) < 0 || whole(until) < 0) return false
    lockOuts.put({ account, block, since: whole(since), until: whole(until) })
  } else if (kind === 'known') {
    if (!isBlock(block) || whole(at) < 0) return false
    lockOuts.putKnown({ account, block, at: whole(at) })
  } else return false
  return true
}

function isBlock(value: unknown): value is ClientBlock {
  if (typeof value !== 'string') return false
  const address = parseIp(value.endsWith('/64') ? value.slice(0, -3) : value)
  return address.ok && storedBlock(value) === clientBlock(address.value)
}
