import { join } from 'node:path'
import type { CachingResolver } from '../dns/resolver.ts'
import type { AskOracle } from '../ingress/inquiry.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { type ListHealth, type ListHealths, listHealths } from './list-health.ts'
import type { Live } from './live.ts'
import { createOracles } from './oracles.ts'
import { Rates } from './rates.ts'
import { keepRates } from './rates-file.ts'
import type { RecipientChecks } from './recipient-check/recipient-checks.ts'
import { type WatchedFiles, watchFiles } from './watched-files.ts'

/** What sessions ask of the world, and what a person may want to know of it. */
export type RunningOracles = {
  readonly ask: AskOracle
  lists(): readonly ListHealth[]
  listStates: ListHealths['states']
  /** Another document is active. */
  forgetIds(): void
  watched: WatchedFiles['list']
  /** Counters that are kept of rates. */
  rates(): number
  close(): Promise<void>
}

export type OraclesOfGateway = {
  readonly stateDir: string
  readonly live: () => Live
  readonly resolver: CachingResolver
  readonly addressesOf: (login: string) => readonly string[]
  readonly recipients: Pick<RecipientChecks, 'ask'>
  readonly clock: Clock
  readonly log: Log
}

export async function startOracles(parts: OraclesOfGateway): Promise<RunningOracles> {
  const { stateDir, live, resolver, addressesOf, recipients, clock, log } = parts
  const healths = listHealths(resolver, clock, log)
  const rates = new Rates()
  const kept = await keepRates(join(stateDir, 'rates.ndjson'), rates, clock, log)
  const watched = watchFiles(clock, log)
  const isOurs = (name: string): boolean => {
    const { hostname, listeners } = live().control
    return name === hostname.toLowerCase() || listeners.some((one) => one.hostname.toLowerCase() === name)
  }
  return {
    ask: createOracles({ resolver, healths, rates, watched, recipients, addressesOf, isOurs, clock, log }),
    lists: healths.list,
    listStates: healths.states,
    forgetIds: healths.forgetIds,
    watched: watched.list,
    rates: () => rates.size,
    async close() {
      watched.close()
      await kept.close()
    },
  }
}
