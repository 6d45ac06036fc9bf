import type { Socket } from 'node:net'
import type { IpAddress } from '../mail/ip.ts'
import type { Reply } from '../mail/reply.ts'
import { reply } from '../mail/reply.ts'
import { assertNever } from '../mail/result.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import { ChunkReader } from '../smtp/chunk-reader.ts'
import { DataReader } from '../smtp/data-reader.ts'
import { LineReader } from '../smtp/line-reader.ts'
import { writeReply } from '../smtp/reply-writer.ts'
import { acceptedFields, envelopeOf, protocolOf } from './accepted.ts'
import type { Admission, Caller, Verdict } from './admission.ts'
import { dispatch, shutDown } from './dispatch.ts'
import type { House } from './house.ts'
import { Incoming } from './incoming.ts'
import type { State, Step, Visit } from './visit.ts'

/** How long a peer may take to close after our last reply; closing at once could lose the reply in a reset. */
const lingerMs = 3000

const start: State = { helo: null, extended: false, transaction: null }
const noRoom = reply(452, '4.3.1', 'no room for a message now')
const notStored = reply(451, '4.3.0', 'the message could not be stored')
const chunkOk = reply(250, '2.0.0', 'chunk ok')
const tooManyErrors = reply(421, '4.7.0', 'too many errors')

/**
 * One connection (RFC 5321 §3). It owns its socket.
 *
 * greeting   the document is asked whether the client may talk at all
 * refused    it may not: QUIT is answered, all else gets 503 (RFC 5321 §3.1)
 * command    reads command lines
 * data       reads content up to CRLF.CRLF
 * chunk      reads the octets that BDAT announced
 * waiting    an oracle is asked, or the message is being stored: what comes is kept for later, and the socket paused
 * closing    the last reply is written; what comes is dropped until the peer closes
 * closed
 */
type Mode = 'greeting' | 'refused' | 'command' | 'data' | 'chunk' | 'waiting' | 'closing' | 'closed'

export class Session implements Visit {
  readonly id: number
  readonly caller: Caller
  readonly settings: ListenerSettings
  readonly openedAt: number
  state: State = start
  mode: Mode = 'greeting'
  /** Messages accepted. */
  messages = 0
  private readonly house: House
  private readonly socket: Socket
  private readonly onGone: (session: Session) => void
  /** The one that was active at the beginning: its limits and time-outs hold for the whole session. */
  private readonly first: Admission
  private readonly lines = new LineReader()
  /** When the patience with this client ends, epoch ms. One number, looked at from time to time: no timer for a command. */
  private deadlineAt: number
  private chunkLeft = 0
  private chunkLast = false
  private chunkRefusal: Reply | null = null
  /** Replies to what was read so far; they go out in one write. */
  private out = ''
  /** What came while waiting. */
  private later: Buffer | null = null
  private errors = 0
  /** True while `read` runs: who wakes the session inside of it only changes the mode. */
  private reading = false
  /** The peer has closed its side. */
  private ended = false
  /** The peer does not read our replies. */
  private full = false

  constructor(house: House, socket: Socket, client: IpAddress, id: number, onGone: (session: Session) => void) {
    this.id = id
    this.house = house
    this.socket = socket
    this.onGone = onGone
    this.settings = house.settings
    this.first = house.admission()
    this.caller = { listener: house.settings.name, client }
    this.openedAt = house.clock.now()
    this.deadlineAt = this.openedAt + this.first.timeouts.commandMs
    socket.on('data', (chunk) => this.take(chunk))
    socket.on('end', () => this.end())
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
    const asked = this.first.connect(this.caller)
    if (asked instanceof Promise) void asked.then((verdict) => this.greet(verdict))
    else this.greet(asked)
  }

  /** Looks at the clock. */
  expire(now: number): void {
    const total = this.openedAt + this.first.timeouts.sessionMs
    if (now < this.deadlineAt && now < total) return
    if (this.mode === 'closing') this.socket.destroy()
    // The next step is ours then, not the client's.
    else if (this.mode === 'waiting' || this.mode === 'greeting' || this.stalled) return
    else this.dismiss(reply(421, '4.4.2', now >= total ? 'the session took too long' : 'timeout, nothing came'))
  }

