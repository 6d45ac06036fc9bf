import type { Socket } from 'node:net'
import type { IpAddress } from '../mail/ip.ts'
import { type Reply, reply } from '../mail/reply.ts'
import { assertNever } from '../mail/result.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import { ChunkReader } from '../smtp/chunk-reader.ts'
import { DataReader } from '../smtp/data-reader.ts'
import { LineReader } from '../smtp/line-reader.ts'
import { envelopeOf, protocolOf } from './accepted.ts'
import type { Admission, Caller, Verdict } from './admission.ts'
import { dispatch } from './dispatch.ts'
import type { House } from './house.ts'
import { Incoming } from './incoming.ts'
import { Inflow, type Reader } from './inflow.ts'
import { Outbox } from './outbox.ts'
import { Patience } from './patience.ts'
import { chunkOk, noRoom, notStored, ourError, shutDown, tooManyErrors } from './replies.ts'
import { Scribe, takeOut } from './scribe.ts'
import { type Because, type State, type Step, start, type Visit } from './visit.ts'

/**
 * One connection (RFC 5321 §3). It owns its socket.
 *
 * refused    it may not: QUIT is answered, all else gets 503 (RFC 5321 §3.1)
 * command    reads command lines
 * data       reads content up to CRLF.CRLF
 * chunk      reads the octets that BDAT announced
 * waiting    an oracle is asked, also before the greeting, or the message is being stored: what comes is kept for later
 * closing    the last reply is written; what comes is dropped until the peer closes
 * closed
 */
type Mode = 'refused' | 'command' | 'data' | 'chunk' | 'waiting' | 'closing' | 'closed'

type Chunk = { left: number; readonly last: boolean; refused: Reply | null }

export class Session implements Visit, Reader {
  readonly id: number
  readonly caller: Caller
  readonly settings: ListenerSettings
  state: State = start
  mode: Mode = 'command'
  /** Messages accepted. */
  messages = 0
  private readonly house: House
  private readonly socket: Socket
  private readonly onGone: (session: Session) => void
  /** The one that was active at the beginning: its limits and time-outs hold for the whole session. */
  private readonly first: Admission
  private readonly lines = new LineReader()
  private readonly patience: Patience
  /** What is still to come of the octets that BDAT announced. */
  private chunk: Chunk | null = null
  private readonly outbox: Outbox
  private readonly inflow: Inflow
  private readonly scribe: Scribe
  private errors = 0
  private saidQuit = false

  constructor(house: House, socket: Socket, client: IpAddress, id: number, onGone: (session: Session) => void) {
    this.id = id
    this.house = house
    this.socket = socket
    this.outbox = new Outbox(socket)
    this.onGone = onGone
    this.settings = house.settings
    this.first = house.admission()
    this.caller = { listener: house.settings.name, client }
    this.scribe = new Scribe(house, this.caller, id)
    this.patience = new Patience(house.clock, this.first.timeouts)
    this.inflow = new Inflow(socket, this)
    // What the peer does to its connection is no error of ours; 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => this.gone())
  }

  admission(): Admission {
    return this.house.admission()
  }

  /** Says hello, or why not. */
  open(): void {
    this.house.log.debug('session.open', { session: this.id, ...this.caller })
    try {
      const asked = this.first.connect(this.caller)
      if (asked instanceof Promise) this.wait(asked, (verdict) => this.greet(verdict))
      else this.greet(asked)
    } catch (error) {
      this.broken(error)
    }
    this.inflow.proceed()
  }

  /** Looks at the clock. */
  expire(now: number): void {
    const why = this.patience.over(now)
    // While we ask or store, the next step is ours, not the client's.
    if (why === null || this.mode === 'waiting' || this.stalled) return
    if (this.mode === 'closing') this.socket.destroy()
    else this.dismiss(reply(421, '4.4.2', why))
  }

  /** Ends the session now when no transaction is under way; otherwise it ends after it. */
  drain(): void {
    const between = this.state.transaction === null && this.lines.idle && !this.inflow.pending
    if (this.mode === 'refused' || (this.mode === 'command' && between)) this.dismiss(shutDown)
  }

  destroy(): void {
    this.socket.destroy()
  }

