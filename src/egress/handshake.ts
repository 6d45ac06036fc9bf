import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Reply } from '../mail/reply.ts'
import type { Attempt } from '../queue/lane.ts'
import { authenticate } from './auth/authenticate.ts'
import type { Entrance } from './auth/entrance.ts'
import { type Capabilities, noCapabilities, parseCapabilities } from './capabilities.ts'
import { authorities } from './tls-policy/authorities.ts'
import { failureOf } from './tls-policy/peer-check.ts'
import type { TlsFailure, TlsPolicy } from './tls-policy/policy.ts'
import { type Wire, WireError } from './wire.ts'

export type Greeting = Entrance & {
  /** Our name in EHLO. */
  readonly hostname: string
  /** What must hold for this host. */
  readonly policy: TlsPolicy
  /** Certificate authorities for `pkix`; `undefined`: those of Node. */
  readonly ca: string | readonly string[] | undefined
  readonly greetingMs: number
  readonly replyMs: number
}

/**
 * How TLS went, for whoever counts it: `null` when it was not tried (level `off`, or the host did not come so far),
 * otherwise what was wrong with it, which at the levels below `verify` need not have ended the session.
 */
export type TlsSeen = { readonly failure: TlsFailure | null } | null

/**
 * `open`        mail may be sent
 * `refused`     not on this connection; `reply` is what the host said, `null` when it said nothing
 * `no-tls`      opportunistic TLS did not come about: the same host again, in clear (RFC 7435)
 */
export type Greeted =
  | { readonly kind: 'open'; readonly capabilities: Capabilities; readonly seen: TlsSeen }
  | {
      readonly kind: 'refused'
      readonly command: Attempt['command']
      readonly reply: Reply | null
      readonly status: string
      readonly why: string
      readonly seen: TlsSeen
    }
  | { readonly kind: 'no-tls'; readonly why: string; readonly seen: TlsSeen }

type Progress = { command: Attempt['command']; seen: TlsSeen }

/** From the greeting to the point where MAIL may be sent. The wire is closed unless the outcome is `open`. */
export async function greet(wire: Wire, settings: Greeting): Promise<Greeted> {
  const step: Progress = { command: 'connect', seen: null }
  try {
    await wire.connected()
    const greeted = await talk(wire, settings, step)
    if (greeted.kind !== 'open') hangUp(wire)
    else if (wire.closed) throw new WireError({ status: '4.4.2', why: 'connection closed right after the greeting' })
    return greeted
  } catch (error) {
    wire.close()
    if (!(error instanceof WireError)) throw error
    const { status, why } = error.lost
    return { kind: 'refused', command: step.command, reply: null, status, why, seen: step.seen }
  }
}

