import type { Envelope } from '../mail/envelope.ts'
import type { Mailbox } from '../mail/path.ts'
import { dateTime } from './date.ts'
import { asciiOnly, field } from './fold.ts'

export type TlsReportMail = {
  readonly id: string
  readonly now: number
  readonly from: Mailbox
  readonly to: Mailbox
  /** Our name, as the reader knows the sender of the mail. */
  readonly submitter: string
  /** Of which the report is. */
  readonly domain: string
  readonly reportId: string
  /** Epoch ms. */
  readonly start: number
  readonly end: number
  /** The report as JSON, compressed by gzip. */
  readonly gzip: Buffer
  readonly graphHash: string
}

/** A report as a message (RFC 8460 §5.3), ready for the spool. */
export function tlsReportMail(mail: TlsReportMail): {
  readonly envelope: Envelope
  readonly chunks: readonly Buffer[]
  readonly facts: { readonly dots: boolean; readonly eightBit: boolean }
} {
  const { id, now, from, to, submitter, domain, reportId, start, end, gzip, graphHash } = mail
  const boundary = `=_mailgw_${id.replace(/[^A-Za-z0-9]/g, '_')}`
  const seconds = (ms: number) => Math.floor(ms / 1000)
  const file = `${submitter}!${domain}!${seconds(start)}!${seconds(end)}.json.gz`
  const header =
    field('From', `<${asciiOnly(from.text)}>`) +
    field('To', `<${asciiOnly(to.text)}>`) +
    field('Date', dateTime(now)) +
    field('Message-ID', `<${id}@${submitter}>`) +
    field('Subject', `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${reportId}>`) +
    field('TLS-Report-Domain', domain) +
    field('TLS-Report-Submitter', submitter) +
    // What it tells of may be the reason why it could not be sent (RFC 8460 §3, RFC 8689 §5).
    'TLS-Required: No\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n' +
    `Content-Type: multipart/report; report-type="tlsrpt";\r\n boundary="${boundary}"\r\n`
  const text =
    `\r\n--${boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n` +
    `This is an aggregate report on TLS (RFC 8460) of mail to ${domain},\r\nfrom ${submitter}.\r\n` +
    `\r\n--${boundary}\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n` +
    `Content-Disposition: attachment;\r\n filename="${file}"\r\n\r\n`
  const lines = gzip.toString('base64').replace(/.{1,76}/g, '$&\r\n')
  return {
    envelope: {
      from,
      // Nobody wants to hear that a report was not wanted.
      recipients: [{ mailbox: to, original: to, notify: [], orcpt: null }],
      body: '7bit',
      smtputf8: false,
      ret: null,
      envid: null,
      origin: { client: null, listener: null, helo: null, identity: null, protocol: 'ESMTP', graphHash },
      tls: 'optional',
    },
    chunks: [Buffer.from(`${header}${text}${lines}\r\n--${boundary}--\r\n`, 'latin1')],
    facts: { dots: false, eightBit: false },
  }
}
