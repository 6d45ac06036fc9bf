import { randomBytes } from 'node:crypto'
import { decodeBase64 } from '../../mail/base64.ts'
import type { PasswordMechanism, TokenMechanism } from '../../mail/relay-login.ts'
import type { Reply } from '../../mail/reply.ts'
import { assertNever } from '../../mail/result.ts'
import { isLoopback } from '../loopback.ts'
import type { Wire } from '../wire.ts'
import { oauthBearer, xoauth2 } from './bearer.ts'
import type { Credentials } from './credentials.ts'
import type { ClientExchange } from './exchange.ts'
import { login, plain } from './passwords.ts'
import { type ScramBinding, scram } from './scram.ts'

export type AuthFailure = { readonly reply: Reply | null; readonly status: string; readonly why: string }

/** AUTH with its initial response is a command line like any other (RFC 4954 §4, RFC 5321 §4.5.3.1.4). */
const maxCommandOctets = 512
/** Of any mechanism; then a host plays a game. */
const maxChallenges = 5

/**
 * Logs in by the first mechanism of ours that the host offers. `null` when it took us.
 *
 * Every failure is temporary, also 535: it says that OUR credentials are wrong, which RFC 4954 §6 makes final for the
 * exchange with these credentials, not for the mail. Mail waits, an operator is told, and a corrected secret delivers it.
 * A refusal is not tried again by a weaker mechanism: whoever sits between us could bring us to that.
 */
export async function authenticate(
  wire: Wire,
  credentials: Credentials,
  offered: ReadonlySet<string>,
  replyMs: number,
  random: (bytes: number) => Buffer = randomBytes,
): Promise<AuthFailure | null> {
  // Neither a password in clear, nor what one could be guessed from, but to a host that is this machine.
  if (wire.tls === null && !isLoopback(wire.host.address)) {
    return { reply: null, status: '4.7.11', why: 'credentials are not sent without TLS, and the connection has none' }
  }
  const binding = bindingOf(wire, credentials, offered)
  const usable = credentials.mechanisms.filter(
    (one) => offered.has(one) && (one !== 'SCRAM-SHA-256-PLUS' || binding.kind === 'used'),
  )
  let last: AuthFailure | null = null
  for (const mechanism of usable) {
    const exchange = begin(mechanism, credentials, wire, binding, random)
    const failure = await converse(wire, mechanism, exchange, replyMs)
    // Offered, and then not known (504, RFC 4954 §4): nothing was shown to it that the next one does not show.
    if (failure?.reply?.code !== 504) return failure
    last = failure
  }
  if (last !== null) return last
  const [wanted, names] = [credentials.mechanisms, [...offered]].map((list) => list.join(', ') || 'none')
  return { reply: null, status: '4.7.4', why: `the host offers no AUTH that we may use (${wanted}); offered: ${names}` }
}

/** Only where the document lets -PLUS be used does a client that could bind say so. */
function bindingOf(wire: Wire, { mechanisms }: Credentials, offered: ReadonlySet<string>): ScramBinding {
  const names: readonly string[] = mechanisms
  if (!names.includes('SCRAM-SHA-256-PLUS') || ![...offered].some((name) => name.startsWith('SCRAM-'))) {
    return { kind: 'none' }
  }
  const octets = wire.channelBinding()
  if (octets === null) return { kind: 'none' }
  return offered.has('SCRAM-SHA-256-PLUS') ? { kind: 'used', octets } : { kind: 'tried' }
}

function begin(
  mechanism: PasswordMechanism | TokenMechanism,
  credentials: Credentials,
  { host }: Wire,
  binding: ScramBinding,
  random: (bytes: number) => Buffer,
): ClientExchange {
  const { user } = credentials
  const secret = credentials.kind === 'password' ? credentials.pass : credentials.token
  const bySha = (hash: 'sha1' | 'sha256', how: ScramBinding) =>
    scram({ user, pass: secret, hash, binding: how, random })
  switch (mechanism) {
    case 'SCRAM-SHA-256-PLUS':
      return bySha('sha256', binding)
    case 'SCRAM-SHA-256':
      return bySha('sha256', binding.kind === 'used' ? { kind: 'none' } : binding)
    case 'SCRAM-SHA-1':
      return bySha('sha1', { kind: 'none' })
    case 'PLAIN':
      return plain(user, secret)
    case 'LOGIN':
      return login(user, secret)
    case 'XOAUTH2':
      return xoauth2(user, secret)
    case 'OAUTHBEARER':
      return oauthBearer(user, secret, { host: host.name, port: host.port })
    default:
      return assertNever(mechanism)
  }
}

async function converse(
  wire: Wire,
  mechanism: string,
  exchange: ClientExchange,
  replyMs: number,
): Promise<AuthFailure | null> {
  const ask = (line: string) => wire.ask(`${line}\r\n`, replyMs, 'answer to AUTH')
  const refused = (reply: Reply): AuthFailure => {
    const told = exchange.told()
    return { reply, status: '4.7.8', why: `the host refused our credentials${told === null ? '' : ` (${told})`}` }
  }
  const giveUp = async (why: string): Promise<AuthFailure> => {
    // RFC 4954 §4: `*` cancels, or QUIT would be taken for one more answer.
    await ask('*')
    return { reply: null, status: '4.7.0', why: `AUTH ${mechanism}: ${why}` }
  }

  const first = base64(exchange.initial)
  const whole = `AUTH ${mechanism} ${first}`
  const isShort = first !== '' && whole.length + 2 <= maxCommandOctets
  let answer = await ask(isShort ? whole : `AUTH ${mechanism}`)
  if (!isShort && first !== '' && answer.code === 334) answer = await ask(first)
  for (let count = 0; answer.code === 334; count++) {
    const challenge = challengeOf(answer, mechanism)
    if (challenge === null || count >= maxChallenges) return await giveUp('what the host asks is none of its messages')
    const step = await exchange.answer(challenge)
    if (step.kind === 'stop') return await giveUp(step.why)
    answer = await ask(base64(step.text))
  }
  if (answer.code !== 235) return refused(answer)
  const unproved = exchange.unproved()
  return unproved === null ? null : { reply: null, status: '4.7.0', why: `AUTH ${mechanism}: ${unproved}` }
}

/** LOGIN asks in whatever words, some hosts not in base64; what they are means nothing. */
function challengeOf({ text }: Reply, mechanism: string): string | null {
  if (mechanism === 'LOGIN') return ''
  return decodeBase64(text.trim())?.toString('utf8') ?? null
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
