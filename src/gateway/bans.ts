import { randomInt } from 'node:crypto'
import type { Identity } from '../admin/access.ts'
import type { Journal } from '../admin/journal.ts'
import type { BanView, LockOutView } from '../admin/operations.ts'
import { type Abuse, openAbuse } from '../credentials/abuse.ts'
import type { AutoBan } from '../credentials/bans.ts'
import type { LockOut } from '../credentials/lock-outs.ts'
import { offenceText } from '../credentials/offence.ts'
import { networkSet } from '../graph/network-set.ts'
import type { Guard } from '../ingress/guard.ts'
import type { BanSettings } from '../mail/ban-settings.ts'
import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import { type Reply, reply } from '../mail/reply.ts'

/** The bans of a gateway, where they are asked: by sessions, and by operators. */
export type BansOfGateway = {
  readonly guard: Guard
  bans(): readonly BanView[]
  lockOuts(): readonly LockOutView[]
  /** By id, address or block; `null`: there is none. */
  lift(name: string, identity: Identity): Promise<BanView | null>
  unlock(account: string, identity: Identity): Promise<readonly LockOutView[]>
  close(): Promise<void>
}

export type BansParts = {
  readonly file: string
  /** Of the active graph; `undefined`: it bans nobody. */
  readonly settings: () => BanSettings | undefined
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
}

/** @throws NodeJS.ErrnoException when the file cannot be read or written */
export async function startBans({ file, settings, journal, clock, log }: BansParts): Promise<BansOfGateway> {
  const isExcepted = exceptions(settings)
  const abuse = await openAbuse({ file, settings: () => settings() ?? null, isExcepted, clock, log, random: randomInt })
  return {
    guard: guardOf(abuse, log),
    bans: () => abuse.bans().map(banView),
    lockOuts: () => abuse.lockOuts().map(lockOutView),
    async lift(name, { actor }) {
      const ban = abuse.lift(name)
      if (ban === null) return null
      const detail = banView(ban)
      await journal.write({ actor, action: 'overlay', reason: detail.reason, result: 'removed', detail })
      return detail
    },
    async unlock(account, { actor }) {
      const detail = abuse.unlock(account).map(lockOutView)
      if (detail.length > 0) {
        await journal.write({ actor, action: 'overlay', reason: `unlock ${account}`, result: 'removed', detail })
      }
      return detail
    },
    close: abuse.close,
  }
}

/** Whom the document excepts; looked up anew when another graph is active. */
function exceptions(settings: () => BanSettings | undefined): (client: IpAddress) => boolean {
  let of: BanSettings | undefined
  let isInside = networkSet([])
  return (client) => {
    const now = settings()
    if (now !== of) {
      of = now
      isInside = networkSet(now?.except ?? [])
    }
    return isInside(client)
  }
}

const banView = ({ id, block, offence, count, since, until, times }: AutoBan): BanView => ({
  id,
  client: block,
  reason: `${count} ${offenceText[offence]}`,
  since,
  until,
  times,
})

const lockOutView = ({ account, block, since, until }: LockOut): LockOutView => ({
  account,
  client: block,
  since,
  until,
})

/** Temporary: a ban ends, and mail of somebody who had a bad day is not returned for it. */
const banned = ({ id }: AutoBan): Reply => reply(421, '4.7.0', `too many errors from your address, try later (${id})`)
/** The same whether or not the account exists and the password is right: neither was looked at. */
const locked = reply(454, '4.7.0', 'too many failed logins, try later')

/** What the gateway remembers of its clients, as sessions ask it. */
const guardOf = (abuse: Abuse, log: Log): Guard => ({
  turnsAway(client) {
    const ban = abuse.ban(client)
    return ban === null ? null : banned(ban)
  },
  offended(client, offence) {
    const ban = abuse.offended(client, offence) ?? abuse.ban(client)
    return ban === null ? null : banned(ban)
  },
  login: {
    locked(account, client) {
      const lock = abuse.lockOf(account, client)
      if (lock === null) return null
      log.info('login.locked', { account, client, until: new Date(lock.until).toISOString() })
      return locked
    },
    failed(account, client) {
      const delayMs = abuse.loginFailed(account, client)
      const ban = abuse.ban(client)
      return { delayMs, last: ban === null ? null : banned(ban) }
    },
    succeeded: (account, client) => abuse.loginSucceeded(account, client),
  },
})
