import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import type { NextHop } from '../mail/next-hop.ts'
import type { DestinationSettings, EgressPool, NextHopSettings } from '../mail/next-hop-settings.ts'
import type { Reply } from '../mail/reply.ts'
import type { Limits, SecretRef, Timeouts } from '../mail/settings.ts'
import type { HostsToTry, HostToTry } from '../route/hosts.ts'
import { hostLabel } from './attempt.ts'
import { NoCredentials } from './auth/credentials.ts'
import { type Entrance, entered, entranceOf, renewedEntrance } from './auth/entrance.ts'
import { refusalMeaning } from './auth/refusal-meaning.ts'
import type { Capabilities } from './capabilities.ts'
import { inTurn, type Turns, tookTurn } from './equals.ts'
import { type Door, type Knocker, knock, openYoung } from './knock.ts'
import type { Tokens } from './oauth/tokens.ts'
import { reach, rivalOf } from './reach.ts'
import type { Placing } from './sites.ts'
import type { Chosen, Source } from './source.ts'
import {
  type FindPolicies,
  type HostPolicy,
  levelOf,
  policyOfLevel,
  type TlsPolicy,
  type TlsResult,
} from './tls-policy/policy.ts'
import type { Wire } from './wire.ts'

/** Read anew for each connection: the gateway may have another graph by then. */
export type SmtpSettings = {
  /** Our name in EHLO. */
  readonly hostname: string
  readonly timeouts: Timeouts
  readonly limits: Pick<Limits, 'connectionsPerNextHop' | 'connectionsOut'>
  /** Pools of source addresses; absent: the system chooses. */
  readonly egress?: readonly EgressPool[]
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
  /** What the graph says of one next hop; absent: nothing of any. Read anew after `retire`. */
  readonly nextHop?: (nextHop: NextHop) => NextHopSettings
  /** What the graph says of all next hops that have this MX host as their nearest; `null`: nothing. */
  readonly site?: (nextHop: NextHop, host: string) => DestinationSettings | null
  /** A reaction suspends the next hop, as an operator would. `false`, or absent: it is a back-off of that time. */
  readonly suspend?: (nextHop: NextHop, forMs: number, why: string) => boolean
  /** Told of each session that opens, and what its host offers. */
  readonly onOpen?: (nextHop: NextHop, host: string, capabilities: Capabilities) => void
  readonly messagesPerConnection?: number
  /** Whether both directions together have room for one more connection; absent: they do not share. */
  readonly hasRoom?: () => boolean
}

/**
 * `open`       a session that MAIL may be sent on, and how many hosts there were to choose from
 * `refused`    no host will take this mail, ever; `host` when one said so itself
 * `down`       no host takes it now; `status` of class 4
 * `later`      the hosts are those of a site that has no room now; nobody was asked
 */
export type Dialled =
  | {
      readonly kind: 'open'
      readonly wire: Wire
      readonly capabilities: Capabilities
      readonly choices: number
      readonly policy: TlsPolicy
      readonly source: Source
    }
  | Closed
  | { readonly kind: 'later' }

/** No session. */
export type Closed =
  | { readonly kind: 'refused'; readonly reply: Reply; readonly host: string | null }
  | {
      readonly kind: 'down'
      readonly status: string
      readonly why: string
      readonly reply: Reply | null
      /** How long; absent: as the schedule says. */
      readonly forMs?: number
    }

/** Hosts that could not be used lately, by label, with the time (epoch ms) from which they are as good as any other. */
export type Shunned = Map<string, number>

/** How long a host that could not be reached is tried after the others. */
const shunMs = 60_000

/** Something with a deadline that can be given up: at once by `close`, when its work allows it by `quit`. */
export type Tracked = { sweep(now: number): void; quit(): void; close(): void }

export type Dialling = {
  readonly shunned: Shunned
  /** Absent: hosts that are equally near come as chance has it. */
  readonly turns?: Turns
  /** Labels of hosts that are not to be tried. */
  readonly without: ReadonlySet<string>
  /** Is told of each connection while it is young; gives the function that forgets it. */
  track(one: Tracked): () => void
  /** True when nobody wants the connection any more. */
  stopped(): boolean
  /** Where a connection to this address comes from. */
  source(target: IpAddress): Chosen
  /** A socket could not be bound to its source address. */
  unbindable(source: Source, why: string): void
  /** A place for a second connection beside the one that is being opened; `null`: there is none. */
  room(): (() => void) | null
  /** What a host said in place of opening a session. */
  refused(reply: Reply): void
  /** Whether a connection may be made to these hosts, found by MX; absent: it may. */
  placed?(hosts: readonly HostToTry[]): Placing
}

const unfound: Closed = { kind: 'down', status: '4.4.3', why: 'the DNS has not answered yet', reply: null }

/**
 * Waits for names and policies of strangers as long as nobody else wants the place: who has domains whose servers do not
 * answer must not hold all places with them. `null`: it is to be given back.
 */
