import type { Clock } from '../../src/mail/clock.ts'
import type { Envelope } from '../../src/mail/envelope.ts'
import { type LogFields, silentLog } from '../../src/mail/log.ts'
import type { NextHop, Route } from '../../src/mail/next-hop.ts'
import type { Mailbox } from '../../src/mail/path.ts'
import type { RetryPolicy } from '../../src/mail/settings.ts'
import type { Attempt, Carrier, Delivery, Lane } from '../../src/queue/lane.ts'
import type { QueueFilter, QueueRow } from '../../src/queue/listing.ts'
import { makeReports } from '../../src/queue/notifier.ts'
import type { QueueAction, QueueOrder, QueueOutcome } from '../../src/queue/operations.ts'
import type { Pause } from '../../src/queue/pauses.ts'
import { openQueue, type Queue, type QueueOptions } from '../../src/queue/queue.ts'
import { anyRecipient, type QueueSelector } from '../../src/queue/selector.ts'
import { FakeDisk } from '../spool/fake-disk.ts'
import { mailbox, small } from '../spool/messages.ts'
import { tempFolder } from '../support/peer.ts'

/** Time passes only by `pass`; what becomes due runs in order. */
export class HandClock implements Clock {
  time = 1_700_000_000_000
  private timers: { at: number; order: number; callback: () => void }[] = []
  private order = 0

  now(): number {
    return this.time
  }

  setTimeout(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = { at: this.time + delayMs, order: this.order++, callback }
    this.timers.push(timer)
    return { cancel: () => (this.timers = this.timers.filter((one) => one !== timer)) }
  }

  /** Lets `ms` pass, timer by timer, and everything that follows from each of them. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms
    for (;;) {
      await settled()
      const next = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (next === undefined) break
      this.timers = this.timers.filter((one) => one !== next)
      this.time = Math.max(this.time, next.at)
      next.callback()
    }
    this.time = until
    await settled()
  }
}

/** Lets everything happen that needs no time: the fake disk takes one turn of the event loop for each operation. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise(setImmediate)
}

export const hopOf = (name: string): NextHop => ({
  kind: 'hosts',
  key: name,
  hosts: [{ host: name, port: 25 }],
})

/** A carrier that does what the test says. */
export class HandCarrier implements Carrier {
  readonly woken: Lane[] = []
  drained = 0
  closed = 0
  /** Called at each wake, if the test wants to take at once. */
  onWake: ((lane: Lane) => void) | null = null

  wake(lane: Lane): void {
    this.woken.push(lane)
    this.onWake?.(lane)
  }

  async drain(): Promise<void> {
    this.drained++
  }

  close(): void {
    this.closed++
  }

  /** The lane towards `key` that was woken last. */
  lane(key: string): Lane {
    const lane = this.woken.findLast(({ nextHop }) => nextHop.key === key)
    if (lane === undefined) throw new Error(`no lane towards ${key} was woken`)
    return lane
  }

