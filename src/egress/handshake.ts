import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Reply } from '../mail/reply.ts'
import type { TlsLevel } from '../mail/settings.ts'
import type { Attempt } from '../queue/lane.ts'
import { authenticate, type Credentials } from './auth.ts'
import { type Capabilities, noCapabilities, parseCapabilities } from './capabilities.ts'
import { type Wire, WireError } from './wire.ts'

export type Greeting = {
  /** Our name in EHLO. */
  readonly hostname: string
  readonly tls: TlsLevel
  /** Certificate authorities for `verify`; `undefined`: those of Node. */
  readonly ca: string | readonly string[] | undefined
  readonly credentials: Credentials | null
  readonly greetingMs: number
  readonly replyMs: number
}

/**
 * `open`        mail may be sent
 * `refused`     not on this connection; `reply` is what the host said, `null` when it said nothing
 * `no-tls`      opportunistic TLS did not come about: the same host again, in clear (RFC 7435)
 */
export type Greeted =
  | { readonly kind: 'open'; readonly capabilities: Capabilities }
  | {
      readonly kind: 'refused'
      readonly command: Attempt['command']
      readonly reply: Reply | null
      readonly status: string
      readonly why: string
    }
  | { readonly kind: 'no-tls'; readonly why: string }

/** From the greeting to the point where MAIL may be sent. The wire is closed unless the outcome is `open`. */
export async function greet(wire: Wire, settings: Greeting): Promise<Greeted> {
  const step: { command: Attempt['command'] } = { command: 'connect' }
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
    return { kind: 'refused', command: step.command, reply: null, status, why }
  }
}

async function talk(wire: Wire, settings: Greeting, step: { command: Attempt['command'] }): Promise<Greeted> {
  const { hostname, tls, replyMs } = settings
  const refused = (reply: Reply | null, status: string, why: string): Greeted => ({
    kind: 'refused',
    command: step.command,
    reply,
    status: reply?.status ?? status,
    why,
  })

  const greeting = await wire.ask(null, settings.greetingMs, 'greeting')
  if (greeting.code !== 220) return refused(greeting, '4.3.2', 'the host does not take mail now')

  step.command = 'ehlo'
  let hello = await ehlo(wire, hostname, replyMs)
  if (hello.kind === 'refused') return refused(hello.reply, '4.3.2', 'EHLO and HELO refused')

  if (tls !== 'off') {
    step.command = 'starttls'
    if (hello.capabilities.starttls) {
      const answer = await wire.ask('STARTTLS\r\n', replyMs, 'answer to STARTTLS')
      if (answer.code === 220) {
        const failure = await secured(wire, settings)
        if (failure !== null) return tls === 'may' ? { kind: 'no-tls', why: failure } : refused(null, '4.7.5', failure)
        // RFC 3207 §4.2: nothing that was learnt before TLS counts.
        step.command = 'ehlo'
        hello = await ehlo(wire, hostname, replyMs)
        if (hello.kind === 'refused') return refused(hello.reply, '4.3.2', 'EHLO refused after STARTTLS')
      } else if (tls !== 'may' || answer.code === 421) {
        return refused(answer, '4.7.4', `TLS is required (${tls}), and the host refused STARTTLS`)
      }
    } else if (tls !== 'may') {
      return refused(null, '4.7.4', `TLS is required (${tls}), and the host does not offer STARTTLS`)
    }
  }

  if (settings.credentials !== null) {
    step.command = 'auth'
    const failure = await authenticate(wire, settings.credentials, hello.capabilities.auth, replyMs)
    if (failure !== null) return refused(failure.reply, failure.status, failure.why)
  }
  return { kind: 'open', capabilities: hello.capabilities }
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
async function secured(wire: Wire, { tls, ca, replyMs }: Greeting): Promise<string | null> {
  const { name, address } = wire.host
  const named: ConnectionOptions = isIP(name) ? { host: address } : { host: name, servername: name }
  try {
    // RFC 8996: nothing below TLS 1.2. Only `verify` looks at the certificate: the others are better than clear text,
    // and against somebody in the middle who can strip STARTTLS a check would not help them.
    await wire.secure(
      {
        ...named,
        ...(ca === undefined ? {} : { ca: ca as string[] }),
        minVersion: 'TLSv1.2',
        rejectUnauthorized: tls === 'verify',
      },
      replyMs,
    )
    return null
  } catch (error) {
    if (error instanceof WireError) return error.lost.why
    throw error
  }
}

/** Leaves a host that is not used: QUIT as a courtesy (RFC 5321 §4.1.1.10), its answer is not waited for. */
function hangUp(wire: Wire): void {
  if (wire.closed) return
  wire.send(Buffer.from('QUIT\r\n'))
  wire.close()
}
