import type { Socket } from 'node:net'
import type { Timer } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import { type Reply, reply } from '../mail/reply.ts'
import { assertNever } from '../mail/result.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import { longestLine, maxResponse } from '../smtp/command.ts'
import { LineReader } from '../smtp/line-reader.ts'
import type { Admission, Caller } from './admission.ts'
import { Conduct } from './conduct.ts'
import { dispatch, respond } from './dispatch.ts'
import type { House } from './house.ts'
import type { Reader } from './inflow.ts'
import { Line } from './line.ts'
import { betweenLines, type Mode } from './mode.ts'
import { Patience } from './patience.ts'
import { type Host, Reception } from './reception.ts'
import { injected, ourError, outOfTurn, shutDown, tooManyErrors } from './replies.ts'
import { Scribe } from './scribe.ts'
import type { Secured } from './tls/handshake.ts'
import { commandsPerTurn } from './turns.ts'
import { type Exchange, type State, type Step, start, type Visit } from './visit.ts'
import { type Guest, isSentAway, welcome } from './welcome.ts'

/** One connection (RFC 5321 §3), and what is said over it. `mode.ts` has its states. */
export class Session implements Visit, Reader, Host, Guest {
  readonly id: number
  readonly settings: ListenerSettings
  readonly house: House
  readonly scribe: Scribe
  /** Who has come, whoever he is taken for later. */
  readonly peer: IpAddress
  caller: Caller
  state: State = start
  mode: Mode = 'command'
  /** Messages accepted. */
  messages = 0
  readonly line: Line
  private readonly onGone: (session: Session) => void
  /** The one that was active at the beginning: its limits and time-outs hold for the whole session. */
  readonly first: Admission
  private readonly lines = new LineReader()
  /** Octets that a command line may have: only AUTH needs more than MAIL. */
  private readonly longest: number
  private readonly patience: Patience
  private readonly reception: Reception
  /** The dialogue inside of the command that is under way. */
  private exchange: Exchange | null = null
  readonly conduct: Conduct
  private timer: Timer | null = null
  private saidQuit = false
  /** The handshake begins as soon as the client was told so. */
  private wantsTls = false
  /** What the session does after it has waited. */
  private resumed: Mode = 'command'

  constructor(house: House, socket: Socket, client: IpAddress, id: number, onGone: (session: Session) => void) {
    this.id = id
    this.house = house
    this.peer = client
    this.onGone = onGone
    this.settings = house.settings
    this.first = house.admission()
    this.caller = { listener: house.settings.name, client, tls: false, login: null, certificate: null, helo: null }
    this.scribe = new Scribe(house, this.caller, id)
    this.patience = new Patience(house.clock, this.first)
    this.conduct = new Conduct(house, this.first.limits)
    this.reception = new Reception(this, () => this.line.localAddress)
    this.line = new Line(socket, this, () => this.gone())
    this.longest = this.settings.login === undefined ? longestLine : maxResponse
    this.lines.longest = this.longest
  }

  admission(): Admission {
    return this.house.admission()
  }

  /** What TLS was agreed on; `null`: the line is clear. */
  get secured(): Secured | null {
    return this.line.secured
  }

  get cipher(): string | null {
    return this.scribe.cipher
  }

  /** Says hello, or why not. `rest`: what came already. */
  open(rest: Buffer | null = null): void {
    this.scribe.opened()
    if (rest !== null) this.line.inflow.keep(rest)
    if (this.settings.tls?.mode === 'implicit') this.secure(() => this.ask())
    else this.ask()
  }

  private ask(): void {
    try {
      welcome(this)
    } catch (error) {
      this.broken(error)
    }
    this.line.inflow.proceed()
  }

  /** Looks at the clock. */
  expire(now: number): void {
    const why = this.patience.over(now, this.mode)
    // While we ask or store, the next step is ours, not the client's.
    if (why === null || (this.mode === 'waiting' && this.timer === null) || this.stalled) return
    if (this.mode === 'closing' || this.mode === 'handshake') this.line.destroy()
    else this.dismiss(reply(421, '4.4.2', why))
  }

  /** Ends the session now when no transaction is under way; otherwise it ends after it. */
  drain(): void {
    const between = this.state.transaction === null && this.lines.idle && !this.line.inflow.pending
    if (this.mode === 'refused' || (betweenLines.has(this.mode) && between)) this.dismiss(shutDown)
  }