  take(key: string): Delivery {
    const delivery = this.lane(key).take()
    if (delivery === null) throw new Error(`nothing to take towards ${key}`)
    return delivery
  }
}

export type Rig = {
  readonly dir: string
  readonly clock: HandClock
  readonly carrier: HandCarrier
  readonly disk: FakeDisk
  readonly events: { event: string; fields: LogFields }[]
  queue: Queue
  /** Route of a mailbox; by default to the next hop of its domain. */
  route: (mailbox: Mailbox, via: string | null) => Route | Pause
  policy: RetryPolicy
  store(envelope: Envelope, body?: string): Promise<string>
  /** All rows of one page of the list. */
  list(filter?: Partial<QueueFilter>): Promise<readonly QueueRow[]>
  /** An operator's action, by default to all of the queue that is not final. */
  operate(action: QueueAction, selector?: Partial<QueueSelector>, more?: Partial<QueueOrder>): Promise<QueueOutcome>
  /** Gives the number of recipients. */
  retry(selector: Partial<QueueSelector>): Promise<number>
  /** Ends the queue in order and opens it again on the same disk. */
  restart(): Promise<void>
}

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

export const toDomain = (to: Mailbox): Route => ({ kind: 'next-hop', nextHop: hopOf(to.domain), at: 'test' })

/** `found`: what a crash left of another rig's disk. */
export async function rig(options: Partial<QueueOptions> = {}, found: Rig | null = null): Promise<Rig> {
  const clock = new HandClock()
  const disk = found?.disk.afterKill() ?? new FakeDisk()
  const dir = tempFolder()
  if (found !== null) disk.move(found.dir, dir)
  const events: Rig['events'] = []
  const note = (event: string, fields: LogFields = {}): void => void events.push({ event, fields })
  const log = { ...silentLog, info: note, warn: note, error: note }
  const start = (carrier: HandCarrier): Promise<Queue> =>
    openQueue({
      dir,
      clock,
      log,
      route: (to, _entry, via) => self.route(to, via),
      carriers: () => carrier,
      retry: () => self.policy,
      notify: makeReports(() => ({
        hostname: 'mx.gw.example',
        postmaster: mailbox('postmaster@gw.example'),
        graphHash: 'sha256:00',
      })),
      spool: { ...small, segmentBytes: 1024 * 1024, pieceBytes: 64 * 1024, disk },
      ...options,
    })
  const first = new HandCarrier()
  const self: { -readonly [K in keyof Rig]: Rig[K] } = {
    dir,
    clock,
    carrier: first,
    disk,
    events,
    queue: null as unknown as Queue,
    route: toDomain,
    policy: { scheduleMs: [MINUTE, 5 * MINUTE, HOUR], expireAfterMs: 24 * HOUR },
    async store(envelope, body = 'Subject: hello\r\n\r\nworld\r\n') {
      const intake = self.queue.begin(() => {})
      if (intake === null) throw new Error('no room')
      intake.write(Buffer.from(body))
      await new Promise<void>((resolve, reject) =>
        intake.commit(envelope, { dots: false, eightBit: false }, (error) =>
          error === null ? resolve() : reject(error),
        ),
      )
      await settled()
      return intake.id
    },
    async list(filter = {}) {
      const rows: QueueRow[] = []
      for await (const slice of self.queue.list({ ...anything, ...filter })) rows.push(...slice)
      return rows
    },
    async operate(action, selector = { all: true }, more = {}) {
      const order = { selector: { ...nothing, ...selector }, action, dryRun: false, atMost: null, ...more }
      const outcome = await self.queue.operate(order)
      await settled()
      return outcome
    },
    async retry(selector) {
      return (await self.operate({ kind: 'retry' }, selector)).recipients
    },
    async restart() {
      const closing = self.queue.close()
      await clock.pass(0)
      await closing
      self.carrier = new HandCarrier()
      self.queue = await start(self.carrier)
      await settled()
    },
  }
  self.queue = await start(first)
  return self
}

export const ok: Attempt = {
  reply: { code: 250, status: '2.0.0', text: 'queued' },
  host: 'mx1.example.com[192.0.2.1]:25',
  command: 'body',
  status: '2.0.0',
  why: '',
}
export const later: Attempt = {
  reply: { code: 451, status: '4.7.1', text: 'greylisted' },
  host: 'mx1.example.com[192.0.2.1]:25',
  command: 'rcpt',
  status: '4.7.1',
  why: '',
}
export const unknownUser: Attempt = {
  reply: { code: 550, status: '5.1.1', text: 'no such user' },
  host: 'mx1.example.com[192.0.2.1]:25',
  command: 'rcpt',
  status: '5.1.1',
  why: '',
}

export const anything: QueueFilter = { ...anyRecipient, after: null, limit: 100 }

/** A selector that names nothing. */
export const nothing: QueueSelector = { ...anyRecipient, ids: [], all: false }
