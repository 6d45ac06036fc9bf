import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import type { NextHop } from '../mail/next-hop.ts'
import type { Reply } from '../mail/reply.ts'
import type { Limits, SecretRef, Timeouts } from '../mail/settings.ts'
import type { HostsToTry, HostToTry } from '../route/hosts.ts'
import { hostLabel } from './attempt.ts'
import { NoCredentials } from './auth/credentials.ts'
import { type Entrance, entered, entranceOf, renewedEntrance } from './auth/entrance.ts'
import type { Capabilities } from './capabilities.ts'
import { type Greeted, greet, type TlsSeen } from './handshake.ts'
import type { Tokens } from './oauth/tokens.ts'
import {
  type FindPolicies,
  type HostPolicy,
  levelOf,
  policyOfLevel,
  type TlsPolicy,
  type TlsResult,
} from './tls-policy/policy.ts'
import { Wire } from './wire.ts'

/** Read anew for each connection: the gateway may have another graph by then. */
export type SmtpSettings = {
  /** Our name in EHLO. */
  readonly hostname: string
  readonly timeouts: Timeouts
  readonly limits: Pick<Limits, 'connectionsPerNextHop' | 'connectionsOut'>
  /** Certificate authorities for the TLS level `verify`, PEM; absent: those of Node. */
  readonly ca?: string | readonly string[]
}

export type SmtpCarrierOptions = {
  readonly settings: () => SmtpSettings
  readonly hosts: (nextHop: NextHop) => Promise<HostsToTry>
  /** Asked right before connecting. Why this address may not be connected to, or `null`. */
  readonly denied: (address: IpAddress) => string | null
  readonly secrets: (reference: SecretRef) => Promise<string>
  /** Access tokens of relays that want them; absent: there are none. */
  readonly tokens?: Tokens
  readonly clock: Clock
  readonly log: Log
  /** What TLS each host must have; absent: what the route says, and nobody is asked. */
  readonly policies?: FindPolicies
  /** Told how TLS went with each host that has a policy to report on. */
  readonly onTls?: (result: TlsResult) => void
  readonly messagesPerConnection?: number
  /** Whether both directions together have room for one more connection; absent: they do not share. */
  readonly hasRoom?: () => boolean
}

/**
 * `open`       a session that MAIL may be sent on, and how many hosts there were to choose from
 * `refused`    no host will take this mail, ever; `host` when one said so itself
 * `down`       no host takes it now; `status` of class 4
 */
export type Dialled =
  | {
      readonly kind: 'open'
      readonly wire: Wire
      readonly capabilities: Capabilities
      readonly choices: number
      readonly policy: TlsPolicy
    }
  | { readonly kind: 'refused'; readonly reply: Reply; readonly host: string | null }
  | { readonly kind: 'down'; readonly status: string; readonly why: string; readonly reply: Reply | null }

/** Hosts that could not be used lately, by label, with the time (epoch ms) from which they are as good as any other. */
export type Shunned = Map<string, number>

/** How long a host that could not be reached is tried after the others. */
const shunMs = 60_000

/** Something with a deadline that can be given up: at once by `close`, when its work allows it by `quit`. */
export type Tracked = { sweep(now: number): void; quit(): void; close(): void }

export type Dialling = {
  readonly shunned: Shunned
  /** Labels of hosts that are not to be tried. */
  readonly without: ReadonlySet<string>
  /** Is told of each connection while it is young; gives the function that forgets it. */
  track(one: Tracked): () => void
  /** True when nobody wants the connection any more. */
  stopped(): boolean
}

