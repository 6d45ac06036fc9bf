import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Resolver } from '../../dns/answer.ts'
import type { TlsResult } from '../../egress/tls-policy/policy.ts'
import type { Clock, Timer } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import type { Mailbox } from '../../mail/path.ts'
import { tlsReportJson } from '../../message/tls-report.ts'
import { tlsReportMail } from '../../message/tls-report-mail.ts'
import type { Inlet } from '../../queue/intake.ts'
import { dayOf, startOfDay, TlsCounts } from './counts.ts'
import { keepTlsCounts } from './counts-file.ts'
import { type Receiver, receiversOf } from './receivers.ts'

/** Of the active graph; `null`: it wants none sent, and nothing is counted. */
export type Reporting = {
  readonly from: Mailbox
  readonly contact: string
  readonly organization: string
  /** Our name. */
  readonly hostname: string
  readonly graphHash: string
}

export type TlsReportsOptions = {
  readonly file: string
  readonly reporting: () => Reporting | null
  readonly resolver: Pick<Resolver, 'txt'>
  readonly inlet: Inlet
  /** `null` when it was taken. */
  readonly post: (url: URL, gzip: Buffer) => Promise<string | null>
  readonly clock: Clock
  /** An integer from 0 to `below` - 1. */
  readonly random: (below: number) => number
  readonly log: Log
}

export type TlsReports = {
  count(result: TlsResult): void
  /** Since the start. */
  sent(): { readonly sent: number; readonly failed: number }
  close(): Promise<void>
}

const dayMs = 86_400_000
/** RFC 8460 §4.1: not all senders at midnight. */
const spreadMs = 4 * 3_600_000
const retryMs = 3_600_000
/** RFC 8460 §5.5: a report that cannot be handed over is tried for a day. */
const giveUpMs = dayMs
/** What was left over by a stop is sent soon after the start, but not in the middle of it. */
const leftOverMs = 60_000

const compress = promisify(gzip)

/** Counts how TLS went with the hosts of other domains, and tells their owners once a day (RFC 8460). */
export async function openTlsReports(options: TlsReportsOptions): Promise<TlsReports> {
  const { file, reporting, resolver, inlet, post, clock, random, log } = options
  const counts = new TlsCounts()
  const kept = await keepTlsCounts(file, counts, clock, log)
  /** URIs that have got the report of a day and domain, while others of the same are still tried. */
  const done = new Map<string, Set<string>>()
  const total = { sent: 0, failed: 0 }
  let timer: Timer | null = null
  let isClosed = false

  function plan(): void {
    if (isClosed) return
    const now = clock.now()
    const isLeft = counts.finished(now).length > 0
    const midnight = startOfDay(dayOf(now)) + dayMs
    const waitMs = isLeft ? leftOverMs + random(retryMs - leftOverMs) : midnight - now + random(spreadMs)
    timer = clock.setTimeout(() => void run().finally(plan), waitMs)
  }

  async function run(): Promise<void> {
    const active = reporting()
    const now = clock.now()
    for (const day of counts.finished(now)) {
      const isOld = now >= startOfDay(day) + dayMs + giveUpMs
      for (const domain of counts.domains(day)) {
        if (isClosed) return
        const isThrough = active === null || (await sendAll(day, domain, active))
        if (!isThrough && isOld) {
          total.failed++
          log.warn('tls-report.given-up', { domain, day })
        }
        if (isThrough || isOld) {
          counts.drop(day, domain)
          done.delete(`${day} ${domain}`)
        }
      }
    }
    await kept.write()
  }

  /** True when nobody is left who wants it. */
  async function sendAll(day: string, domain: string, active: Reporting): Promise<boolean> {
    const answer = await resolver.txt(`_smtp._tls.${domain}`)
    if (answer.kind === 'none') return true
    if (answer.kind === 'failed') return false
    const receivers = receiversOf(answer.value)
    const key = `${day} ${domain}`
    const had = done.get(key) ?? new Set<string>()
    let isThrough = true
    for (const receiver of receivers) {
      const name = nameOf(receiver)
      if (had.has(name)) continue
      const why = await send(day, domain, receiver, active).catch((error: Error) => error.message)
      if (why === null) {
        had.add(name)
        total.sent++
        log.info('tls-report.sent', { domain, day, to: name })
      } else {
        isThrough = false
        log.info('tls-report.not-sent', { domain, day, to: name, why })
      }
    }
    if (!isThrough) done.set(key, had)
    return isThrough
  }

  async function send(day: string, domain: string, receiver: Receiver, active: Reporting): Promise<string | null> {
    const { hostname, organization, contact, from, graphHash } = active
    const start = startOfDay(day)
    const end = start + dayMs - 1000
    // The same at each try: whoever gets it twice can tell.
    const reportId = `${day}.${domain}@${hostname}`
    const policies = counts.results(day, domain)
    const json = tlsReportJson({ organization, contact, start, end, id: reportId, policies })
    const octets = await compress(json)
    if (receiver.kind === 'https') return await post(receiver.url, octets)
    const intake = inlet.begin(() => {})
    if (intake === null) return 'the spool takes nothing at the moment'
    const mail = tlsReportMail({
      id: intake.id,
      now: clock.now(),
      from,
      to: receiver.to,
      submitter: hostname,
      domain,
      reportId,
      start,
      end,
      gzip: octets,
      graphHash,
    })
    try {
      for (const chunk of mail.chunks) intake.write(chunk)
      return await new Promise((resolve) => {
        intake.commit(mail.envelope, mail.facts, (error) => resolve(error === null ? null : error.message))
      })
    } finally {
      intake.abort()
    }
  }

  plan()
  return {
    count(result) {
      if (reporting() !== null) counts.add(result, clock.now())
    },
    sent: () => total,
    async close() {
      isClosed = true
      timer?.cancel()
      await kept.close()
    },
  }
}

const nameOf = (receiver: Receiver): string =>
  receiver.kind === 'mail' ? `mailto:${receiver.to.text}` : `${receiver.url.origin}${receiver.url.pathname}`
