import { onTestFinished } from 'vitest'
import type { SmtpCarrierOptions, SmtpSettings } from '../../src/egress/dial.ts'
import { createSmtpCarrier, type SmtpCarrier } from '../../src/egress/smtp-carrier.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { Log, LogFields } from '../../src/mail/log.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import type { RelaySettings, Timeouts } from '../../src/mail/settings.ts'
import type { QueueEntry } from '../../src/queue/entry.ts'
import type { Attempt } from '../../src/queue/lane.ts'
import type { HostsToTry } from '../../src/route/hosts.ts'
import { type TestLane, testLane } from './lane.ts'

export const timeouts: Timeouts = {
  commandMs: 60_000,
  dataMs: 60_000,
  sessionMs: 60_000,
  connectMs: 10_000,
  greetingMs: 10_000,
  replyMs: 10_000,
  dataBlockMs: 10_000,
  dataDoneMs: 10_000,
  idleMs: 60_000,
}

/** For `expect.poll` on a busy machine: what is waited for does come. */
export const patient = { timeout: 15_000, interval: 10 }

export type ClientOptions = {
  /** Ports on 127.0.0.1, as hosts in order of preference. */
  ports: readonly number[]
  relay?: Partial<RelaySettings>
  settings?: Partial<SmtpSettings>
  options?: Partial<SmtpCarrierOptions>
}

export type Client = {
  readonly carrier: SmtpCarrier
  readonly lane: TestLane
  readonly log: { event: string; fields: LogFields }[]
  /** Hands the entries to the carrier and waits until all are settled, put back or the lane is down. */
  send(...entries: QueueEntry[]): Promise<readonly Attempt[]>
}

/** A carrier with one lane towards the ports given. Closed with the test. */
export function client({ ports, relay = {}, settings = {}, options = {} }: ClientOptions): Client {
  const log: { event: string; fields: LogFields }[] = []
  const note = (event: string, fields: LogFields = {}) => {
    log.push({ event, fields })
  }
  const recorder: Log = { debug: note, info: note, warn: note, error: note }
  const hosts = ports.map((port, i) => ({ name: `mx${i + 1}.test`, address: '127.0.0.1' as IpAddress, port }))
  const carrier = createSmtpCarrier({
    settings: () => ({
      hostname: 'gw.test',
      timeouts,
      limits: { connectionsPerNextHop: 5, connectionsOut: 20 },
      ...settings,
    }),
    hosts: async (): Promise<HostsToTry> => ({ kind: 'hosts', hosts }),
    denied: () => null,
    secrets: async () => 'secret',
    clock: systemClock,
    log: recorder,
    ...options,
  })
  onTestFinished(() => {
    carrier.close()
    const bug = log.find(({ event }) => event === 'egress.bug')
    if (bug) throw new Error(String(bug.fields['why']))
  })
  const nextHop: NextHop = {
    kind: 'relay',
    key: 'relay',
    relay: {
      name: 'relay',
      hosts: hosts.map(({ name, port }) => ({ host: name, port })),
      tls: 'may',
      auth: null,
      connections: 5,
      ...relay,
    },
  }
  const lane = testLane(nextHop)
  const send = async (...entries: QueueEntry[]) => {
    const before = lane.settled.length
    const count = () => lane.settled.length + lane.putBacks.length
    const from = count()
    const downs = lane.downs.length
    lane.add(...entries)
    carrier.wake(lane)
    await lane.until(() => count() >= from + entries.length || lane.downs.length > downs)
    return lane.settled.slice(before).flatMap((one) => one.attempts)
  }
  return { carrier, lane, log, send }
}
