import { randomBytes } from 'node:crypto'
import type { LoginContext } from '../../credentials/authenticator.ts'
import type { SaslExchange, SaslResult, SaslStep } from '../../credentials/sasl/exchange.ts'
import { startExchange } from '../../credentials/sasl/start.ts'
import { decodeBase64 } from '../../mail/base64.ts'
import { foldLogin } from '../../mail/line-facts.ts'
import { type Reply, reply } from '../../mail/reply.ts'
import { assertNever } from '../../mail/result.ts'
import type { Mechanism } from '../../mail/settings.ts'
import { maxResponse } from '../../smtp/command.ts'
import type { Verdict } from '../admission.ts'
import { LoginAttempt } from '../login-attempt.ts'
import { knowsLogin, loginAsked, mechanismsOn } from '../offered-mechanisms.ts'
import { shutDown } from '../replies.ts'
import { answer, reached, type Step, type Visit } from '../visit.ts'

/**
 * AUTH mechanism [initial-response] (RFC 4954 §4). One success in a session, and none inside of a transaction. Where
 * login is no matter of this listener the command is not known.
 */
export function auth(visit: Visit, argument: string): Step | Promise<Step> {
  const { state, caller } = visit
  if (!knowsLogin(visit)) return answer(state, 502, '5.5.1', 'the command is not implemented here')
  if (!state.extended) return answer(state, 503, '5.5.1', 'send EHLO first')
  if (caller.login !== null) return answer(state, 503, '5.5.1', 'you have logged in already')
  if (state.transaction !== null) return answer(state, 503, '5.5.1', 'not inside of a transaction')
  const parsed = /^([A-Za-z0-9_-]{1,20})(?: +(\S+))?$/.exec(argument)
  if (parsed === null) return answer(state, 501, '5.5.4', 'expected AUTH, a mechanism and perhaps a response')
  const begin = (verdict: Verdict): Step | Promise<Step> => {
    if (verdict.kind === 'refuse') return reached(state, verdict.reply, { at: verdict.at, address: null })
    return start(visit, parsed[1]!.toUpperCase(), parsed[2] ?? null)
  }
  const asked = loginAsked(visit, caller.helo)
  return asked instanceof Promise ? asked.then(begin) : begin(asked)
}

function start(visit: Visit, name: string, initial: string | null): Step | Promise<Step> {
  const offered = mechanismsOn(visit)
  const mechanism = offered.find((one) => one === name)
  if (mechanism === undefined) return answer(visit.state, 504, '5.5.4', 'the mechanism is not offered here')
  // "=" is an empty response; no response at all is something else (§4).
  const response = initial === null ? null : initial === '=' ? Buffer.alloc(0) : decodeBase64(initial)
  if (initial !== null && response === null) return answer(visit.state, 501, '5.5.2', notBase64)
  return new LoginDialogue(visit, mechanism, offered).begin(response)
}

const notBase64 = 'the response is no base64'

/** One attempt, from the command to its last reply. */
class LoginDialogue {
  private readonly visit: Visit
  private readonly mechanism: Mechanism
  private readonly attempt: LoginAttempt
  private readonly exchange: SaslExchange
  /** The mechanism is done and has sent its last octets, which the client has to confirm by an empty response (§4). */
  private confirmed: SaslResult | null = null

  constructor(visit: Visit, mechanism: Mechanism, offered: readonly Mechanism[]) {
    const { caller, secured, settings, house } = visit
    this.visit = visit
    this.mechanism = mechanism
    this.attempt = new LoginAttempt(house.authenticator!, house.guard?.login ?? null)
    const context: LoginContext = {
      client: caller.client,
      listener: caller.listener,
      tls: caller.tls,
      channelBinding: secured?.channelBinding ?? null,
    }
    const { hostname } = settings
    this.exchange = startExchange(mechanism, {
      logins: this.attempt,
      context,
      offered,
      hostname,
      random: randomBytes,
    })
  }

  async begin(response: Buffer | null): Promise<Step> {
    return this.leaving(await this.next(response))
  }

