import { isIP } from 'node:net'
import { authenticate } from '../../egress/auth/authenticate.ts'
import type { Credentials } from '../../egress/auth/credentials.ts'
import { type Capabilities, noCapabilities, parseCapabilities } from '../../egress/capabilities.ts'
import { isLoopback } from '../../egress/loopback.ts'
import { authorities } from '../../egress/tls-policy/authorities.ts'
import { WireError } from '../../egress/wire.ts'
import type { Reply } from '../../mail/reply.ts'
import { assertNever } from '../../mail/result.ts'
import { cramMd5 } from './cram-md5.ts'
import { type PeerView, peerView } from './peer-certificate.ts'
import type { ProbeMessage } from './probe-message.ts'
import type { RecordedWire } from './recorded-wire.ts'

export const probeMechanisms = [
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
  'SCRAM-SHA-256-PLUS',
  'XOAUTH2',
  'OAUTHBEARER',
] as const
export type ProbeMechanism = (typeof probeMechanisms)[number]

/** What is done with a host. */
export type Script = {
  /** Name in EHLO or HELO. */
  readonly hostname: string
  readonly hello: 'EHLO' | 'HELO'
  /** `may`: STARTTLS where it is offered. */
  readonly tls: 'none' | 'may' | 'starttls' | 'implicit'
  /** The certificate must be for the host and of an authority that is trusted. */
  readonly verify: boolean
  /** PEM; `undefined`: those of Node. */
  readonly ca: string | undefined
  readonly login: { readonly mechanism: ProbeMechanism; readonly user: string; readonly secret: string } | null
  readonly transaction: Transaction | null
  /** Says for whom it connects, as a balancer does; `null`: nothing. */
  readonly proxy: string | null
  readonly timeoutMs: number
}

export type Transaction = {
  /** `''`: the null reverse-path. */
  readonly from: string
  readonly to: readonly string[]
  /** `null`: it ends after RCPT. */
  readonly message: ProbeMessage | null
}

export type ProbeStep = 'connect' | 'tls' | 'hello' | 'auth' | 'mail' | 'rcpt' | 'data'

/** How it went. `noChallenge`: of CRAM-MD5, the host gave none. */
export type ProbeResult =
  | { readonly kind: 'ok' }
  | {
      readonly kind: 'failed'
      readonly step: ProbeStep
      readonly why: string
      readonly reply: Reply | null
      readonly noChallenge?: true
    }

/** What was learnt on the way, as far as it went. */
export type Learnt = {
  step: ProbeStep
  peer: PeerView | null
  capabilities: Capabilities
  /** The lines of the answer to EHLO. */
  offers: readonly string[]
}

/** Beyond this much content, what a host says meanwhile is not waited for longer than the time-out of one reply. */
const contentMs = 600_000

class Failed extends Error {
  readonly reply: Reply | null
  readonly noChallenge: boolean
  constructor(why: string, reply: Reply | null, noChallenge = false) {
    super(why)
    this.reply = reply
    this.noChallenge = noChallenge
  }
}

/** From the connection to QUIT. Never throws; the wire has what was said, and is closed. */
export async function talk(wire: RecordedWire, script: Script, learnt: Learnt): Promise<ProbeResult> {
  try {
    await converse(wire, script, learnt)
    return { kind: 'ok' }
  } catch (error) {
    const { step } = learnt
    if (error instanceof Failed) {
      const { message: why, reply, noChallenge } = error
      await leave(wire)
      return { kind: 'failed', step, why, reply, ...(noChallenge ? { noChallenge } : {}) }
    }
    if (error instanceof WireError) return { kind: 'failed', step, why: error.lost.why, reply: null }
    throw error
  } finally {
    wire.close()
  }
}

async function converse(wire: RecordedWire, script: Script, learnt: Learnt): Promise<void> {
  const { tls, timeoutMs, transaction, login } = script
  const say = (command: string) => wire.ask(`${command}\r\n`, timeoutMs, `answer to ${command.split(/[ :]/, 1)[0]}`)
  const began = wire.clock.now()
  await wire.connected()
  wire.note(`connected from ${wire.localAddress}`, began)
  if (script.proxy !== null) announce(wire, script.proxy)
  if (tls === 'implicit') await secure(wire, script, learnt)
  learnt.step = 'connect'
  const greeting = await wire.ask(null, timeoutMs, 'greeting')
  if (greeting.code !== 220) throw new Failed('the host does not take mail', greeting)
  await hello(say, script, learnt)

  const { starttls } = learnt.capabilities
  if (tls === 'starttls' && !starttls) {
    learnt.step = 'tls'
    throw new Failed('the host does not offer STARTTLS', null)
  }
  if (tls === 'starttls' || (tls === 'may' && starttls)) {
    learnt.step = 'tls'
    const answer = await say('STARTTLS')
    if (answer.code !== 220) throw new Failed('the host refused STARTTLS', answer)
    await secure(wire, script, learnt)
    // RFC 3207 §4.2: nothing that was learnt before TLS counts.
    await hello(say, script, learnt)
  }
  if (login !== null) await logIn(wire, script, learnt)
  if (transaction !== null) await send(wire, transaction, script, learnt)
  await leave(wire)
}

type Say = (command: string) => Promise<Reply>

async function hello(say: Say, { hello: word, hostname }: Script, learnt: Learnt): Promise<void> {
  learnt.step = 'hello'
  const reply = await say(`${word} ${hostname}`)
  if (reply.code !== 250) throw new Failed(`${word} refused`, reply)
  learnt.capabilities = word === 'EHLO' ? parseCapabilities(reply.text) : noCapabilities
  learnt.offers = word === 'EHLO' ? reply.text.split('\n').slice(1) : []
}

