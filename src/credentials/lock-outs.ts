import type { BanSettings } from '../mail/ban-settings.ts'
import { type ClientBlock, clientBlock } from '../mail/client-block.ts'
import type { IpAddress } from '../mail/ip.ts'
import { Windows } from './windows.ts'

/** An account that takes no login for a time: from one block, or (`block` is `null`) from all that are strange to it. */
export type LockOut = {
  readonly account: string
  readonly block: ClientBlock | null
  readonly since: number
  readonly until: number
}

/** A block that has logged in to an account, and when it last did. */
export type Known = { readonly account: string; readonly block: ClientBlock; readonly at: number }

/** How long a block that logged in stays known to the account. */
export const knownForMs = 30 * 86_400_000
/** Written down again no sooner: a client that logs in for each message is one line an hour. */
const refreshMs = 3_600_000
const maxAccounts = 20_000
const maxBlocksPerAccount = 16
/** Failures from many blocks, together, that close an account to strangers, as a multiple of those from one. */
const spread = 10

/**
 * Locks accounts against guessing. Whoever guesses from one block locks the account for that block alone, so nobody locks
 * out the account of another from elsewhere; who guesses from very many blocks at once locks it for strangers. Blocks that
 * have logged in to the account lately are no strangers: they keep access, whatever others do, and are slowed down and
 * banned like everybody else.
 */
export class LockOuts {
  private readonly settings: () => BanSettings['lockOut']
  private readonly windows = new Windows(maxAccounts)
  private readonly locks = new Map<string, LockOut>()
  private readonly known = new Map<string, Map<ClientBlock, number>>()

  constructor(settings: () => BanSettings['lockOut']) {
    this.settings = settings
  }

  /** The lock that keeps this client from the account, or `null`. */
  of(account: string, client: IpAddress, now: number): LockOut | null {
    if (this.locks.size === 0 || this.settings() === null) return null
    const block = clientBlock(client)
    if (this.isKnown(account, block, now)) return null
    const own = this.locks.get(keyOf(account, block))
    if (own !== undefined && own.until > now) return own
    const all = this.locks.get(keyOf(account, null))
    return all !== undefined && all.until > now ? all : null
  }

  /** A login failed. Gives the locks that came of it. */
  failed(account: string, client: IpAddress, now: number): readonly LockOut[] {
    const settings = this.settings()
    if (settings === null) return none
    const block = clientBlock(client)
    if (this.isKnown(account, block, now)) return none
    const made: LockOut[] = []
    for (const [from, most] of [
      [block, settings.failures],
      [null, settings.failures * spread],
    ] as const) {
      const key = keyOf(account, from)
      if (this.windows.add(key, now, settings.windowMs, most) < most) continue
      this.windows.forget(key)
      const lock = { account, block: from, since: now, until: now + settings.forMs }
      this.put(lock)
      made.push(lock)
    }
    return made
  }

  /** A login succeeded. Gives what is to be kept of it, `null` when that was known. */
  succeeded(account: string, client: IpAddress, now: number): Known | null {
    if (this.settings() === null) return null
    const block = clientBlock(client)
    this.windows.forget(keyOf(account, block))
    const at = this.known.get(account)?.get(block)
    if (at !== undefined && now - at < refreshMs && now >= at) return null
    const known = { account, block, at: now }
    this.putKnown(known)
    return known
  }

  put(lock: LockOut): void {
    const key = keyOf(lock.account, lock.block)
    this.locks.delete(key)
    this.locks.set(key, lock)
    if (this.locks.size > maxAccounts) this.locks.delete(this.locks.keys().next().value as string)
  }

  putKnown({ account, block, at }: Known): void {
    const blocks = this.known.get(account) ?? new Map<ClientBlock, number>()
    // The account, and the block in it, that were quiet longest come first.
    this.known.delete(account)
    this.known.set(account, blocks)
    blocks.delete(block)
    blocks.set(block, at)
    if (blocks.size > maxBlocksPerAccount) blocks.delete(blocks.keys().next().value as ClientBlock)
    if (this.known.size > maxAccounts) this.known.delete(this.known.keys().next().value as string)
  }

  /** Ends all locks of an account, and forgets its failures. Gives the locks that were in force. */
  unlock(account: string, now: number): readonly LockOut[] {
    const ended: LockOut[] = []
    for (const [key, lock] of this.locks) {
      if (lock.account !== account) continue
      this.locks.delete(key)
      this.windows.forget(key)
      if (lock.until > now) ended.push(lock)
    }
    this.windows.forget(keyOf(account, null))
    return ended
  }

  list(now: number): readonly LockOut[] {
    for (const [key, { until }] of this.locks) if (until <= now) this.locks.delete(key)
    return [...this.locks.values()]
  }

  *knownBlocks(now: number): Iterable<Known> {
    for (const [account, blocks] of this.known) {
      for (const [block, at] of blocks) if (now - at < knownForMs) yield { account, block, at }
    }
  }

  private isKnown(account: string, block: ClientBlock, now: number): boolean {
    const at = this.known.get(account)?.get(block)
    return at !== undefined && now - at < knownForMs
  }
}

const none: readonly LockOut[] = []

/** No account name has a line feed: the wire has none. */
const keyOf = (account: string, block: ClientBlock | null): string => `${account}\n${block ?? ''}`
