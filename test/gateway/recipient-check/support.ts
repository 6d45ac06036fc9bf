import { onTestFinished } from 'vitest'
import type { SmtpCarrierOptions } from '../../../src/egress/dial.ts'
import type { Asker, Known } from '../../../src/gateway/recipient-check/asker.ts'
import { calloutAsker } from '../../../src/gateway/recipient-check/callout-asker.ts'
import { systemClock } from '../../../src/mail/clock.ts'
import type { IpAddress } from '../../../src/mail/ip.ts'
import { silentLog } from '../../../src/mail/log.ts'
import type { NextHop } from '../../../src/mail/next-hop.ts'
import { type Mailbox, parseMailbox } from '../../../src/mail/path.ts'

export function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

/** What an asker says, or why it cannot tell. */
export async function asked(asker: Asker, address: string): Promise<Known | { readonly failed: string }> {
  try {
    return await asker.ask(mailbox(address), new AbortController().signal, () => {})
  } catch (error) {
    return { failed: (error as Error).message }
  }
}

export type Callout = {
  readonly asker: Asker
  /** Events of the log. */
  readonly events: string[]
}

/** Callouts for `example.test` and `all.test` towards one port of loopback. */
export function callout(
  port: number,
  given: { perMinute?: number; timeoutMs?: number; idleMs?: number } = {},
): Callout {
  const nextHop: NextHop = { kind: 'hosts', key: `hosts:127.0.0.1:${port}`, hosts: [{ host: '127.0.0.1', port }] }
  const events: string[] = []
  const log = { ...silentLog, warn: (event: string) => void events.push(event) }
  const seconds = { connectMs: 5000, greetingMs: 5000, replyMs: 5000, dataBlockMs: 5000, dataDoneMs: 5000 }
  const egress: SmtpCarrierOptions = {
    settings: () => ({
      hostname: 'gw.example.test',
      timeouts: { commandMs: 1, dataMs: 1, sessionMs: 1, idleMs: given.idleMs ?? 5000, ...seconds },
      limits: { connectionsPerNextHop: 1, connectionsOut: 1 },
    }),
    hosts: async () => ({ kind: 'hosts', hosts: [{ name: '127.0.0.1', address: '127.0.0.1' as IpAddress, port }] }),
    denied: () => null,
    secrets: async () => '',
    clock: systemClock,
    log: silentLog,
  }
  let strangers = 0
  const asker = calloutAsker(
    {
      kind: 'callout',
      id: 'test',
      domains: ['all.test', 'example.test'],
      perMinute: given.perMinute ?? 100,
      timeoutMs: given.timeoutMs ?? 5000,
      positiveMs: 60_000,
    },
    {
      route: () => ({ kind: 'next-hop', nextHop, at: 'localMx["*"]' }),
      egress,
      sources: { choose: () => ({ kind: 'source', source: { address: null, hostname: null } }), failed() {} },
      stranger: () => `stranger${++strangers}`,
      log,
    },
  )
  onTestFinished(() => asker.close())
  return { asker, events }
}