  get openedAt(): number {
    return this.patience.since
  }

  private get incoming(): Incoming | null {
    return this.state.transaction?.incoming ?? null
  }

  get busy(): boolean {
    return this.mode === 'waiting' || (this.outbox.full && this.mode !== 'closing')
  }

  get stalled(): boolean {
    return this.incoming?.stalled ?? false
  }

  private greet(verdict: Verdict): void {
    // Who talks before the greeting is no mail server, or a careless one.
    if (this.inflow.pending) this.house.log.debug('session.early', { session: this.id, ...this.caller })
    if (verdict.kind === 'accept') this.say(reply(220, null, `${this.settings.hostname} ESMTP`))
    else {
      const { code } = verdict.reply
      this.scribe.turnedAway(verdict, this.first.hash)
      // 521 and 421 close (RFC 7504 §3); after 554 the client says QUIT (RFC 5321 §3.1).
      if (code === 421 || code === 521) this.last(verdict.reply)
      else {
        this.mode = 'refused'
        this.say(verdict.reply)
      }
    }
    this.patience.command()
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
    let at = 0
    while (at >= 0 && at < chunk.length) {
      switch (this.mode) {
        case 'command':
        case 'refused':
          at = this.lines.read(chunk, at)
          if (at >= 0) this.run()
          break
        case 'data':
          this.patience.content()
          at = this.incoming!.data(chunk, at)
          if (at >= 0) this.finish()
          break
        case 'chunk':
          this.patience.content()
          at = this.counted(chunk, at)
          break
        case 'waiting':
          this.inflow.keep(chunk.subarray(at))
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
    const standing = this.mode === 'refused' ? 'refused' : this.house.draining ? 'draining' : 'welcome'
    const step = dispatch(this, this.lines, standing)
    if (step instanceof Promise) this.wait(step, (answered) => this.step(answered))
    else this.step(step)
  }

  private step(step: Step): void {
    // RSET, HELO and EHLO drop the transaction, and what BDAT has brought of it.
    if (step.state.transaction === null) this.drop()
    this.state = step.state
    switch (step.next) {
      case 'command':
        if (step.because !== null) this.scribe.refused(step.reply, step.because)
        this.say(step.reply)
        break
      case 'close':
        if (step.reply.code === 221) this.saidQuit = true
        else this.scribe.refused(step.reply)
        this.last(step.reply)
        break
      case 'data':
        if (this.begin(new DataReader())) this.mode = 'data'
        this.patience.content()
        this.say(this.mode === 'data' ? step.reply : noRoom)
        break
      case 'chunk':
        this.mode = 'chunk'
        this.patience.content()
        this.chunk = { left: step.size, last: step.last, refused: step.refused }
        if (step.refused === null && this.incoming === null && !this.begin(new ChunkReader())) {
          this.chunk.refused = noRoom
        }
        // No octet will come that could end it.
        if (step.size === 0) this.chunkDone()
        break
      default:
        assertNever(step)
    }
  }

  /** Makes room for the message of the open transaction; false when there is none. */
  private begin(reader: DataReader | ChunkReader): boolean {
    const transaction = this.state.transaction!
    const intake = this.house.inlet.begin(() => this.ready())
    if (intake === null) return false
    const incoming = new Incoming(intake, reader, this.caller, transaction)
    this.state = { ...this.state, transaction: { ...transaction, incoming } }
    const trace = { helo: this.state.helo!, by: this.settings.hostname, protocol: protocolOf(this.state, transaction) }
    incoming.open(trace, this.house.clock.now())
    return true
  }

  /** The store takes more. */
  private ready(): void {
    const { incoming } = this
    if (incoming === null || !incoming.stalled) return
    incoming.stalled = false
    this.patience.content()
    this.inflow.proceed()
  }

  /** Octets of a chunk; gives where the rest begins. */
  private counted(chunk: Buffer, from: number): number {
    const announced = this.chunk!
    const to = Math.min(chunk.length, from + announced.left)
    announced.left -= to - from
    if (announced.refused === null) this.incoming!.piece(chunk.subarray(from, to))
    if (announced.left === 0) this.chunkDone()
    return to
  }

  private chunkDone(): void {
    const { last, refused } = this.chunk!
    this.mode = 'command'
    this.chunk = null
    const refusal = refused ?? this.incoming!.refusal
    if (refusal !== null) this.refuse(refusal)
    else if (last) {
      this.incoming!.last()
      this.finish()
    } else this.say(chunkOk)
  }

  /** All content is here. */
  private finish(): void {
    const incoming = this.incoming!
    this.mode = 'command'
    if (incoming.refusal !== null) {
      this.refuse(incoming.refusal)
      return
    }
    const asked = incoming.decide()
    if (asked instanceof Promise) this.wait(asked, (verdict) => this.decided(verdict))
    else this.decided(asked)
  }

  private decided(verdict: Verdict): void {
    const transaction = this.state.transaction!
    const incoming = transaction.incoming!
    if (verdict.kind === 'refuse') {
      this.refuse(verdict.reply, { at: verdict.at, address: null })
      return
    }
    this.mode = 'waiting'
    const { state } = this
    const letIn = takeOut(transaction)
    incoming.commit(envelopeOf(state, transaction, this.caller), (error) => {
      // The client may be gone: the message is accepted all the same.
      this.scribe.accepted(state, transaction, letIn, error)
      this.awake(() => this.stored(incoming.id, error))
    })
  }

  /** The one place where responsibility is taken (RFC 5321 §6.1): the message is on stable storage. */
  private stored(id: string, error: Error | null): void {
    this.state = { ...this.state, transaction: null }
    if (error === null) {
      this.messages++
      this.errors = 0
      this.say(reply(250, '2.0.0', `queued as ${id}`))
    } else this.say(notStored)
    if (this.house.draining) this.last(shutDown)
  }

  /** Content was refused: the transaction is over. After a chunk that failed too (RFC 3030 §2): the client begins again. */
  private refuse(why: Reply, because?: Because): void {
    const { incoming } = this
    this.scribe.contentRefused(this.state.transaction, why, because)
    incoming?.drop()
    this.state = { ...this.state, transaction: null }
    this.say(why)
    // From strangers a faulty end of data is an attack: what follows it is not read either.
    if (incoming !== null && incoming.fault !== null && this.settings.kind === 'mx') this.last(null)
    else if (this.house.draining) this.last(shutDown)
  }

  /** Reads nothing until the answer is here. */
  private wait<T>(answer: Promise<T>, then: (answer: T) => void): void {
    this.mode = 'waiting'
    void answer.then(
      (value) => this.awake(() => then(value)),
      (error) => this.awake(() => this.broken(error)),
    )
  }

  /** Back from a wait: `then` says what to do, unless the session has ended meanwhile. */
  private awake(then: () => void): void {
    if (this.mode !== 'waiting') return
    this.mode = 'command'
    this.patience.command()
    try {
      then()
    } catch (error) {
      this.broken(error)
    }
    this.inflow.proceed()
  }

  private say(answer: Reply): void {
    if (answer.code >= 500 && ++this.errors > this.first.limits.maxErrors) {
      this.scribe.refused(tooManyErrors)
      this.last(tooManyErrors)
    } else this.outbox.add(answer)
  }

  /** The last reply; `null` when it is said already. */
  private last(answer: Reply | null): void {
    if (answer !== null) this.outbox.add(answer)
    this.mode = 'closing'
    this.drop()
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
    if (this.mode !== 'closing') this.outbox.flush(() => this.inflow.proceed())
    // It says no more (RFC 5321 §4.1.1.10); many just go, and to hear of that costs an error each.
    else if (this.saidQuit) this.outbox.end(() => this.socket.destroy())
    else if (this.outbox.end(null)) {
      this.patience.linger()
      this.inflow.drop()
    }
  }

  /** The client has said all it will, and was answered: we close too. */
  over(): void {
    this.dismiss(null)
  }

  private gone(): void {
    this.drop()
    this.mode = 'closed'
    this.scribe.closed(this.messages, this.errors)
    this.onGone(this)
  }

  /** The transaction is over without its message. */
  private drop(): void {
    this.incoming?.drop()
    this.scribe.dropped(this.state.transaction)
  }
}