  /** Ends the session now when no transaction is under way; otherwise it ends after it. */
  drain(): void {
    if (this.mode === 'refused' || (this.mode === 'command' && this.idle)) this.dismiss(shutDown)
  }

  destroy(): void {
    this.socket.destroy()
  }

  private get idle(): boolean {
    return this.state.transaction === null && this.lines.idle && this.later === null
  }

  private get incoming(): Incoming | null {
    return this.state.transaction?.incoming ?? null
  }

  private get stalled(): boolean {
    return this.incoming?.stalled ?? false
  }

  private greet(verdict: Verdict): void {
    if (this.mode !== 'greeting') return
    // Who talks before the greeting is no mail server, or a careless one.
    const early = this.later !== null
    if (early) this.house.log.debug('session.early', { session: this.id, ...this.caller })
    this.mode = 'command'
    if (verdict.kind === 'accept') this.say(reply(220, null, `${this.settings.hostname} ESMTP`))
    else {
      const { code } = verdict.reply
      this.logRefused(verdict.reply)
      // 521 and 421 close (RFC 7504 §3); after 554 the client says QUIT (RFC 5321 §3.1).
      if (code === 421 || code === 521) this.last(verdict.reply)
      else {
        this.mode = 'refused'
        this.say(verdict.reply)
      }
    }
    this.patience()
    this.flush()
    this.proceed()
  }

  private take(chunk: Buffer): void {
    if (this.mode === 'closing') return
    if (this.mode === 'waiting' || this.mode === 'greeting' || this.full || this.later !== null) {
      this.later = this.later === null ? chunk : Buffer.concat([this.later, chunk])
      this.socket.pause()
      return
    }
    this.read(chunk)
    this.flush()
    if (this.stalled) this.socket.pause()
  }

  /** Goes on with what came meanwhile. */
  private proceed(): void {
    if (this.reading || this.mode === 'waiting' || this.mode === 'greeting' || this.full) return
    const { later } = this
    if (later !== null) {
      this.later = null
      this.read(later)
      this.flush()
    }
    // `read` may have come to another wait.
    if (this.later !== null || this.full || this.stalled) return
    if (this.ended) this.end()
    else if (this.socket.isPaused()) this.socket.resume()
  }