  destroy(): void {
    this.line.destroy()
  }

  get openedAt(): number {
    return this.patience.since
  }

  get busy(): boolean {
    return this.mode === 'waiting' || this.mode === 'handshake' || (this.line.outbox.full && this.mode !== 'closing')
  }

  get pending(): boolean {
    return this.line.inflow.pending
  }

  get stalled(): boolean {
    return this.reception.stalled
  }

  /** All that a chunk says, command after command. */
  consume(chunk: Buffer): void {
    try {
      this.readAll(chunk)
    } catch (error) {
      this.broken(error)
    }
  }

  private readAll(chunk: Buffer): void {
    for (let at = 0, left = commandsPerTurn(); at >= 0 && at < chunk.length; ) {
      switch (this.mode) {
        case 'command':
        case 'refused':
        case 'exchange':
          if (left-- === 0) return void this.line.inflow.postpone(chunk.subarray(at))
          at = this.lines.read(chunk, at)
          if (at < 0) break
          // Before EHLO has said so nobody may send commands together, and never anything behind EHLO (RFC 2920 §3.1).
          if (at < chunk.length && !this.state.extended && isSentAway(this, outOfTurn)) return
          this.run()
          break
        case 'data':
          this.patience.content(chunk.length - at)
          at = this.reception.content(chunk, at)
          break
        case 'chunk':
          this.patience.content(chunk.length - at)
          at = this.reception.counted(chunk, at)
          break
        case 'waiting':
          this.line.inflow.keep(chunk.subarray(at))
          at = -1
          break
        case 'handshake':
          // Somebody between the client and us has put it there, to be taken for what the client says under TLS
          // (CVE-2011-0411); or the client does not wait for our answer. Nobody ever reads it.
          this.scribe.refused(injected)
          at = -1
          break
        case 'closing':
        case 'closed':
          at = -1
          break
        default:
          assertNever(this.mode)
      }
    }
  }

  private run(): void {
    this.patience.command()
    const waitMs = this.conduct.waitMs()
    if (waitMs > 0) this.pause(waitMs, () => this.command())
    else this.command()
  }

  private command(): void {
    if (this.exchange !== null) return void this.take(respond(this.state, this.lines, this.exchange))
    const standing = this.mode === 'refused' ? 'refused' : this.house.draining ? 'draining' : 'welcome'
    this.take(dispatch(this, this.lines, standing))
  }

  private take(step: Step | Promise<Step>): void {
    if (step instanceof Promise) this.wait(step, (answered) => this.step(answered))
    else this.step(step)
  }

  private step(step: Step): void {
    // RSET, HELO and EHLO drop the transaction, and what BDAT has brought of it.
    if (step.state.transaction === null) this.reception.drop()
    this.state = step.state
    if (step.state.helo !== this.caller.helo) this.turnTo({ ...this.caller, helo: step.state.helo })
    if (this.exchange !== null && step.next !== 'exchange') this.endExchange()
    switch (step.next) {
      case 'command':
        if (step.because !== null) this.scribe.refused(step.reply, step.because)
        this.say(step.reply)
        break
      case 'close':
        if (step.first !== undefined) this.line.outbox.add(step.first)
        if (step.reply.code === 221) this.saidQuit = true
        else this.scribe.refused(step.reply)
        this.last(step.reply)
        if (step.offence !== undefined) this.conduct.offended(step.offence, this.caller.client)
        break
      case 'data':
        this.say(this.reception.data(step.reply))
        this.patience.awaitContent()
        break
      case 'chunk':
        this.patience.awaitContent()
        this.reception.announced(step)
        break
      case 'exchange':
        this.exchange = step.exchange
        this.lines.longest = step.exchange.maxLine
        this.mode = 'exchange'
        this.say(step.reply)
        break
      case 'identified':
        this.turnTo({ ...this.caller, ...step.who })
        this.say(step.reply)
        break
      case 'anew':
        this.turnTo({ ...this.caller, ...step.who })
        this.ask()
        break
      case 'tls':
        this.say(step.reply)
        this.mode = 'handshake'
        this.wantsTls = true
        break
      default:
        assertNever(step)
    }
  }

