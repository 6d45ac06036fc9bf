import type { Log } from '../../mail/log.ts'
import type { Pair } from './certificate.ts'

const dayMs = 86_400_000

/** From so many days on it is warned of, once a day: enough to renew by hand, and less than what machines leave. */
export const warnDays = 14

/** Full days that are left; negative: it has expired. */
export const daysLeft = (notAfter: number, now: number): number => Math.floor((notAfter - now) / dayMs)

/** Tells of certificates that expire soon, have expired, or are not valid yet. */
export function watchExpiry(log: Log): { look(pairs: Iterable<Pair>, now: number): void } {
  /** By the name of the certificate: what was told last. */
  const told = new Map<string, string>()
  return {
    look(pairs, now) {
      for (const { settings, notBefore, notAfter } of pairs) {
        const left = daysLeft(notAfter, now)
        const early = now < notBefore
        if (!early && left >= warnDays) {
          told.delete(settings.name)
          continue
        }
        const state = `${notBefore} ${notAfter} ${early ? 'early' : left}`
        if (told.get(settings.name) === state) continue
        told.set(settings.name, state)
        const fields = { certificate: settings.name, file: settings.certificate }
        if (early) log.error('certificate.not-valid-yet', { ...fields, notBefore: new Date(notBefore).toISOString() })
        else {
          const expiring = { ...fields, notAfter: new Date(notAfter).toISOString(), daysLeft: left }
          if (now >= notAfter) log.error('certificate.expired', expiring)
          else log.warn('certificate.expires', expiring)
        }
      }
    },
  }
}
