import { storedDomain } from '../../src/mail/domain.ts'
import type { Envelope } from '../../src/mail/envelope.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import type { Mailbox } from '../../src/mail/path.ts'
import type { Reply } from '../../src/mail/reply.ts'
import type { QueueEntry, StoredBody } from '../../src/queue/entry.ts'
import type { Attempt, Delivery, Lane } from '../../src/queue/lane.ts'

export function mailbox(text: string): Mailbox {
  const at = text.lastIndexOf('@')
  return { localPart: text.slice(0, at).replace(/^"(.*)"$/, '$1'), domain: storedDomain(text.slice(at + 1)), text }
}

export type MessageOptions = {
  id?: string
  from?: string | null
  to?: readonly string[]
  content?: string | Buffer
  /** In pieces through `read`, as from the spool. */
  spooled?: boolean
  envelope?: Partial<Envelope>
}

/** An entry as the queue would hand it out. `content` is the body in its stored form: CRLF, dot-stuffed. */
export function message(options: MessageOptions = {}): QueueEntry {
  const { id = 'Q1', from = 'a@src.test', to = ['b@dst.test'] } = options
  const content = Buffer.from(options.content ?? 'Subject: x\r\n\r\nhello\r\n')
  const envelope: Envelope = {
    from: from === null ? null : mailbox(from),
    recipients: to.map((text) => ({ mailbox: mailbox(text), original: mailbox(text), notify: null, orcpt: null })),
    body: '7bit',
    smtputf8: false,
    ret: null,
    envid: null,
    origin: { client: null, listener: null, helo: null, identity: null, protocol: 'ESMTP', graphHash: 'g' },
    ...options.envelope,
  }
  return {
    id,
    envelope,
    queuedAt: 0,
    body: storedBody(content, options.spooled ?? false),
    recipients: envelope.recipients.map(() => ({
      state: 'active' as const,
      attempts: 0,
      dueAt: 0,
      lastReply: null,
      lastHost: null,
      why: null,
      nextHop: null,
      lastAttemptAt: null,
      hold: null,
      via: null,
      isWarned: false,
      isExpansionTold: false,
    })),
  }
}

export function storedBody(content: Buffer, spooled = false): StoredBody {
  const lent: Buffer[] = []
  return {
    sizeBytes: content.length,
    dots: content[0] === 46 || content.includes('\r\n.'),
    eightBit: /[\x80-\xff]/.test(content.toString('latin1')),
    chunks: spooled ? null : [content],
    lend() {
      if (spooled) return null
      const copy = Buffer.from(content)
      lent.push(copy)
      return [copy]
    },
    // As the spool does, which reads another message into it.
    returned: () => void lent.shift()!.fill(0xee),
    async *read() {
      for (let at = 0; at < content.length; at += 65536) yield content.subarray(at, at + 65536)
    },
  }
}

/** What became of one delivery. */
export type Outcome = { readonly entry: QueueEntry; readonly attempts: readonly Attempt[] }

export type TestLane = Lane & {
  add(...entries: QueueEntry[]): void
  /** Keeps the lane filled from `source` until it gives `null`. */
  feed(source: () => QueueEntry | null): void
  readonly settled: Outcome[]
  readonly putBacks: QueueEntry[]
  readonly downs: { why: string; reply: Reply | null; forMs?: number }[]
  /** Waits until the condition holds; checked at each thing that happens in the lane. */
  until(condition: () => boolean): Promise<void>
  /** Deliveries put back are offered again. */
  reoffer: boolean
}

/** A lane that counts: settling twice, or putting back what is settled, throws. */
export function testLane(nextHop: NextHop, entries: readonly QueueEntry[] = []): TestLane {
  const waiting: QueueEntry[] = [...entries]
  const waiters: { condition: () => boolean; resolve: () => void }[] = []
  const happened = () => {
    for (const waiter of [...waiters]) {
      if (!waiter.condition()) continue
      waiters.splice(waiters.indexOf(waiter), 1)
      waiter.resolve()
    }
  }
  let isDown = false
  const lane: TestLane = {
    nextHop,
    reoffer: false,
    settled: [],
    putBacks: [],
    downs: [],
    get ready() {
      return isDown ? 0 : waiting.length
    },
    add(...more) {
      waiting.push(...more)
      isDown = false
    },
    feed(source) {
      const shift = () => {
        const entry = source()
        return entry === null ? null : delivery(entry)
      }
      Object.defineProperty(lane, 'ready', { get: () => 100 })
      lane.take = shift
    },
    take() {
      if (isDown) return null
      const entry = waiting.shift()
      return entry === undefined ? null : delivery(entry)
    },
    down(why, reply, forMs) {
      isDown = true
      lane.downs.push({ why, reply, ...(forMs === undefined ? {} : { forMs }) })
      happened()
    },
    until(condition) {
      return new Promise((resolve) => {
        waiters.push({ condition, resolve })
        happened()
      })
    },
  }
  const delivery = (entry: QueueEntry): Delivery => {
    let over = false
    const once = () => {
      if (over) throw new Error(`delivery of ${entry.id} ended twice`)
      over = true
    }
    return {
      entry,
      recipients: [...entry.envelope.recipients.keys()],
      settle(attempts) {
        once()
        if (attempts.length !== entry.envelope.recipients.length || attempts.some((attempt) => !attempt)) {
          throw new Error(`delivery of ${entry.id}: not one attempt for each recipient`)
        }
        lane.settled.push({ entry, attempts })
        happened()
      },
      putBack() {
        once()
        lane.putBacks.push(entry)
        if (lane.reoffer) waiting.unshift(entry)
        happened()
      },
    }
  }
  return lane
}