async function unlessEnded<T>({ kind }: NextHop, dialling: Dialling, work: () => Promise<T>): Promise<T | null> {
  if (kind !== 'mx') return await work()
  let end = () => {}
  const ended = new Promise<null>((resolve) => {
    end = () => resolve(null)
  })
  const forget = dialling.track({ sweep() {}, quit: end, close: end })
  try {
    return await Promise.race([work(), ended])
  } finally {
    forget()
  }
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
    const found = await unlessEnded(nextHop, dialling, () =>
      Promise.all([options.hosts(nextHop), options.policies?.(nextHop)]),
    )
    if (found === null) return unfound
    const [hosts, policies] = found
    answer = hosts
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
  const placing = nextHop.kind === 'mx' ? (dialling.placed?.(answer.hosts) ?? null) : null
  if (placing !== null) return placing

  const knocker: Knocker = {
    settings,
    options,
    dialling,
    tell(seen, wire, { host, policy: { published, flaw } }) {
      if (published === null || seen === null) return
      options.onTls?.({ nextHop, host, published, failure: seen.failure ?? flaw, from: wire.localAddress })
    },
  }
  /** Whether the host may be connected to at all, and how; nothing has been sent to it yet. */
  const admit = async (host: HostToTry): Promise<Door | Closed> => {
    const label = hostLabel(host)
    const denied = options.denied(host.address)
    if (denied !== null) return { kind: 'refused', reply: { code: 550, status: '5.7.1', text: denied }, host: null }
    const decided = await policyOf(host)
    if (decided.kind === 'unusable') {
      const { status, why, failure, published, forGood } = decided
      log.info('connection.failed', { nextHop: nextHop.key, host: label, command: 'connect', status, why })
      if (published !== null) options.onTls?.({ nextHop, host, published, failure, from: null })
      if (forGood) return { kind: 'refused', reply: { code: 550, status, text: why }, host: null }
      return { kind: 'down', status, why: `${label}: ${why}`, reply: null }
    }
    const chosen = dialling.source(host.address)
    if (chosen.kind === 'source') return { host, policy: decided.policy, source: chosen.source }
    const { why } = chosen
    log.info('connection.failed', { nextHop: nextHop.key, host: label, command: 'connect', status: '4.4.1', why })
    return { kind: 'down', status: '4.4.1', why: `${label}: ${why}`, reply: null }
  }

  const now = clock.now()
  const isShunned = (host: HostToTry) => Number((shunned.get(hostLabel(host)) ?? 0) > now)
  const hosts = inTurn(answer, dialling.turns)
    .filter((host) => !without.has(hostLabel(host)))
    .sort((a, b) => isShunned(a) - isShunned(b))
  let last: Closed = { kind: 'down', status: '4.4.1', why: 'no host to try', reply: null }
  /** True while every host so far has said that it will never take mail (RFC 7504), or may not be asked. */
  let forGood = true

  for (let first = hosts.shift(); first !== undefined; first = hosts.shift()) {
    if (dialling.stopped()) return { kind: 'down', status: '4.3.2', why: 'given up', reply: null }
    const next = first
    const admitted = (await unlessEnded(nextHop, dialling, () => admit(next))) ?? unfound
    if ('kind' in admitted) {
      forGood &&= admitted.kind === 'refused'
      last = admitted
      continue
    }
    const rival = rivalOf(first, hosts)
    const { door, young } = await reach(admitted, rival === null ? null : () => admitRival(rival), {
      open: (one) => openYoung(one, knocker),
      room: dialling.room,
      clock,
    })
    const { host } = door
    const label = hostLabel(host)
    if (host !== first) {
      // The slower of the two is tried after the other now, and after all others for a while.
      hosts.splice(hosts.indexOf(host), 1, first)
      shunned.set(hostLabel(first), clock.now() + shunMs)
    }
    let [wire, greeted] = await knock(door, young, entrance, knocker)
    if (wire.bindFailure !== null) {
      // Not the host's fault: it is tried from another address, if the pool has one.
      dialling.unbindable(door.source, wire.bindFailure)
      if (door.source.address !== null) hosts.unshift(host)
      continue
    }
    if (greeted.kind === 'refused' && greeted.command === 'auth') {
      const renewed = await renewedEntrance(nextHop, greeted.reply, entrance, options)
      if (renewed !== null) {
        entrance = renewed
        ;[wire, greeted] = await knock(door, openYoung(door, knocker), entrance, knocker)
      }
    }
    if (greeted.kind === 'open') {
      entered(nextHop, entrance, options)
      shunned.delete(label)
      const { policy, source } = door
      options.onOpen?.(nextHop, label, greeted.capabilities)
      const capabilities = tookTurn(host, answer, greeted.capabilities, dialling.turns)
      return { kind: 'open', wire, capabilities, choices: answer.hosts.length, policy, source }
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
    if (reply !== null) dialling.refused(reply)
    if (command === 'auth') {
      const meaning = refusalMeaning(reply)
      log.warn('connection.credentials-refused', { nextHop: nextHop.key, host: label, why, meaning })
    }
    if (reply?.code === 521) last = { kind: 'refused', reply, host: label }
    // REQUIRETLS cannot be met here, today or tomorrow (RFC 8689 §4.2.1).
    else if (reply === null && status.startsWith('5.')) {
      last = { kind: 'refused', reply: { code: 550, status, text: `${label}: ${why}` }, host: null }
    } else {
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

  async function admitRival(host: HostToTry): Promise<Door | null> {
    const admitted = await admit(host)
    return 'kind' in admitted ? null : admitted
  }
}
