import type { Timeouts } from '../mail/settings.ts'
import { answered, hostLabel, isTooMany, unanswered } from './attempt.ts'
import { BodyWriter } from './body-writer.ts'
import type { Capabilities } from './capabilities.ts'
import { isUntouched, type Job, settleAll, settlePortion, takeBack } from './job.ts'
import { prepare, rcptOf, usesBdat } from './preparation.ts'
import { commandOf, type Parting, type Stage, slowFor, whenLost } from './stage.ts'
import type { Lost, Wire, WireUser } from './wire.ts'
import type { Work } from './work.ts'

/** An open session with one host that sends one message after the other (RFC 5321 §3.3, RFC 2920, RFC 3030). */
export class Connection implements WireUser {
  readonly label: string
  readonly openedAt: number
  /** When its transaction began, epoch ms. */
  since = 0
  /** Transactions that came to their end. */
  messages = 0
  /** It had nothing to do at some time. */
  wasIdle = false
  /** The host has ended it, with these words. */
  parting: Parting | null = null
  /** It serves only jobs that another host could not take now. */
  readonly spare: boolean
  private readonly wire: Wire
  private readonly host: Capabilities
  private readonly timeouts: Timeouts
  private readonly work: Work
  private readonly writer: BodyWriter
  stage: Stage = 'idle'
  current: Job | null = null
  private next: Job | null = null
  /** Jobs with recipients left for another transaction on this connection. */
  private readonly own: Job[] = []
  /** Commands of the job that `pull` gave last. */
  private commands = ''

  // The transaction that is waited for.
  private at = 0
  private accepted = 0
  private postponed: number[] = []
  private heard = false
  private mailRefused = false
  /** MAIL was refused only because the host still holds the failed transaction before it. */
  private again = false
  private afterFailure = false
  private sent = false
  private sentInRead = 0
  private needsReset = false
  private isSlow = false

  constructor(wire: Wire, host: Capabilities, timeouts: Timeouts, work: Work, spare: boolean) {
    this.wire = wire
    this.host = host
    this.timeouts = timeouts
    this.work = work
    this.spare = spare
    this.label = hostLabel(wire.host)
    this.openedAt = wire.clock.now()
    this.writer = new BodyWriter(wire, timeouts.dataBlockMs)
    wire.user = this
  }

  get isIdle(): boolean {
    return this.stage === 'idle'
  }

  get isClosed(): boolean {
    return this.stage === 'closed'
  }

  get maxMessages(): number {
    return this.host.maxMessages
  }

  get tls(): string | null {
    return this.wire.tls
  }

  get source(): string | null {
    return this.wire.localAddress
  }

  /** Takes the next job, or reports itself idle. */
  start(): void {
    if (this.stage !== 'idle') return
    const over = this.work.isOver(this, this.messages)
    const job = over ? null : this.pull(false)
    if (this.isClosed) return
    if (job !== null) this.open(job)
    else if (over) {
      for (const rest of this.own.splice(0)) this.work.resume(rest)
      this.quit()
    } else {
      this.wasIdle = true
      this.wire.await(this.timeouts.idleMs, 'work')
      this.work.idle(this)
    }
  }

  /** Says QUIT when nothing is on the wire; otherwise the end of the transaction does, as `isOver` tells it. */
  quit(): void {
    if (this.stage !== 'idle') return
    this.stage = 'quit'
    this.wire.await(Math.min(this.timeouts.replyMs, 5000), 'answer to QUIT')
    this.writer.commands('QUIT\r\n')
  }

  /** Ends at once. What is on the wire counts as lost. */
  close(why = 'connection given up'): void {
    if (this.stage === 'closed') return
    this.end({ status: '4.4.2', why })
  }

  /** The wire's deadline has passed, or not. An idle connection that is old leaves politely. */
  sweep(now: number): void {
    if (this.stage === 'idle' && now >= this.wire.deadlineAt) this.quit()
    else {
      const waitedMs = this.isSlow ? null : slowFor(this.stage, this.sent, this.wire.deadlineAt - now, this.timeouts)
      if (waitedMs !== null) {
        this.isSlow = true
        this.work.slow(this, waitedMs)
      }
      this.wire.sweep(now)
    }
  }

  drained(): void {
    this.writer.wake()
  }

  lost(lost: Lost): void {
    this.end(lost)
  }

  reply(code: number): void {
    const { stage } = this
    if (stage === 'idle' || stage === 'quit') this.end(null)
    else if (code === 421) this.farewell()
    else if (code >= 300 && code < 400 && !(stage === 'data' && code === 354)) this.unexpected()
    else if (stage === 'reset') this.afterReset()
    else if (stage === 'mail') this.afterMail(code)
    else if (stage === 'rcpt') this.afterRcpt(code)
    else if (stage === 'data') this.afterData(code)
    else if (stage === 'body') this.afterBody(code)
  }

