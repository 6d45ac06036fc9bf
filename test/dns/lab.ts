import { randomInt } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { type CachingResolver, createResolver, type ResolverOptions } from '../../src/dns/resolver.ts'
import { type Clock, systemClock } from '../../src/mail/clock.ts'
import { type Domain, storedDomain } from '../../src/mail/domain.ts'
import { silentLog } from '../../src/mail/log.ts'
import type { ResolverSettings } from '../../src/mail/settings.ts'

export const d = (text: string): Domain => storedDomain(text)

/** A resolver on real sockets and the real clock, closed with the test. */
export function resolverOf(settings: ResolverSettings, options: Partial<ResolverOptions> = {}): CachingResolver {
  const resolver = createResolver({ settings, clock: systemClock, random: randomInt, log: silentLog, ...options })
  onTestFinished(() => resolver.close())
  return resolver
}

/** The real timers, and a `now` that the test moves on. */
export function movableClock(): Clock & { move(ms: number): void } {
  let moved = 0
  return {
    now: () => Date.now() + moved,
    setTimeout: systemClock.setTimeout,
    move: (ms) => {
      moved += ms
    },
  }
}
