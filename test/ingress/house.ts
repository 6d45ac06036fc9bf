import type { Admission, Verdict } from '../../src/ingress/admission.ts'
import { Census } from '../../src/ingress/census.ts'
import { type Listener, type ListenerOptions, openListener } from '../../src/ingress/listener.ts'
import { systemClock } from '../../src/mail/clock.ts'
import { literalDomain } from '../../src/mail/domain.ts'
import type { Envelope } from '../../src/mail/envelope.ts'
import { silentLog } from '../../src/mail/log.ts'
import { type Mailbox, parseMailbox } from '../../src/mail/path.ts'
import { reply } from '../../src/mail/reply.ts'
import type { Limits, ListenerSettings, Timeouts } from '../../src/mail/settings.ts'
import type { BodyFacts, Inlet } from '../../src/queue/intake.ts'

export type Kept = { id: string; envelope: Envelope; facts: BodyFacts; body: string }

/** An inlet that keeps messages in memory, and can be told to be slow, full or broken. */
export class MemoryInlet implements Inlet {
  kept: Kept[] = []
  aborted = 0
  full = false
  broken = false
  /** Called before each commit is answered; by default at the next turn, as a disk would. */
  hold: (done: () => void) => void = (done) => setImmediate(done)
  /** Octets that one message may write before it is told to wait. */
  stallEveryBytes = Number.POSITIVE_INFINITY
  waiting: (() => void)[] = []
  private next = 0

  begin(onReady: () => void) {
    if (this.full) return null
    const id = `m${++this.next}`
    const chunks: Buffer[] = []
    let since = 0
    let ended = false
    return {
      id,
      write: (chunk: Buffer) => {
        if (ended) throw new Error('written after its end')
        // As the spool does: the memory is the caller's, who reads the next octets into it.
        chunks.push(Buffer.from(chunk))
        since += chunk.length
        if (since < this.stallEveryBytes) return true
        since = 0
        this.waiting.push(onReady)
        return false
      },
      commit: (envelope: Envelope, facts: BodyFacts, done: (error: Error | null) => void) => {
        if (ended) throw new Error('ended twice')
        ended = true
        this.hold(() => {
          if (this.broken) return done(new Error('disk full'))
          this.kept.push({ id, envelope, facts, body: Buffer.concat(chunks).toString('latin1') })
          done(null)
        })
      },
      abort: () => {
        if (ended) throw new Error('ended twice')
        ended = true
        this.aborted++
      },
    }
  }
}

export const limits: Limits = {
  sessions: 100,
  sessionsPerClient: 100,
  maxSizeBytes: 10_000,
  maxRecipients: 100,
  maxErrors: 20,
  maxHops: 3,
  connectionsPerNextHop: 1,
  connectionsOut: 1,
}

export const timeouts: Timeouts = {
  commandMs: 300_000,
  dataMs: 180_000,
  sessionMs: 3_600_000,
  connectMs: 1000,
  greetingMs: 1000,
  replyMs: 1000,
  dataBlockMs: 1000,
  dataDoneMs: 1000,
  idleMs: 1000,
}

const accept = (recipients: readonly Mailbox[] = []): Verdict => ({ kind: 'accept', recipients, at: 'test' })
const refuse = (code: number, status: string, text: string): Verdict => ({
  kind: 'refuse',
  reply: reply(code, status, text),
  at: 'test',
})

const mailbox = (text: string): Mailbox => {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

/**
 * A small site: example.org and example.net are ours, `nobody` does not exist, `list` is an alias of two, `slow` asks an
 * oracle, `listed` is refused by one, spammer@ may not send, and the rest is not for us to relay.
 */
export function site(over: { limits?: Partial<Limits>; timeouts?: Partial<Timeouts>; hash?: string } = {}): Admission {
  const all = { ...limits, ...over.limits }
  const size = (sizeBytes: number | null): Verdict | null =>
    sizeBytes !== null && sizeBytes > all.maxSizeBytes ? refuse(552, '5.3.4', 'message too large') : null
  return {
    hash: over.hash ?? 'hash1',
    limits: all,
    timeouts: { ...timeouts, ...over.timeouts },
    postmaster: mailbox('admin@example.org'),
    connect: () => accept(),
    helo: () => accept(),
    login: () => accept(),
    mail(_caller, sender, sizeBytes) {
      if (sender?.localPart === 'spammer') return refuse(550, '5.7.1', 'not you')
      if (sender?.localPart === 'slow') return Promise.resolve(accept())
      return size(sizeBytes) ?? accept()
    },
    rcpt(_caller, _sender, recipient) {
      const { localPart, domain } = recipient
      if (domain !== 'example.org' && domain !== 'example.net' && domain !== literalDomain('192.0.2.1')) {
        return refuse(550, '5.7.1', 'relaying denied')
      }
      if (localPart === 'nobody') return refuse(550, '5.1.1', 'no such user')
      if (localPart === 'list') return accept([mailbox('one@example.org'), mailbox('two@example.org')])
      if (localPart === 'slow') return new Promise((resolve) => setImmediate(() => resolve(accept([recipient]))))
      if (localPart === 'listed') return Promise.resolve(refuse(554, '5.7.1', 'listed'))
      return accept([recipient])
    },
    verify: (_caller, { localPart }) => (localPart === 'nobody' ? 'unknown' : localPart === 'any' ? 'unsaid' : 'known'),
    data(_caller, _sender, _recipients, content) {
      if (content.hops !== null && content.hops > all.maxHops) return refuse(554, '5.4.6', 'too many hops')
      return size(content.sizeBytes) ?? accept()
    },
  }
}

export const settings = (kind: ListenerSettings['kind'] = 'mx'): ListenerSettings => ({
  name: kind,
  kind,
  bind: [{ host: '127.0.0.1', port: 0 }],
  hostname: 'mx.example.org',
  maxSizeBytes: 10_000,
})

export type TestHouse = { listener: Listener; inlet: MemoryInlet; port: number; census: Census }

export async function openHouse(over: Partial<ListenerOptions> & { inlet?: MemoryInlet } = {}): Promise<TestHouse> {
  const inlet = over.inlet ?? new MemoryInlet()
  const census = over.census ?? new Census()
  const admission = site()
  const listener = await openListener({
    settings: settings(),
    admission: () => admission,
    census,
    log: silentLog,
    clock: systemClock,
    ...over,
    inlet,
  })
  return { listener, inlet, census, port: listener.addresses()[0]!.port }
}
