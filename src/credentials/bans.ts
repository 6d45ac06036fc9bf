import type { BanSettings } from '../mail/ban-settings.ts'
import { type ClientBlock, clientBlock } from '../mail/client-block.ts'
import type { IpAddress } from '../mail/ip.ts'
import { type Offence, offences } from './offence.ts'
import { Windows } from './windows.ts'

/** A client that is refused for a time, for what it did over its sessions. */
export type AutoBan = {
  /** `autoban-1a2b3c4d`: in the reply and the log. */
  readonly id: string
  readonly block: ClientBlock
  readonly offence: Offence
  /** How often, within the window. */
  readonly count: number
  /** Epoch ms. */
  readonly since: number
  readonly until: number
  /** Bans of this client so far, this one too: each lasts twice as long as the one before. */
  readonly times: number
}

export type BansParts = {
  /** `null`: the document bans nobody. */
  readonly settings: () => BanSettings | null
  /** Clients that are never banned. */
  readonly isExcepted: (client: IpAddress) => boolean
  readonly newId: () => string
}

/** Bans at one moment, those included that are over and remembered: a fault or an attack cannot fill the memory. */
export const maxBans = 20_000
/** Clients that are counted at one moment, over all offences. */
const maxCounted = 50_000

/**
 * Who is banned, and who is on the way there. A block is at one of:
 *   counted      offences within the window
 *   banned       `until` is to come
 *   remembered   it is over; the next ban lasts longer. Forgotten as long after its end as the longest ban lasts
 */
export class Bans {
  private readonly parts: BansParts
  private readonly windows = new Windows(maxCounted)
  /** Banned and remembered, the oldest first. */
  private readonly bans = new Map<ClientBlock, AutoBan>()

  constructor(parts: BansParts) {
    this.parts = parts
  }

  /** The ban of this client, if it has one now. Asked at every connection. */
  of(client: IpAddress, now: number): AutoBan | null {
    if (this.bans.size === 0) return null
    const ban = this.bans.get(clientBlock(client))
    if (ban === undefined || ban.until <= now) return null
    // What the document says now counts: it may have stopped to ban, or trust this client.
    return this.parts.settings() === null || this.parts.isExcepted(client) ? null : ban
  }

  /** Counts. Gives the ban that came of it, `null` when none did. */
  offended(client: IpAddress, offence: Offence, now: number): AutoBan | null {
    const settings = this.parts.settings()
    const most = settings === null ? null : thresholdOf(settings, offence)
    if (settings === null || most === null || this.parts.isExcepted(client)) return null
    const block = clientBlock(client)
    const count = this.windows.add(`${offence} ${block}`, now, settings.windowMs, most)
    if (count < most) return null
    const before = this.bans.get(block)
    if (before !== undefined && before.until > now) return null
    this.windows.forget(`${offence} ${block}`)
    const times = before === undefined || isForgotten(before, settings, now) ? 1 : before.times + 1
    const forMs = Math.min(settings.forMs * 2 ** Math.min(times - 1, 50), settings.maxMs)
    const ban = { id: this.parts.newId(), block, offence, count, since: now, until: now + forMs, times }
    this.put(ban)
    return ban
  }

  /** Takes over a ban of before a restart. */
  put(ban: AutoBan): void {
    this.bans.delete(ban.block)
    this.bans.set(ban.block, ban)
    if (this.bans.size > maxBans) this.bans.delete(this.bans.keys().next().value as ClientBlock)
  }

  /** Ends a ban, named by its id, its block or an address in it, and forgets what led to it. */
  lift(name: string, address: IpAddress | null): AutoBan | null {
    const block = address === null ? null : clientBlock(address)
    for (const ban of this.bans.values()) {
      if (ban.id !== name && ban.block !== name && ban.block !== block) continue
      this.drop(ban.block)
      return ban
    }
    return null
  }

  drop(block: ClientBlock): void {
    this.bans.delete(block)
    for (const offence of offences) this.windows.forget(`${offence} ${block}`)
  }

  /** Those in force, oldest first. */
  list(now: number): readonly AutoBan[] {
    return [...this.bans.values()].filter(({ until }) => until > now)
  }

  /** Also those that are over and remembered; drops what is forgotten. */
  *all(now: number): Iterable<AutoBan> {
    const settings = this.parts.settings()
    for (const ban of this.bans.values()) {
      if (settings !== null && isForgotten(ban, settings, now)) this.bans.delete(ban.block)
      else yield ban
    }
  }
}

const isForgotten = ({ until }: AutoBan, { maxMs }: BanSettings, now: number): boolean => until + maxMs <= now

function thresholdOf(settings: BanSettings, offence: Offence): number | null {
  switch (offence) {
    case 'login':
      return settings.failures
    case 'recipient':
      return settings.unknownRecipients
    case 'protocol':
      return settings.protocolErrors
    case 'http':
      return settings.httpRequests
  }
}
