import { randomInt } from 'node:crypto'
import type { DnsOperations } from '../admin/dns-operations.ts'
import type { CachingResolver } from '../dns/resolver.ts'
import { hostLabel } from '../egress/attempt.ts'
import type { SmtpCarrierOptions } from '../egress/dial.ts'
import type { SmtpCarrier } from '../egress/smtp-carrier.ts'
import { tlsView } from '../egress/tls-policy/tls-view.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { nextHopName } from '../mail/next-hop.ts'
import type { Queue } from '../queue/queue.ts'
import { stsPolicyView } from '../route/sts-view.ts'
import { wayOf } from '../route/way.ts'
import type { HostChoice } from './host-choice.ts'
import type { Live } from './live.ts'
import type { Overlays } from './overlays.ts'
import type { RunningTlsPolicy } from './start-tls-policy.ts'

export type DnsParts = {
  readonly live: () => Live
  readonly resolver: CachingResolver
  readonly egress: Pick<SmtpCarrierOptions, 'policies'>
  readonly smtp: Pick<SmtpCarrier, 'hops'>
  readonly overlays: Pick<Overlays, 'route'>
  readonly queue: Pick<Queue, 'laneStates'>
  readonly choice: Pick<HostChoice, 'isSelf' | 'denied'>
  readonly tlsPolicy: Pick<RunningTlsPolicy, 'stsOf'>
  readonly clock: Clock
  readonly log: Log
}

/** What an operator sees of names, and which way mail would take now. */
export function dnsOperations(parts: DnsParts): DnsOperations {
  const { live, resolver, egress, smtp, overlays, queue, choice, tlsPolicy, clock, log } = parts
  return {
    cache({ name, after, limit }) {
      const { questions, cached, shared, failed, stale, inFlight, waiting, servers } = resolver.stats()
      const all = [...resolver.view(name)].sort((a, b) => byText(keyOf(a), keyOf(b)))
      const rest = after === null ? all : all.filter((entry) => byText(keyOf(entry), after) > 0)
      return {
        now: clock.now(),
        servers,
        questions: { asked: questions, cached, shared, failed, stale, inFlight, waiting },
        total: all.length,
        entries: rest.slice(0, limit),
      }
    },
    flush(name, { actor }) {
      const count = resolver.flush(name)
      log.info('dns.flushed', { name, count, actor })
      return count
    },
    way: (mailbox, sender) =>
      wayOf(mailbox, sender, {
        evaluator: live().evaluator,
        resolver,
        isSelf: choice.isSelf,
        denied: (address) => choice.denied(address, true),
        random: randomInt,
        held(asked, route) {
          const met = overlays.route(asked, route)
          return met.kind === 'pause' ? met.why : null
        },
        tlsOf: tlsView(egress.policies),
        shunnedUntil({ key }, host) {
          const hop = smtp.hops().find(({ name }) => name === nextHopName(key))
          return hop?.shunned.find((one) => one.host === hostLabel(host))?.until ?? null
        },
        async sts(domain) {
          const finding = await tlsPolicy.stsOf(domain)
          return finding === null ? null : stsPolicyView(finding)
        },
        lane: (key) => queue.laneStates().find(({ nextHop }) => nextHop === key) ?? null,
      }),
  }
}

const keyOf = ({ name, type }: { readonly name: string; readonly type: string }): string => `${name} ${type}`

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