/** Connects to the first host in order that opens a session (RFC 5321 §5.1). */
export async function dial(nextHop: NextHop, options: SmtpCarrierOptions, dialling: Dialling): Promise<Dialled> {
  const { shunned, without } = dialling
  const { clock, log } = options
  const settings = options.settings()
  let answer: HostsToTry
  let entrance: Entrance
  let policyOf: (host: HostToTry) => Promise<HostPolicy>
  try {
    const [found, policies] = await Promise.all([options.hosts(nextHop), options.policies?.(nextHop)])
    answer = found
    const ofRoute: HostPolicy = { kind: 'policy', policy: policyOfLevel(levelOf(nextHop)) }
    policyOf = policies === undefined ? async () => ofRoute : (host) => policies.of(host)
    entrance = await entranceOf(nextHop, options)
  } catch (error) {
    const status = error instanceof NoCredentials ? error.status : '4.3.5'
    return { kind: 'down', status, why: (error as Error).message, reply: null }
  }
  if (answer.kind === 'failed') return { kind: 'down', status: answer.status, why: answer.why, reply: null }
  if (answer.kind === 'refused') {
    return { kind: 'refused', reply: { code: answer.code, status: answer.status, text: answer.why }, host: null }
  }

  const now = clock.now()
  const isShunned = (host: HostToTry) => Number((shunned.get(hostLabel(host)) ?? 0) > now)
  const hosts = answer.hosts.filter((host) => !without.has(hostLabel(host))).sort((a, b) => isShunned(a) - isShunned(b))
  let last: Dialled = { kind: 'down', status: '4.4.1', why: 'no host to try', reply: null }
  /** True while every host so far has said that it will never take mail (RFC 7504), or may not be asked. */
  let forGood = true

  for (const host of hosts) {
    if (dialling.stopped()) return { kind: 'down', status: '4.3.2', why: 'given up', reply: null }
    const label = hostLabel(host)
    const denied = options.denied(host.address)
    if (denied !== null) {
      last = { kind: 'refused', reply: { code: 550, status: '5.7.1', text: denied }, host: null }
      continue
    }
    const decided = await policyOf(host)
    if (decided.kind === 'unusable') {
      const { status, why, failure, published } = decided
      log.info('connection.failed', { nextHop: nextHop.key, host: label, command: 'connect', status, why })
      if (published !== null) options.onTls?.({ nextHop, host, published, failure, from: null })
      forGood = false
      last = { kind: 'down', status, why: `${label}: ${why}`, reply: null }
      continue
    }
    const { policy } = decided
    const { published } = policy
    const tell = (seen: TlsSeen, wire: Wire) => {
      if (published === null || seen === null) return
      options.onTls?.({ nextHop, host, published, failure: seen.failure, from: wire.localAddress })
    }
    let [wire, greeted] = await knock(host, policy, entrance, settings, options, dialling, tell)
    if (greeted.kind === 'refused' && greeted.command === 'auth') {
      const renewed = await renewedEntrance(nextHop, greeted.reply, entrance, options)
      if (renewed !== null) {
        entrance = renewed
        ;[wire, greeted] = await knock(host, policy, entrance, settings, options, dialling, tell)
      }
    }
    if (greeted.kind === 'open') {
      entered(nextHop, entrance, options)
      shunned.delete(label)
      return { kind: 'open', wire, capabilities: greeted.capabilities, choices: answer.hosts.length, policy }
    }
    shunned.set(label, clock.now() + shunMs)
    const { reply, status, why, command } = greeted
    log.info('connection.failed', {
      nextHop: nextHop.key,
      host: label,
      command,
      code: reply?.code,
      reply: reply?.text,
      status,
      why,
    })
    if (command === 'auth') log.warn('connection.credentials-refused', { nextHop: nextHop.key, host: label, why })
    if (reply?.code === 521) last = { kind: 'refused', reply, host: label }
    else {
      forGood = false
      last = {
        kind: 'down',
        status,
        why: `${label}: ${reply === null ? why : `${why}: ${reply.code} ${reply.text}`}`,
        reply,
      }
    }
  }
  if (last.kind === 'refused' && !forGood) {
    return { kind: 'down', status: '4.4.1', why: last.reply.text, reply: null }
  }
  return last
}

type Unopened = Extract<Greeted, { kind: 'refused' }>
type Knocked = Extract<Greeted, { kind: 'open' }> | Unopened

/** One host, and once more in clear where TLS is only opportunistic and did not come about. */
async function knock(
  host: HostToTry,
  policy: TlsPolicy,
  entrance: Entrance,
  { hostname, timeouts, ca }: SmtpSettings,
  { clock, log }: SmtpCarrierOptions,
  dialling: Dialling,
  tell: (seen: TlsSeen, wire: Wire) => void,
): Promise<[Wire, Knocked]> {
  const { greetingMs, replyMs } = timeouts
  const once = async (policy: TlsPolicy): Promise<[Wire, Greeted]> => {
    const wire = new Wire(host, clock, timeouts.connectMs)
    const close = () => wire.lose({ status: '4.3.2', why: 'given up' })
    const forget = dialling.track({ sweep: (now) => wire.sweep(now), quit: close, close })
    const greeted = await greet(wire, { hostname, policy, ca, ...entrance, greetingMs, replyMs })
    forget()
    return [wire, greeted]
  }
  const [wire, greeted] = await once(policy)
  tell(greeted.seen, wire)
  if (greeted.kind !== 'no-tls') return [wire, greeted]
  log.info('connection.tls-failed', { host: hostLabel(host), why: greeted.why })
  const [clear, inClear] = await once({ ...policy, level: 'off' })
  if (inClear.kind === 'no-tls') throw new Error('TLS was not asked for')
  return [clear, inClear]
}

/** Connections at one moment towards one next hop. */
export const connectionLimit = (nextHop: NextHop, { limits }: SmtpSettings): number =>
  Math.min(nextHop.kind === 'relay' ? nextHop.relay.connections : limits.connectionsPerNextHop, limits.connectionsOut)
