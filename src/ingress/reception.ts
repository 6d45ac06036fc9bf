import { type Reply, reply } from '../mail/reply.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import { ChunkReader } from '../smtp/chunk-reader.ts'
import { DataReader } from '../smtp/data-reader.ts'
import { envelopeOf, protocolOf } from './accepted.ts'
import type { Asked, Caller, Verdict } from './admission.ts'
import type { House } from './house.ts'
import { Incoming } from './incoming.ts'
import { mendsLines } from './leniency.ts'
import type { Mode } from './mode.ts'
import { chunkOk, noRoom, notStored, shutDown } from './replies.ts'
import type { Scribe } from './scribe.ts'
import type { Because, State, Step } from './visit.ts'

/** What a reception does to its session. */
export type Host = {
  state: State
  mode: Mode
  readonly caller: Caller
  readonly house: House
  readonly settings: ListenerSettings
  readonly scribe: Scribe
  /** What TLS was agreed on, in words; `null`: none. */
  readonly cipher: string | null
  say(answer: Reply): void
  /** Says the last reply, or only closes. */
  last(answer: Reply | null): void
  wait<T>(answer: Promise<T>, then: (answer: T) => void): void
  /** Back from a wait of another kind. */
  awake(then: () => void): void
  /** The store takes more. */
  goOn(): void
  /** A message was accepted. */
  accepted(): void
}

type Chunk = { left: number; readonly last: boolean; refused: Reply | null }

/** Takes in the message of a transaction: from 354 or the first BDAT to the reply that takes responsibility for it. */
export class Reception {
  /** What is still to come of the octets that BDAT announced. */
  private chunk: Chunk | null = null
  private readonly host: Host
  private readonly arrivedAt: () => string | null

  /** @param arrivedAt our own address that the client has connected to; `null` when it is gone */
  constructor(host: Host, arrivedAt: () => string | null) {
    this.host = host
    this.arrivedAt = arrivedAt
  }

  get stalled(): boolean {
    return this.incoming?.stalled ?? false
  }

  private get incoming(): Incoming | null {
    return this.host.state.transaction?.incoming ?? null
  }

  /** After DATA. Gives what is answered. */
  data(goAhead: Reply): Reply {
    if (!this.begin(new DataReader(mendsLines(this.host.settings)))) return noRoom
    this.host.mode = 'data'
    return goAhead
  }

  /** After BDAT. */
  announced({ size, last, refused }: Extract<Step, { next: 'chunk' }>): void {
    this.host.mode = 'chunk'
    this.chunk = { left: size, last, refused }
    if (refused === null && this.incoming === null && !this.begin(new ChunkReader())) this.chunk.refused = noRoom
    // No octet will come that could end it.
    if (size === 0) this.chunkDone()
  }

  /** Content that follows 354, from `from` on. Gives where the rest begins, -1 while the data go on. */
  content(chunk: Buffer, from: number): number {
    const next = this.incoming!.data(chunk, from)
    if (next >= 0) this.finish()
    return next
  }

  /** Octets of a chunk; gives where the rest begins. */
  counted(chunk: Buffer, from: number): number {
    const announced = this.chunk!
    const to = Math.min(chunk.length, from + announced.left)
    announced.left -= to - from
    if (announced.refused === null) this.incoming!.piece(chunk.subarray(from, to))
    if (announced.left === 0) this.chunkDone()
    return to
  }

  /** The transaction is over without its message. */
  drop(): void {
    this.incoming?.drop()
    this.host.scribe.dropped(this.host.state.transaction)
  }

  /** Makes room for the message of the open transaction; false when there is none. */
  private begin(reader: DataReader | ChunkReader): boolean {
    const { host } = this
    const { state, house, settings, caller } = host
    const transaction = state.transaction!
    const intake = house.inlet.begin(() => this.ready())
    if (intake === null) return false
    const incoming = new Incoming(intake, reader, caller, transaction)
    host.state = { ...state, transaction: { ...transaction, incoming } }
    const protocol = protocolOf(state, transaction, caller)
    const trace = { helo: state.helo!, by: settings.hostname, protocol, tls: host.cipher }
    incoming.open(trace, house.clock.now())
    return true
  }

  private ready(): void {
    const { incoming } = this
    if (incoming === null || !incoming.stalled) return
    incoming.stalled = false
    this.host.goOn()
  }

  private chunkDone(): void {
    const { last, refused } = this.chunk!
    this.host.mode = 'command'
    this.chunk = null
    const refusal = refused ?? this.incoming!.refusal
    if (refusal !== null) this.refuse(refusal)
    else if (last) {
      this.incoming!.last()
      this.finish()
    } else this.host.say(chunkOk)
  }

  /** All content is here. */
  private finish(): void {
    const incoming = this.incoming!
    this.host.mode = 'command'
    incoming.readHints(this.host.house.clock.now())
    if (incoming.ignoredHints.length > 0) this.host.scribe.hintsIgnored(incoming)
    if (incoming.refusal !== null) {
      this.refuse(incoming.refusal)
      return
    }
    const asked: Asked = incoming.decide()
    if (asked instanceof Promise) this.host.wait(asked, (verdict) => this.decided(verdict))
    else this.decided(asked)
  }

  private decided(verdict: Verdict): void {
    const { host } = this
    const { state, caller } = host
    const transaction = state.transaction!
    const incoming = transaction.incoming!
    if (verdict.notes !== undefined) host.scribe.noted('data', verdict.notes)
    if (verdict.kind === 'refuse') {
      this.refuse(verdict.reply, { at: verdict.at, address: null })
      return
    }
    host.mode = 'waiting'
    const letIn = transaction.recipients.takeOut()
    incoming.commit(envelopeOf(state, transaction, caller, this.arrivedAt), (error) => {
      // The client may be gone: the message is accepted all the same.
      host.scribe.accepted(state, transaction, letIn, error)
      host.awake(() => this.stored(incoming.id, error))
    })
  }

  /** The one place where responsibility is taken (RFC 5321 §6.1): the message is on stable storage. */
  private stored(id: string, error: Error | null): void {
    const { host } = this
    host.state = { ...host.state, transaction: null }
    if (error === null) {
      host.accepted()
      host.say(reply(250, '2.0.0', `queued as ${id}`))
    } else host.say(notStored)
    if (host.house.draining) host.last(shutDown)
  }

  /** Content was refused: the transaction is over. After a chunk that failed too (RFC 3030 §2): the client begins again. */
  private refuse(why: Reply, because?: Because): void {
    const { host, incoming } = this
    host.scribe.contentRefused(host.state.transaction, why, because)
    incoming?.drop()
    host.state = { ...host.state, transaction: null }
    host.say(why)
    // From strangers a faulty end of data is an attack: what follows it is not read either.
    if (incoming !== null && incoming.fault !== null && host.settings.kind === 'mx') host.last(null)
    else if (host.house.draining) host.last(shutDown)
  }
}