async function talk(wire: Wire, settings: Greeting, step: Progress): Promise<Greeted> {
  const { hostname, policy, replyMs } = settings
  const { level } = policy
  // What cannot be met for REQUIRETLS is told the sender at once (RFC 8689 §4.2.1).
  const lacking = policy.requireTls ? { tls: '5.7.10', proof: '5.7.10' } : { tls: '4.7.4', proof: '4.7.5' }
  const refused = (reply: Reply | null, status: string, why: string): Greeted => ({
    kind: 'refused',
    command: step.command,
    reply,
    status: reply?.status ?? status,
    why,
    seen: step.seen,
  })

  if (settings.implicitTls) {
    const failure = await secured(wire, settings, step)
    if (failure !== null) return refused(null, lacking.proof, failure)
  }
  const greeting = await wire.ask(null, settings.greetingMs, 'greeting')
  if (greeting.code !== 220) return refused(greeting, '4.3.2', 'the host does not take mail now')

  step.command = 'ehlo'
  let hello = await ehlo(wire, hostname, replyMs)
  if (hello.kind === 'refused') return refused(hello.reply, '4.3.2', 'EHLO and HELO refused')

  if (level !== 'off' && !settings.implicitTls) {
    step.command = 'starttls'
    const because = `TLS is required (${level} by ${policy.by}: ${policy.why})`
    const notOffered: TlsFailure = { type: 'starttls-not-supported', detail: 'the host does not offer STARTTLS' }
    if (hello.capabilities.starttls) {
      const answer = await wire.ask('STARTTLS\r\n', replyMs, 'answer to STARTTLS')
      if (answer.code === 220) {
        const failure = await secured(wire, settings, step)
        if (failure !== null) {
          if (level === 'may') return { kind: 'no-tls', why: failure, seen: step.seen }
          return refused(null, lacking.proof, level === 'verify' ? `${failure} (${because})` : failure)
        }
        // RFC 3207 §4.2: nothing that was learnt before TLS counts.
        step.command = 'ehlo'
        hello = await ehlo(wire, hostname, replyMs)
        if (hello.kind === 'refused') return refused(hello.reply, '4.3.2', 'EHLO refused after STARTTLS')
      } else {
        step.seen = { failure: { type: 'starttls-not-supported', detail: `STARTTLS refused: ${answer.code}` } }
        if (answer.code === 421) return refused(answer, '4.3.2', 'the host closed the session at STARTTLS')
        if (level !== 'may') return refused(answer, '4.7.4', `${because}, and the host refused STARTTLS`)
      }
    } else {
      step.seen = { failure: notOffered }
      if (level !== 'may') return refused(null, lacking.tls, `${because}, and the host does not offer STARTTLS`)
    }
  }

  if (policy.requireTls && !hello.capabilities.requireTls) {
    return refused(null, '5.7.30', 'the sender demands REQUIRETLS, and the host does not offer it')
  }
  if (settings.credentials !== null) {
    step.command = 'auth'
    const failure = await authenticate(wire, settings.credentials, hello.capabilities.auth, replyMs)
    if (failure !== null) return refused(failure.reply, failure.status, failure.why)
  }
  return { kind: 'open', capabilities: hello.capabilities, seen: step.seen }
}

type Hello =
  | { readonly kind: 'hello'; readonly capabilities: Capabilities }
  | { readonly kind: 'refused'; readonly reply: Reply }

/** EHLO, and HELO where EHLO is refused for good (RFC 5321 §3.2). */
async function ehlo(wire: Wire, hostname: string, replyMs: number): Promise<Hello> {
  const extended = await wire.ask(`EHLO ${hostname}\r\n`, replyMs, 'answer to EHLO')
  if (extended.code === 250) return { kind: 'hello', capabilities: parseCapabilities(extended.text) }
  // 521 (RFC 7504) and 554 speak of the host, not of the command.
  if (extended.code < 500 || extended.code === 521 || extended.code === 554) return { kind: 'refused', reply: extended }
  const plain = await wire.ask(`HELO ${hostname}\r\n`, replyMs, 'answer to HELO')
  return plain.code === 250 ? { kind: 'hello', capabilities: noCapabilities } : { kind: 'refused', reply: plain }
}

/** `null` when TLS stands, otherwise why it does not. */
async function secured(wire: Wire, { policy, ca, replyMs }: Greeting, step: Progress): Promise<string | null> {
  const { name, address } = wire.host
  const { level, proof } = policy
  const serverName = policy.serverName ?? name
  const named: ConnectionOptions = isIP(serverName) ? { host: address } : { host: serverName, servername: serverName }
  try {
    // RFC 8996: nothing below TLS 1.2. Nothing is sent before the certificate was looked at, as far as the policy wants
    // that: opportunistic TLS is better than clear text whoever it is with, and against somebody in the middle who can
    // strip STARTTLS a check would not help.
    await wire.secure({ ...named, secureContext: authorities(ca), rejectUnauthorized: false }, replyMs, (peer) => {
      const failure = proof === null ? null : failureOf(peer, proof, wire.clock.now())
      step.seen = { failure }
      return level === 'verify' && failure !== null ? failure.detail : null
    })
    return null
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const { why } = error.lost
    step.seen ??= { failure: { type: 'validation-failure', detail: why } }
    return why
  }
}

/** Leaves a host that is not used: QUIT as a courtesy (RFC 5321 §4.1.1.10), its answer is not waited for. */
function hangUp(wire: Wire): void {
  if (wire.closed) return
  wire.send(Buffer.from('QUIT\r\n'))
  wire.close()
}
