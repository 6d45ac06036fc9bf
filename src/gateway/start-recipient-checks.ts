import { randomBytes } from 'node:crypto'
import type { Resolver } from '../dns/answer.ts'
import type { SmtpCarrierOptions } from '../egress/dial.ts'
import { Sources } from '../egress/source.ts'
import { noFacts, routeOf } from '../graph/route-of.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { RecipientOperations } from '../mail/recipient-view.ts'
import { settingsOf } from '../route/next-hop-settings.ts'
import type { LearntSizes } from './learnt-sizes.ts'
import type { Live } from './live.ts'
import { type RecipientChecks, recipientChecks } from './recipient-check/recipient-checks.ts'

export type RecipientCheckParts = {
  readonly live: () => Live
  readonly resolver: Pick<Resolver, 'addresses'>
  readonly egress: SmtpCarrierOptions
  readonly learnt: LearntSizes
  readonly clock: Clock
  readonly log: Log
}

export type RunningRecipientChecks = RecipientChecks &
  RecipientOperations & {
    /** Takes the checks of a graph. */
    take(next: Pick<Live, 'control' | 'secrets'>): void
  }

/** Whether recipients exist: as long as the gateway runs, sessions under way included. */
export function startRecipientChecks({
  live,
  resolver,
  egress,
  learnt,
  clock,
  log,
}: RecipientCheckParts): RunningRecipientChecks {
  const sources = new Sources(clock, log)
  const checks = recipientChecks({
    clock,
    log,
    async lookUp(host) {
      const answer = await resolver.addresses(host)
      if (answer.kind === 'found') return answer.value
      throw new Error(answer.kind === 'none' ? `${host} has no address` : `${host} was not found out: ${answer.why}`)
    },
    route: (mailbox) => routeOf(live().evaluator, mailbox, noFacts()),
    egress,
    sources: {
      choose(nextHop, target) {
        const { control } = live()
        return sources.choose(control.egress, settingsOf(nextHop, control).egress, undefined, target)
      },
      failed: (address, why) => sources.failed(address, why),
    },
    // Nobody is called so, and nobody can learn the name to answer it differently.
    stranger: () => `no-such-user-${randomBytes(9).toString('hex')}`,
  })
  return {
    ...checks,
    sizes: () => learnt.list(clock.now()),
    flush(which) {
      const count = checks.flush(which)
      return which.kind === 'all' ? count + learnt.forget() : count
    },
    take: ({ control, secrets }) => checks.replace(control.recipientChecks ?? [], secrets),
  }
}
