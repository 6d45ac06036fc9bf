import { type Clock, systemClock } from '../../src/mail/clock.ts'
import { storedDomain } from '../../src/mail/domain.ts'
import type { Envelope } from '../../src/mail/envelope.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import type { Mailbox } from '../../src/mail/path.ts'
import type { StoredBody } from '../../src/queue/entry.ts'
import { openSpool, type Spool, type SpoolOptions } from '../../src/queue/spool.ts'
import type { StoredEntry } from '../../src/queue/stored-entry.ts'

export const mailbox = (text: string): Mailbox => {
  const at = text.lastIndexOf('@')
  return { localPart: text.slice(0, at), domain: storedDomain(text.slice(at + 1)), text }
}

export const recipient = (text: string): Envelope['recipients'][number] => ({
  mailbox: mailbox(text),
  original: mailbox(text),
  notify: null,
  orcpt: null,
})

export function envelopeTo(...recipients: string[]): Envelope {
  return {
    from: mailbox('sender@src.example'),
    recipients: recipients.map(recipient),
    body: '7bit',
    smtputf8: false,
    ret: null,
    envid: null,
    origin: {
      client: '192.0.2.1' as IpAddress,
      listener: 'mx',
      helo: 'client.example',
      identity: null,
      protocol: 'ESMTP',
      graphHash: 'sha256:00',
    },
  }
}

/** A body that says which message it is of, so that a wrong piece is seen. */
export function bodyOf(name: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${name} is the message that this line belongs to\r\n`)
}

/** Timers do nothing: what is done in the background is not waited for by any test that uses it. */
export const stillClock = (): Clock & { time: number } => ({
  time: 1_700_000_000_000,
  now() {
    return this.time
  },
  setTimeout: () => ({ cancel() {} }),
})

export const small: Pick<Required<SpoolOptions>, 'segmentBytes' | 'pieceBytes' | 'segmentsAhead' | 'segmentsKept'> = {
  segmentBytes: 32 * 1024,
  pieceBytes: 4 * 1024,
  segmentsAhead: 1,
  segmentsKept: 4,
}

export const open = (options: Partial<SpoolOptions>): ReturnType<typeof openSpool> =>
  openSpool({ dir: '/state', clock: systemClock, log: silentLog, ...small, ...options })

/** Puts one message in, in chunks of 1500 octets, and gives its entry when it is stored. */
export function store(
  spool: Spool,
  envelope: Envelope,
  body: Buffer,
  onId: (id: string) => void = () => {},
): Promise<StoredEntry> {
  return new Promise((resolve, reject) => {
    let at = 0
    const intake = spool.begin(() => write())
    if (intake === null) {
      reject(new Error('no room'))
      return
    }
    onId(intake.id)
    const { sink } = spool
    const write = (): void => {
      while (at < body.length) {
        const chunk = Buffer.from(body.subarray(at, at + 1500))
        at += chunk.length
        if (!intake.write(chunk) && at < body.length) return
      }
      intake.commit(envelope, { dots: false, eightBit: false }, (error) => {
        if (error !== null) {
          reject(error)
          return
        }
        // The entry is given to the sink in the same turn.
        spool.sink = {
          stored(entry) {
            spool.sink = sink
            sink.stored(entry)
            resolve(entry)
          },
        }
      })
    }
    write()
  })
}

export async function contentOf(body: StoredBody): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of body.read()) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

/** A reproducible source of chance (mulberry32). */
export function chances(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
