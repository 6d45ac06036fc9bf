import { randomInt } from 'node:crypto'
import type { Resolver } from '../dns/answer.ts'
import { admitDestination } from '../graph/admission.ts'
import { noFacts } from '../graph/route-of.ts'
import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import type { NextHop } from '../mail/next-hop.ts'
import type { Reply } from '../mail/reply.ts'
import type { HostPort } from '../mail/settings.ts'
import { type HostsToTry, hostsToTry } from '../route/hosts.ts'
import { type IsSelf, ownHost } from '../route/own-host.ts'
import type { Live } from './live.ts'
import { ownInterfaces } from './own-interfaces.ts'

export type HostChoiceParts = {
  readonly live: () => Live
  readonly resolver: Resolver
  /** What the listeners are bound to. */
  readonly bound: () => readonly HostPort[]
  readonly clock: Clock
  readonly log: Log
}

/** What an address is forbidden by. */
export type Denied = { readonly at: string; readonly reply: Reply }

/** Which hosts a next hop has now: none that are ourselves, none that the document forbids. */
export type HostChoice = {
  readonly isSelf: IsSelf
  /** `quiet`: somebody looks, and nothing is delivered; rules that only observe write nothing to the log then. */
  denied(address: IpAddress, quiet?: boolean): Denied | null
  hosts(nextHop: NextHop): Promise<HostsToTry>
}

export function hostChoice({ live, resolver, bound, clock, log }: HostChoiceParts): HostChoice {
  const interfaces = ownInterfaces(clock)
  const isSelf: IsSelf = (address, port, name) => {
    const { hostname, listeners } = live().control
    const names = [hostname, ...listeners.map((listener) => listener.hostname)].map((text) => text.toLowerCase())
    const own = () => bound().map((one) => ({ address: one.host, port: one.port }))
    return ownHost({ names, bound: own, interfaces })(address, port, name)
  }
  const denied: HostChoice['denied'] = (address, quiet = false) => {
    const verdict = admitDestination(live().evaluator, { ...noFacts(), destination: address })
    if (!quiet && verdict.kind !== 'ask') {
      for (const { at, code, text } of verdict.notes) {
        log.info('rule.observed', { stage: 'destination', address, code, text, at })
      }
    }
    return verdict.kind === 'refuse' ? { at: verdict.winner.at, reply: verdict.reply } : null
  }
  return {
    isSelf,
    denied,
    hosts: (nextHop) =>
      hostsToTry(nextHop, resolver, { isSelf, denied: (address) => denied(address), random: randomInt }),
  }
}