  private endExchange(): void {
    this.exchange = null
    this.lines.longest = this.longest
    this.mode = 'command'
  }

  private turnTo(caller: Caller): void {
    this.caller = caller
    this.scribe.turnTo(caller)
  }

  /** Begins the handshake; what was said before it holds no longer (RFC 3207 §4.2). */
  private secure(then: () => void): void {
    const { tls } = this.house
    this.mode = 'handshake'
    this.patience.handshake()
    // Its certificates are gone, and it was told so when that happened.
    if (tls == null) return void this.line.destroy()
    const done = (secured: Secured): void => {
      const { listener, client } = this.caller
      const { certificate, cipher, serverName } = secured
      this.state = start
      this.turnTo({ listener, client, tls: true, login: null, certificate, helo: null })
      this.scribe.cipher = cipher
      this.scribe.secured({ cipher, serverName })
      this.mode = 'command'
      this.patience.command()
      if (this.house.draining) this.dismiss(shutDown)
      else then()
    }
    this.line.secure(tls, done, (why, went) => {
      if (this.mode === 'handshake') this.scribe.notSecured(why, went)
    })
  }

  /** The store takes more. */
  goOn(): void {
    this.patience.awaitContent()
    this.line.inflow.proceed()
  }

  accepted(): void {
    this.messages++
    this.conduct.errors = 0
  }

  /** Reads nothing until the answer is here. */
  wait<T>(answer: Promise<T>, then: (answer: T) => void): void {
    this.resumed = this.mode
    this.mode = 'waiting'
    void answer.then(
      (value) => this.awake(() => then(value)),
      (error) => this.awake(() => this.broken(error)),
    )
  }

  /** Reads nothing for so long, and goes on then. */
  pause(ms: number, then: () => void): void {
    if (ms === 0) return void then()
    this.resumed = this.mode
    this.mode = 'waiting'
    this.patience.pause(ms)
    this.timer = this.house.clock.setTimeout(() => this.awake(then), ms)
  }

  /** Back from a wait: `then` says what to do, unless the session has ended meanwhile. */
  awake(then: () => void): void {
    if (this.mode !== 'waiting') return
    this.timer = null
    this.mode = this.resumed
    this.resumed = 'command'
    this.patience.command()
    try {
      then()
    } catch (error) {
      this.broken(error)
    }
    this.line.inflow.proceed()
  }

  say(answer: Reply): void {
    if (answer.code >= 400) this.complain(answer)
    else this.line.outbox.add(answer)
  }

  /** An answer of 4yz or 5yz. Whoever gets too many of them is sent away. */
  private complain(answer: Reply): void {
    const end = this.conduct.refused(answer, this.caller.client)
    if (end === tooManyErrors) this.scribe.refused(end)
    else this.line.outbox.add(answer)
    if (end !== null && this.mode !== 'closing') this.last(end)
  }

  /** The last reply; `null` when it is said already. */
  last(answer: Reply | null): void {
    if (answer !== null) this.line.outbox.add(answer)
    this.mode = 'closing'
    this.reception.drop()
    this.state = { ...this.state, transaction: null }
  }

  /** A bug of ours is this session's end, and nobody else's. */
  private broken(error: unknown): void {
    this.scribe.bug(error)
    this.last(ourError)
  }

  /** Ends the session for a reason of ours: 421 may come at any time (RFC 5321 §3.8). */
  private dismiss(why: Reply | null): void {
    this.last(why)
    this.flush()
  }

  flush(): void {
    const { inflow, outbox } = this.line
    if (this.mode !== 'closing') {
      outbox.flush(() => this.line.inflow.proceed())
      if (this.wantsTls) {
        this.wantsTls = false
        this.secure(() => {})
      }
    }
    // It says no more (RFC 5321 §4.1.1.10); many just go, and to hear of that costs an error each.
    else if (this.saidQuit) outbox.end(() => this.line.destroy())
    else if (outbox.end(null)) {
      this.patience.linger()
      inflow.drop()
    }
  }

  /** The client has said all it will, and was answered: we close too. */
  over(): void {
    this.dismiss(null)
  }

  private gone(): void {
    this.timer?.cancel()
    this.reception.drop()
    this.mode = 'closed'
    this.scribe.closed(this.messages, this.conduct.errors)
    this.onGone(this)
  }
}
