import { noCapabilities } from '../../egress/capabilities.ts'
import { systemClock } from '../../mail/clock.ts'
import type { HostToTry } from '../../route/hosts.ts'
import type { PeerView } from './peer-certificate.ts'
import { type Exchange, RecordedWire } from './recorded-wire.ts'
import { type Learnt, type ProbeResult, type Script, talk } from './talk.ts'

/** One host, all that was said, and what came of it. */
export type Probed = {
  readonly host: HostToTry
  readonly exchanges: readonly Exchange[]
  readonly peer: PeerView | null
  readonly offers: readonly string[]
  readonly result: ProbeResult
  readonly tookMs: number
}

const sweepMs = 100

/** Probes one host. */
export async function probe(host: HostToTry, script: Script): Promise<Probed> {
  const { login, timeoutMs } = script
  const began = systemClock.now()
  const wire = new RecordedWire(host, systemClock, timeoutMs, login === null ? [] : formsOf(login.secret))
  const timer = setInterval(() => wire.sweep(systemClock.now()), sweepMs)
  const learnt: Learnt = { step: 'connect', peer: null, capabilities: noCapabilities, offers: [] }
  try {
    const result = await talk(wire, script, learnt)
    const { peer, offers } = learnt
    return { host, exchanges: wire.exchanges, peer, offers, result, tookMs: systemClock.now() - began }
  } finally {
    clearInterval(timer)
  }
}

/** A secret as it is and in base64, beginning at any octet of what it was sent with. */
const formsOf = (secret: string): string[] => [
  secret,
  Buffer.from(secret, 'utf8').toString('base64').replace(/=+$/, ''),
]
