import type { Abuse } from '../credentials/abuse.ts'
import type { AutoBan } from '../credentials/bans.ts'
import type { Guard } from '../ingress/guard.ts'
import type { Log } from '../mail/log.ts'
import { type Reply, reply } from '../mail/reply.ts'

/** Temporary: a ban ends, and mail of somebody who had a bad day is not returned for it. */
const banned = ({ id }: AutoBan): Reply => reply(421, '4.7.0', `too many errors from your address, try later (${id})`)
/** The same whether or not the account exists and the password is right: neither was looked at. */
const locked = reply(454, '4.7.0', 'too many failed logins, try later')

/** What the gateway remembers of its clients, as sessions ask it. */
export const guardOf = (abuse: Abuse, log: Log): Guard => ({
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