async function secure(wire: RecordedWire, { verify, ca, timeoutMs }: Script, learnt: Learnt): Promise<void> {
  learnt.step = 'tls'
  const { name, address } = wire.host
  const named = isIP(name) !== 0 ? { host: address } : { host: name, servername: name }
  const began = wire.clock.now()
  try {
    const options = { ...named, secureContext: authorities(ca), rejectUnauthorized: false }
    await wire.secure(options, timeoutMs, (peer) => {
      learnt.peer = peerView(peer)
      return verify ? learnt.peer.problem : null
    })
  } catch (error) {
    if (error instanceof WireError) wire.note(`TLS: ${error.lost.why}`, began)
    throw error
  }
  wire.note(`TLS: ${wire.tls}`, began)
}

async function logIn(wire: RecordedWire, { login, timeoutMs }: Script, learnt: Learnt): Promise<void> {
  if (login === null) return
  const { mechanism, user, secret } = login
  const { auth } = learnt.capabilities
  learnt.step = 'auth'
  if (wire.tls === null && !isLoopback(wire.host.address)) {
    throw new Failed('secrets are not sent without TLS, and the connection has none', null)
  }
  if (!auth.has(mechanism)) {
    throw new Failed(`the host does not offer AUTH ${mechanism} (offered: ${[...auth].join(', ') || 'none'})`, null)
  }
  wire.isSecret = true
  try {
    if (mechanism === 'CRAM-MD5') {
      const outcome = await cramMd5(wire, user, secret, timeoutMs)
      if (outcome.kind === 'taken') return
      const silent = outcome.kind === 'silent'
      throw new Failed(
        silent ? 'the host gave no challenge' : 'the host refused our credentials',
        outcome.reply,
        silent,
      )
    }
    const failure = await authenticate(wire, credentialsOf(mechanism, user, secret), auth, timeoutMs)
    if (failure !== null) throw new Failed(failure.why, failure.reply)
  } finally {
    wire.isSecret = false
  }
}

function credentialsOf(mechanism: Exclude<ProbeMechanism, 'CRAM-MD5'>, user: string, secret: string): Credentials {
  switch (mechanism) {
    case 'XOAUTH2':
    case 'OAUTHBEARER':
      return { kind: 'token', user, token: secret, mechanisms: [mechanism] }
    case 'PLAIN':
    case 'LOGIN':
    case 'SCRAM-SHA-1':
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-256-PLUS':
      return { kind: 'password', user, pass: secret, mechanisms: [mechanism] }
    default:
      return assertNever(mechanism)
  }
}

async function send(
  wire: RecordedWire,
  transaction: Transaction,
  { timeoutMs }: Script,
  learnt: Learnt,
): Promise<void> {
  const { from, to, message } = transaction
  const { sizeBytes, eightBitMime, smtputf8 } = learnt.capabilities
  // Octets: an internationalized address is UTF-8.
  const say = (command: string) =>
    wire.ask(
      `${Buffer.from(command, 'utf8').toString('latin1')}\r\n`,
      timeoutMs,
      `answer to ${command.split(/[ :]/, 1)[0]}`,
    )
  learnt.step = 'mail'
  const needsUtf8 = [from, ...to].some((one) => /[^\x00-\x7f]/.test(one))
  if (needsUtf8 && !smtputf8) throw new Failed('an address needs SMTPUTF8, which the host does not offer', null)
  const parameters = [
    message !== null && sizeBytes !== null ? `SIZE=${message.sizeBytes}` : '',
    message?.eightBit === true && eightBitMime ? 'BODY=8BITMIME' : '',
    needsUtf8 ? 'SMTPUTF8' : '',
  ].filter((one) => one !== '')
  const mail = await say([`MAIL FROM:<${from}>`, ...parameters].join(' '))
  if (mail.code !== 250) throw new Failed('the sender is refused', mail)
  learnt.step = 'rcpt'
  for (const one of to) {
    const reply = await say(`RCPT TO:<${one}>`)
    if (reply.code !== 250 && reply.code !== 251) throw new Failed(`${one} is refused`, reply)
  }
  if (message === null) {
    await say('RSET')
    return
  }
  learnt.step = 'data'
  const data = await say('DATA')
  if (data.code !== 354) throw new Failed('DATA is refused', data)
  const began = wire.clock.now()
  wire.sendAll([message.content, Buffer.from('.\r\n')])
  wire.note(`${message.sizeBytes} octets of content`, began)
  const taken = await wire.ask(null, contentMs, 'answer to the content')
  if (taken.code !== 250) throw new Failed('the message is refused', taken)
}

/** QUIT; what the host makes of it changes nothing. */
async function leave(wire: RecordedWire): Promise<void> {
  if (wire.closed) return
  await wire.ask('QUIT\r\n', 5000, 'answer to QUIT').catch(() => {})
}

/** PROXY protocol, version 1 (HAProxy). */
function announce(wire: RecordedWire, client: string): void {
  const { address, port } = wire.host
  const family = isIP(client) === 6 ? 'TCP6' : 'TCP4'
  const line = `PROXY ${family} ${client} ${address} 25025 ${port}`
  wire.send(Buffer.from(`${line}\r\n`, 'latin1'))
  wire.note(line, wire.clock.now())
}