  /** The gateway stops: whoever waited for an answer gets it, and is sent away like all who have no transaction. */
  private leaving(step: Step): Step {
    if (!this.visit.house.draining || (step.next !== 'command' && step.next !== 'identified')) return step
    return { next: 'close', state: step.state, first: step.reply, reply: shutDown }
  }

  private async next(response: Buffer | null): Promise<Step> {
    if (this.confirmed !== null) {
      const empty = response !== null && response.length === 0
      return await this.end(empty ? this.confirmed : malformed('the mechanism was over'))
    }
    return await this.go(await this.exchange.next(response))
  }

  /** A line of the client. */
  private async line(line: string | null): Promise<Step> {
    if (line === null)
      return await this.fail(reply(500, '5.5.6', 'the response is too long, or is no ASCII'), 'too long')
    if (line === '*') return answer(this.visit.state, 501, '5.7.0', 'login given up')
    const response = decodeBase64(line)
    if (response === null) return await this.fail(reply(501, '5.5.2', notBase64), notBase64)
    return await this.next(response)
  }

  private async go(step: SaslStep): Promise<Step> {
    switch (step.kind) {
      case 'challenge':
        return this.challenge(step.data)
      case 'done':
        if (step.final === null || step.result.kind !== 'accepted') return await this.end(step.result)
        this.confirmed = step.result
        return this.challenge(step.final)
      default:
        return assertNever(step)
    }
  }

  private challenge(data: Buffer): Step {
    const next = async (line: string | null): Promise<Step> => this.leaving(await this.line(line))
    const exchange = { maxLine: maxResponse, next }
    return { next: 'exchange', state: this.visit.state, reply: reply(334, null, data.toString('base64')), exchange }
  }

  private async end(result: SaslResult): Promise<Step> {
    const { visit, attempt } = this
    const { state, caller, house } = visit
    // The guard has written it down.
    if (attempt.locked !== null) return reached(state, attempt.locked)
    switch (result.kind) {
      case 'accepted': {
        const login = foldLogin(result.login)
        // A token need not say whose it is before it is looked at.
        const locked = attempt.account === null ? (house.guard?.login.locked(login, caller.client) ?? null) : null
        if (locked !== null) return reached(state, locked)
        house.guard?.login.succeeded(login, caller.client)
        // Failures are counted under the name that was said, which may be another one of the same login.
        const { account } = attempt
        if (account !== null && account !== login) house.guard?.login.succeeded(account, caller.client)
        this.log('login.accepted', { login })
        return { next: 'identified', state, reply: reply(235, '2.7.0', 'logged in'), who: { login } }
      }
      case 'refused':
        return await this.fail(reply(535, '5.7.8', 'the login or the password is wrong'), 'refused')
      case 'malformed':
        return await this.fail(reply(501, result.status, result.why), result.why)
      case 'error':
        // Why the others cannot be asked is told once, by whoever asks them, and not at every try.
        house.log.debug('login.error', { ...this.who(), why: result.why })
        return answer(state, 454, '4.7.0', 'logins cannot be checked now, try again later')
      default:
        return assertNever(result)
    }
  }

  /** Counts, and lets who fails often wait: guessing has to be slow, for this client alone. */
  private async fail(refusal: Reply, why: string): Promise<Step> {
    const { state, caller, house } = this.visit
    this.log('login.refused', { code: refusal.code, why })
    const counted = house.guard?.login.failed(this.attempt.account, caller.client)
    if (counted === undefined) return reached(state, refusal)
    if (counted.delayMs > 0) {
      await new Promise<void>((resolve) => void house.clock.setTimeout(resolve, counted.delayMs))
    }
    if (counted.last === null) return reached(state, refusal)
    return { next: 'close', state, first: refusal, reply: counted.last }
  }

  private who() {
    const { id, caller } = this.visit
    return {
      session: id,
      listener: caller.listener,
      client: caller.client,
      login: this.attempt.account,
      mechanism: this.mechanism,
      tls: caller.tls,
    }
  }

  private log(event: string, more: Readonly<Record<string, unknown>>): void {
    this.visit.house.log.info(event, { ...this.who(), ...more })
  }
}

const malformed = (why: string): SaslResult => ({ kind: 'malformed', status: '5.5.2', why })