  private open(job: Job): void {
    this.current = job
    this.begin()
    this.wire.await(this.timeouts.replyMs, 'answer to MAIL')
    if (this.needsReset) {
      this.needsReset = false
      this.stage = 'reset'
      this.writer.commands(this.host.pipelining ? `RSET\r\n${this.commands}` : 'RSET\r\n')
    } else this.writer.commands(this.commands)
  }

  private begin(): void {
    this.since = this.wire.clock.now()
    this.stage = 'mail'
    this.at = 0
    this.accepted = 0
    this.postponed = []
    this.heard = false
    this.mailRefused = false
    this.again = false
    this.sent = false
  }

  private afterReset(): void {
    this.stage = 'mail'
    this.wire.await(this.timeouts.replyMs, 'answer to MAIL')
    if (!this.host.pipelining) this.writer.commands(this.commands)
  }

  private afterMail(code: number): void {
    const job = this.current as Job
    this.heard = true
    this.wire.await(this.timeouts.replyMs, 'answer to RCPT')
    if (code >= 400) {
      this.mailRefused = true
      this.again = code === 503 && this.afterFailure
      if (!this.again) settlePortion(job, answered(this.wire.text(), this.label, 'mail'))
    }
    this.afterFailure = false
    if (this.host.pipelining) this.stage = 'rcpt'
    else if (this.mailRefused) this.endTransaction()
    else {
      this.stage = 'rcpt'
      this.sendRcpt(job)
    }
  }

  private sendRcpt(job: Job): void {
    this.writer.commands(rcptOf(job, job.positions[this.at] as number, this.host))
  }

  private afterRcpt(code: number): void {
    const job = this.current as Job
    this.wire.await(this.timeouts.replyMs, 'answer to RCPT')
    if (code < 300) this.accepted++
    else if (!this.mailRefused) {
      const reply = this.wire.text()
      const position = job.positions[this.at] as number
      // "Too many recipients" after some were taken: the others go in the next transaction (RFC 5321 §4.5.3.1.10).
      if (this.accepted > 0 && isTooMany(reply)) this.postponed.push(position)
      else job.attempts[position] = answered(reply, this.label, 'rcpt')
    }
    this.at++
    if (this.at === job.positions.length) this.afterRecipients(job)
    else if (!this.host.pipelining) this.sendRcpt(job)
  }

  private afterRecipients(job: Job): void {
    if (this.postponed.length > 0) {
      const { postponed } = this
      job.positions = job.positions.filter((position) => !postponed.includes(position))
      job.left = [...postponed, ...job.left]
    }
    const taken = this.accepted > 0 && !this.mailRefused
    if (usesBdat(job, this.host)) {
      if (taken) this.sendBody(job)
      else this.abandonTransaction()
    } else if (taken || this.host.pipelining) {
      this.stage = 'data'
      this.wire.await(this.timeouts.replyMs, 'answer to DATA')
      if (!this.host.pipelining) this.writer.commands('DATA\r\n')
    } else this.abandonTransaction()
  }

  /** No content goes out; what the host may still hold of the transaction is reset before the next one. */
  private abandonTransaction(): void {
    this.needsReset = !this.mailRefused || this.accepted > 0
    this.endTransaction()
  }

  private afterData(code: number): void {
    const job = this.current as Job
    const taken = this.accepted > 0 && !this.mailRefused
    if (code >= 400) {
      if (taken) settlePortion(job, answered(this.wire.text(), this.label, 'data'))
      this.abandonTransaction()
    } else if (code === 354 && taken) this.sendBody(job)
    else if (code === 354 && this.accepted === 0) {
      // RFC 2920 §3.1: no recipient, and yet 354. A lone dot ends it.
      this.stage = 'body'
      this.sent = true
      this.wire.await(this.timeouts.dataDoneMs, 'answer to the final dot')
      this.writer.commands('.\r\n')
    } else {
      // 250 means nothing here. And 354 after MAIL was refused and recipients were taken would send them an empty message
      // of an older transaction: nothing but the end of the connection stops that.
      this.unexpected()
    }
  }

  private sendBody(job: Job): void {
    const { body } = job
    const bdat = usesBdat(job, this.host)
    const head = bdat ? `BDAT ${body.sizeBytes} LAST\r\n` : ''
    this.stage = 'body'
    const ending = () => {
      this.sent = true
      this.sentInRead = this.wire.reads
      this.wire.await(this.timeouts.dataDoneMs, 'answer to the final dot')
      return (bdat ? '' : '.\r\n') + this.ahead()
    }
    if (!this.writer.write(head, body, ending)) this.stream(job, head, ending)
  }