  /** All that a chunk says, command after command. */
  private read(chunk: Buffer): void {
    this.reading = true
    let at = 0
    while (at >= 0 && at < chunk.length) {
      switch (this.mode) {
        case 'command':
        case 'refused':
          at = this.lines.read(chunk, at)
          if (at >= 0) this.run()
          break
        case 'data':
          this.patience()
          at = this.incoming!.data(chunk, at)
          if (at >= 0) this.finish()
          break
        case 'chunk':
          this.patience()
          at = this.counted(chunk, at)
          break
        case 'waiting':
        case 'greeting':
          this.later = chunk.subarray(at)
          this.socket.pause()
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
    this.reading = false
  }

  private run(): void {
    this.patience()
    const standing = this.mode === 'refused' ? 'refused' : this.house.draining ? 'draining' : 'welcome'
    const step = dispatch(this, this.lines, standing)
    if (step instanceof Promise) {
      this.mode = 'waiting'
      void step.then((answered) => this.awake(() => this.step(answered)))
    } else this.step(step)
  }

  private step(step: Step): void {
    // RSET, HELO and EHLO drop the transaction, and what BDAT has brought of it.
    if (step.state.transaction === null) this.incoming?.drop()
    this.state = step.state
    switch (step.next) {
      case 'command':
        this.say(step.reply)
        break
      case 'close':
        if (step.reply.code !== 221) this.logRefused(step.reply)
        this.last(step.reply)
        break
      case 'data':
        if (this.begin(new DataReader())) this.mode = 'data'
        this.say(this.mode === 'data' ? step.reply : noRoom)
        break
      case 'chunk':
        this.mode = 'chunk'
        this.chunkLeft = step.size
        this.chunkLast = step.last
        this.chunkRefusal = step.refused
        if (step.refused === null && this.incoming === null && !this.begin(new ChunkReader())) {
          this.chunkRefusal = noRoom
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
    this.patience()
    this.proceed()
  }

  /** Octets of a chunk; gives where the rest begins. */
  private counted(chunk: Buffer, from: number): number {
    const to = Math.min(chunk.length, from + this.chunkLeft)
    this.chunkLeft -= to - from
    if (this.chunkRefusal === null) this.incoming!.piece(chunk.subarray(from, to))
    if (this.chunkLeft === 0) this.chunkDone()
    return to
  }

  private chunkDone(): void {
    this.mode = 'command'
    const refusal = this.chunkRefusal ?? this.incoming!.refusal
    if (refusal !== null) this.refuse(refusal)
    else if (this.chunkLast) {
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
    if (asked instanceof Promise) {
      this.mode = 'waiting'
      void asked.then((verdict) => this.awake(() => this.decided(verdict)))
    } else this.decided(asked)
  }

  private decided(verdict: Verdict): void {
    const transaction = this.state.transaction!
    const incoming = transaction.incoming!
    if (verdict.kind === 'refuse') {
      this.refuse(verdict.reply)
      return
    }
    this.mode = 'waiting'
    const { state } = this
    incoming.commit(envelopeOf(state, transaction, this.caller), (error) => {
      // The client may be gone: the message is accepted all the same.
      const { log } = this.house
      if (error === null) log.info('message.accepted', acceptedFields(state, transaction, this.caller))
      else log.error('message.not-stored', { id: incoming.id, error: error.message })
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
  private refuse(why: Reply): void {
    const { incoming } = this
    this.logRefused(why)
    incoming?.drop()
    this.state = { ...this.state, transaction: null }
    this.say(why)
    // From strangers a faulty end of data is an attack: what follows it is not read either.
    if (incoming !== null && incoming.fault !== null && this.settings.kind === 'mx') this.last(null)
    else if (this.house.draining) this.last(shutDown)
  }

  /** Back from a wait: `then` says what to do, unless the session has ended meanwhile. */
  private awake(then: () => void): void {
    if (this.mode !== 'waiting') return
    this.mode = 'command'
    this.patience()
    then()
    if (this.reading) return
    this.flush()
    this.proceed()
  }

  private say(answer: Reply): void {
    if (answer.code >= 500 && ++this.errors > this.first.limits.maxErrors) {
      this.logRefused(tooManyErrors)
      this.last(tooManyErrors)
    } else this.out += writeReply(answer)
  }

  /** The last reply; `null` when it is said already. */
  private last(answer: Reply | null): void {
    if (answer !== null) this.out += writeReply(answer)
    this.mode = 'closing'
    this.incoming?.drop()
    this.state = { ...this.state, transaction: null }
  }

  /** Ends the session for a reason of ours: 421 may come at any time (RFC 5321 §3.8). */
  private dismiss(why: Reply): void {
    this.last(why)
    this.flush()
  }

  private flush(): void {
    const { out } = this
    this.out = ''
    if (this.mode === 'closing') {
      if (this.socket.writableEnded) return
      this.socket.end(out, 'latin1')
      this.deadlineAt = this.house.clock.now() + lingerMs
      this.later = null
      this.socket.resume()
    } else if (out !== '' && !this.socket.write(out, 'latin1')) {
      // A client that sends and never reads would fill our memory with replies.
      this.full = true
      this.socket.pause()
      this.socket.once('drain', () => {
        this.full = false
        this.proceed()
      })
    }
  }

  private patience(): void {
    const { commandMs, dataMs } = this.first.timeouts
    const content = this.mode === 'data' || this.mode === 'chunk'
    this.deadlineAt = this.house.clock.now() + (content ? dataMs : commandMs)
  }

  /** The client has said all it will: what was read whole is still answered, then we close too. */
  private end(): void {
    this.ended = true
    if (this.mode === 'waiting' || this.mode === 'greeting' || this.later !== null) return
    this.last(null)
    this.flush()
  }

  private gone(): void {
    this.incoming?.drop()
    this.mode = 'closed'
    const { id, caller, messages, errors } = this
    this.house.log.debug('session.close', { session: id, ...caller, messages, errors })
    this.onGone(this)
  }

  private logRefused({ code, text }: Reply): void {
    this.house.log.info('session.refused', { session: this.id, ...this.caller, code, text })
  }
}
