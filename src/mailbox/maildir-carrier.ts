import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { QueueEntry } from '../queue/entry.ts'
import { formedEntry } from '../queue/form.ts'
import type { Attempt, Carrier, Delivery, Lane } from '../queue/lane.ts'
import { Maildir, NoSuchFolder } from './maildir.ts'

export type MaildirCarrierOptions = {
  /** In the names of the files. */
  readonly hostname: string
  readonly clock: Clock
  readonly log: Log
  /** Recipients written at one moment. */
  readonly concurrency?: number
}

/** Delivers lanes whose next hop is a maildir: one file for each recipient. */
export function createMaildirCarrier({ hostname, clock, log, concurrency = 32 }: MaildirCarrierOptions): Carrier {
  const maildir = new Maildir(hostname)
  const startedAt = clock.now()
  /** Lanes that may have something, in the order of their turns. */
  const lanes = new Map<string, Lane>()
  let active = 0
  let stopped = false
  const drained: (() => void)[] = []

  const deliver = async (dir: string, delivery: Delivery) => {
    const { entry, recipients } = delivery
    const attempts: Attempt[] = []
    let formed: Promise<QueueEntry> | null = null
    for (const recipient of recipients) {
      // A retry, or taken over from a spool that was there before us: the crash may have come right after the delivery.
      const again = entry.queuedAt < startedAt || (entry.recipients[recipient]?.attempts ?? 0) > 0
      let attempt = delivered
      try {
        await maildir.deliver(
          dir,
          delivery.form == null ? entry : await (formed ??= formedEntry(delivery)),
          recipient,
          again,
        )
      } catch (error) {
        attempt = failure(error as NodeJS.ErrnoException)
      }
      attempts.push(attempt)
      log.info(event(attempt), {
        id: entry.id,
        recipients: 1,
        to: entry.envelope.recipients[recipient]?.mailbox.text,
        host: null,
        command: 'local',
        code: attempt.reply?.code,
        status: attempt.status,
        reply: attempt.why,
        attempts: (entry.recipients[recipient]?.attempts ?? 0) + 1,
        delayMs: clock.now() - entry.queuedAt,
      })
    }
    delivery.settle(attempts)
  }

  const work = () => {
    for (const [key, lane] of lanes) {
      if (stopped || active >= concurrency) return
      // To the end of the line: each lane one delivery at a time.
      lanes.delete(key)
      const delivery = lane.ready > 0 ? lane.take() : null
      if (delivery === null) continue
      lanes.set(key, lane)
      active++
      const dir = lane.nextHop.kind === 'maildir' ? lane.nextHop.dir : ''
      deliver(dir, delivery)
        .catch((error: Error) => log.error('mailbox.bug', { why: error.stack }))
        .finally(() => {
          active--
          if (stopped && active === 0) for (const done of drained.splice(0)) done()
          work()
        })
        .catch(() => {})
    }
  }

  return {
    wake(lane) {
      if (stopped) return
      if (lane.nextHop.kind !== 'maildir') throw new Error(`the maildir carrier was given ${lane.nextHop.key}`)
      lanes.set(lane.nextHop.key, lane)
      work()
    },
    async drain() {
      stopped = true
      if (active > 0) await new Promise<void>((resolve) => drained.push(resolve))
    },
    close() {
      stopped = true
      // What is being written cannot be stopped, and need not be: it ends as a whole message or as a file in `tmp`.
      for (const done of drained.splice(0)) done()
    },
  }
}

const delivered: Attempt = {
  reply: { code: 250, status: '2.1.5', text: 'delivered to the mailbox' },
  host: null,
  command: 'local',
  status: '2.1.5',
  why: 'delivered to the mailbox',
}

/** Nothing that a disk does is the fault of the message: it waits. Only a name that no folder can have is final. */
function failure(error: NodeJS.ErrnoException): Attempt {
  const say = (code: number, status: string, why: string): Attempt => ({
    reply: { code, status, text: why },
    host: null,
    command: 'local',
    status,
    why,
  })
  if (error instanceof NoSuchFolder) return say(553, '5.1.3', error.message)
  if (error.code === 'EDQUOT') return say(452, '4.2.2', 'mailbox full: disk quota exceeded')
  if (error.code === 'ENOSPC') return say(452, '4.3.1', 'no space left on the disk of the mailboxes')
  return say(451, '4.3.0', `the mailbox cannot be written: ${error.message}`)
}

const event = ({ reply }: Attempt): string => {
  const code = reply?.code ?? 400
  return code < 300 ? 'delivery.delivered' : code < 500 ? 'delivery.deferred' : 'delivery.failed'
}