  private stream(job: Job, head: string, ending: () => string): void {
    this.writer.stream(head, job.body, ending).catch((error: Error) => {
      if (this.stage === 'closed') return
      // Half a message must not be ended: without dot or last chunk no host takes it.
      settleAll(job, unanswered(this.label, 'local', '4.3.0', `the content cannot be read: ${error.message}`))
      this.end({ status: '4.3.0', why: 'the content cannot be read' })
    })
  }

  /** Commands of the next transaction, to go out together with the end of this one. */
  private ahead(): string {
    if (!this.host.pipelining || this.work.isOver(this, this.messages + 1)) return ''
    this.next = this.pull(true)
    return this.next === null ? '' : this.commands
  }

  private afterBody(code: number): void {
    const job = this.current as Job
    // Said before it can have seen the end: it answers something else, or was made to (reply injection).
    const early = !this.sent || (code < 300 && this.wire.reads === this.sentInRead)
    if (this.accepted > 0 && !this.mailRefused && (!early || code >= 400)) {
      const attempt = answered(this.wire.text(), this.label, 'body')
      settlePortion(job, this.host.dsn && code < 300 ? { ...attempt, dsnTaken: true } : attempt)
    }
    if (!early) {
      if (code >= 400) {
        this.afterFailure = this.next !== null
        this.needsReset = this.next === null && usesBdat(job, this.host)
      }
      this.endTransaction()
    } else {
      // It would take the rest of the content for commands, so nothing more is said to it.
      this.unexpected()
    }
  }

  private endTransaction(): void {
    const job = this.current as Job
    this.messages++
    this.current = null
    if (this.again) {
      takeBack(job, job.positions)
      this.needsReset = true
    }
    if (job.left.length > 0) this.own.push(job)
    else this.work.finished(job, this, this.wire.clock.now() - this.since)
    // Whoever was told of the end may have closed us.
    if (this.isClosed) return
    const { next } = this
    this.next = null
    if (next !== null) {
      this.current = next
      this.begin()
      this.wire.await(this.timeouts.replyMs, 'answer to MAIL')
      return
    }
    this.stage = 'idle'
    this.start()
  }

  /** The next job that this host can take, with its `commands`. The others are refused on the way. */
  private pull(ahead: boolean): Job | null {
    for (;;) {
      const job = this.own.shift() ?? this.work.take(this, ahead)
      if (job === null) return null
      const prepared = prepare(job, this.host, this.label)
      if (prepared.kind === 'send') {
        this.commands = prepared.commands
        return job
      }
      if (prepared.kind === 'look-up') this.work.lookUp(job)
      else this.work.finished(job, this)
      if (this.isClosed) return null
    }
  }

  /** 421 at any time (RFC 5321 §3.8): the host leaves, and what it said holds for the transaction on the wire. */
  private farewell(): void {
    const reply = this.wire.text()
    const { current } = this
    const offered = this.stage !== 'mail' || this.messages === 0 || current === null || !isUntouched(current)
    this.parting = { reply, offered }
    if (!offered) {
      // It takes so many messages in a session, and this one it never saw: no attempt of the message.
      this.current = null
      this.work.putBack(current)
    } else if (current !== null) settleAll(current, answered(reply, this.label, commandOf(this.stage)))
    this.end({ status: reply.status ?? '4.3.2', why: 'the host closed the session (421)' })
  }

  private unexpected(): void {
    const reply = this.wire.text()
    this.end({ status: '4.5.0', why: `protocol error: unexpected reply "${reply.code} ${reply.text}"` })
  }

  /** Closes and gives every job back, each once. */
  private end(lost: Lost | null): void {
    if (this.stage === 'closed') return
    const { current, next, sent, stage } = this
    const command = commandOf(this.stage)
    this.stage = 'closed'
    this.current = null
    this.next = null
    this.wire.close()
    this.writer.wake()
    const { status, why } = lost ?? { status: '4.4.2', why: 'connection closed' }
    if (current !== null) {
      // A kept connection that the host closed while we began: the host never saw the message.
      if (!this.heard && this.messages > 0 && stage !== 'body' && isUntouched(current)) this.work.putBack(current)
      else {
        settleAll(current, unanswered(this.label, command, status, why + whenLost(stage, sent)))
        this.work.finished(current, this)
      }
    }
    if (next !== null) this.giveBack(next, status, why)
    for (const job of this.own) this.giveBack(job, status, why)
    this.own.length = 0
    this.work.gone(this)
  }

  private giveBack(job: Job, status: string, why: string): void {
    if (isUntouched(job)) this.work.putBack(job)
    else {
      settleAll(job, unanswered(this.label, 'mail', status, why))
      this.work.finished(job, this)
    }
  }
}
