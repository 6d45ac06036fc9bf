import type { HostToTry } from '../route/hosts.ts'
import { hostLabel } from './attempt.ts'
import type { Entrance } from './auth/entrance.ts'
import type { Dialling, SmtpCarrierOptions, SmtpSettings } from './dial.ts'
import { type Greeted, greet, type TlsSeen } from './handshake.ts'
import type { Young } from './reach.ts'
import type { Source } from './source.ts'
import type { TlsPolicy } from './tls-policy/policy.ts'
import { Wire } from './wire.ts'

/** One host that may be connected to: with which TLS, and from where. */
export type Door = { readonly host: HostToTry; readonly policy: TlsPolicy; readonly source: Source }

export type Unopened = Extract<Greeted, { kind: 'refused' }>
export type Knocked = Extract<Greeted, { kind: 'open' }> | Unopened

export type Knocker = {
  readonly settings: SmtpSettings
  readonly options: SmtpCarrierOptions
  readonly dialling: Dialling
  readonly tell: (seen: TlsSeen, wire: Wire, door: Door) => void
}

/** Begins to connect. */
export function openYoung({ host, source }: Door, { settings, options, dialling }: Knocker): Young {
  const wire = new Wire(host, options.clock, settings.timeouts.connectMs, source.address)
  const close = () => wire.lose({ status: '4.3.2', why: 'given up' })
  return { wire, forget: dialling.track({ sweep: (now) => wire.sweep(now), quit: close, close }) }
}

/** One host, and once more in clear where TLS is only opportunistic and did not come about. */
export async function knock(door: Door, young: Young, entrance: Entrance, knocker: Knocker): Promise<[Wire, Knocked]> {
  const { settings, options, tell } = knocker
  const { timeouts, ca } = settings
  const { greetingMs, replyMs } = timeouts
  const hostname = door.source.hostname ?? settings.hostname
  const once = async ({ wire, forget }: Young, policy: TlsPolicy): Promise<[Wire, Greeted]> => {
    const greeted = await greet(wire, { hostname, policy, ca, ...entrance, greetingMs, replyMs })
    forget()
    return [wire, greeted]
  }
  const [wire, greeted] = await once(young, door.policy)
  tell(greeted.seen, wire, door)
  if (greeted.kind !== 'no-tls') return [wire, greeted]
  options.log.info('connection.tls-failed', { host: hostLabel(door.host), why: greeted.why })
  const [clear, inClear] = await once(openYoung(door, knocker), { ...door.policy, level: 'off' })
  if (inClear.kind === 'no-tls') throw new Error('TLS was not asked for')
  return [clear, inClear]
}
