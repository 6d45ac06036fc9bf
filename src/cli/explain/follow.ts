import { behaviourOf, type RouteText } from '../../graph/behaviour.ts'
import type { Line } from '../../graph/evaluator.ts'
import type { Described } from '../../graph/explanation.ts'
import type { Outcome } from '../../graph/graph.ts'
import { assumedText, takenToSay } from '../../graph/oracle.ts'
import type { IpAddress } from '../../mail/ip.ts'
import { foldLogin } from '../../mail/line-facts.ts'
import { parseMailbox } from '../../mail/path.ts'
import type { HostPort } from '../../mail/settings.ts'
import type { Side } from './sides.ts'

/** What one gateway does with a message on its way, and where each copy goes from there. */
export type FollowedHop = {
  readonly gateway: string
  readonly listener: string
  readonly client: string
  readonly recipient: string
  /** Rates that nobody answered, taken as not used up. */
  readonly assumed: readonly string[]
  /** In words: refused, or that it depends on an oracle; `null` when it goes on as `goes` says. */
  readonly ends: string | null
  readonly goes: readonly {
    readonly mailbox: string
    readonly route: string
    /** The next gateway; a text where the way ends or leaves what is known. */
    readonly then: FollowedHop | string
  }[]
}

export type FollowOptions = {
  /** All gateways that are known, the first one too. */
  readonly gateways: readonly Side[]
  readonly answers: ReadonlyMap<string, Outcome>
  /** The address that a gateway connects from; `null`: its first listener's, or loopback. */
  readonly fromAddress: IpAddress | null
}

/** Follows a message through the gateways that are known, to the first host that is not. */
export function followed(first: Side, message: Described, options: FollowOptions): FollowedHop {
  return hopAt(first, message, options, [])
}

type Visited = { readonly gateway: Side; readonly recipient: string }

function hopAt(gateway: Side, message: Described, options: FollowOptions, path: readonly Visited[]): FollowedHop {
  const recipient = message.recipient?.text ?? ''
  const answers = new Map(options.answers)
  const assumed: string[] = []
  let decided = behaviourOf(gateway.evaluator, message, answers)
  while (decided.kind === 'asks') {
    const said = takenToSay(decided.oracle)
    if (said === null) break
    answers.set(decided.oracle, said)
    assumed.push(decided.oracle)
    decided = behaviourOf(gateway.evaluator, message, answers)
  }
  const here = { gateway: gateway.name, listener: message.listener, client: message.client, recipient, assumed }
  if (decided.kind === 'asks') {
    return {
      ...here,
      ends: `depends on ${decided.oracle}: --assume ${decided.oracle}=listed, clear or error`,
      goes: [],
    }
  }
  const { behaviour } = decided
  if (behaviour.kind === 'refused') {
    const { code, status, text, stage } = behaviour
    return { ...here, ends: `refused at ${stage}: ${code} ${status} ${text}`, goes: [] }
  }
  const visited = [...path, { gateway, recipient: recipient.toLowerCase() }]
  const goes = behaviour.finals.flatMap(({ mailbox, route }) => {
    const known = { mailbox, route: route.text }
    if (route.kind === 'mx') return [{ ...known, then: 'the DNS names its hosts' }]
    if (route.hosts.length === 0) return [{ ...known, then: 'stays here' }]
    return route.hosts.map((host) => ({
      ...known,
      then: next(gateway, host, { mailbox, route }, message, options, visited),
    }))
  })
  return { ...here, ends: null, goes }
}

function next(
  from: Side,
  host: HostPort,
  { mailbox, route }: { readonly mailbox: string; readonly route: RouteText },
  message: Described,
  options: FollowOptions,
  visited: readonly Visited[],
): FollowedHop | string {
  const reached = options.gateways.flatMap((gateway) => {
    const listener = listenerAt(gateway, host)
    return listener === null ? [] : [{ gateway, listener }]
  })[0]
  const where = `${host.host}:${host.port}`
  if (reached === undefined) return `${where} is no gateway that is known here`
  const start = visited.findIndex((one) => one.gateway === reached.gateway && one.recipient === mailbox.toLowerCase())
  if (start >= 0) {
    const loop = [...visited.slice(start).map(({ gateway }) => gateway.name), reached.gateway.name]
    return `${where} is ${reached.gateway.name} again: a loop, ${loop.join(' -> ')}`
  }
  const parsed = parseMailbox(mailbox)
  if (!parsed.ok) return parsed.error
  const client = options.fromAddress ?? addressOf(from)
  return hopAt(
    reached.gateway,
    {
      ...message,
      ...lineTo(from, reached, route),
      listener: reached.listener,
      client,
      recipient: parsed.value,
      hops: (message.hops ?? 0) + 1,
    },
    options,
    visited,
  )
}

/** What the next gateway knows of the line: it is encrypted where the route demands it, or where both can. */
function lineTo(
  from: Side,
  { gateway, listener }: { readonly gateway: Side; readonly listener: string },
  { tls, user }: RouteText,
): Line {
  const { listeners } = gateway.bundle.graph.control
  const offered = listeners.find(({ name }) => name === listener)?.tls !== undefined
  return {
    tls: tls === 'encrypt' || tls === 'verify' || (tls === 'may' && offered),
    login: user === null ? null : foldLogin(user),
    certificate: null,
    helo: from.bundle.graph.control.hostname,
  }
}

/** The listener that a connection to this host and port comes to; by address, or by a name of the gateway. */
function listenerAt({ bundle }: Side, { host, port }: HostPort): string | null {
  const { hostname, listeners } = bundle.graph.control
  for (const listener of listeners) {
    const isNamed = [hostname, listener.hostname].some((name) => name.toLowerCase() === host.toLowerCase())
    for (const bind of listener.bind) {
      if (bind.port !== port) continue
      const isEvery = bind.host === '0.0.0.0' || bind.host === '::'
      if (bind.host === host || isNamed || (isEvery && isLoopback(host))) return listener.name
    }
  }
  return null
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

function addressOf({ bundle }: Side): IpAddress {
  const host = bundle.graph.control.listeners[0]?.bind[0]?.host ?? '127.0.0.1'
  return (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host) as IpAddress
}

/** One line a step, deeper with each gateway. */
export function followedText(hop: FollowedHop, depth = 0): string {
  const pad = '  '.repeat(depth)
  const lines = [`${pad}${hop.gateway}, listener ${hop.listener}: from ${hop.client}, to ${hop.recipient}`]
  const taken = assumedText(hop.assumed)
  if (taken !== null) lines.push(`${pad}  ${taken}`)
  if (hop.ends !== null) lines.push(`${pad}  => ${hop.ends}`)
  for (const { mailbox, route, then } of hop.goes) {
    lines.push(`${pad}  ${mailbox} ${route}`)
    lines.push(typeof then === 'string' ? `${pad}  => ${then}` : followedText(then, depth + 1).trimEnd())
  }
  return `${lines.join('\n')}\n`
}
