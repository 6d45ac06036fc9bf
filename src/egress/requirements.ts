import type { StoredBody } from '../queue/entry.ts'
import type { Attempt } from '../queue/lane.ts'
import { refusedHere } from './attempt.ts'
import type { Capabilities } from './capabilities.ts'
import type { Converted, Wanted } from './content.ts'
import type { Job } from './job.ts'

/** What one message needs of a host and its commands must say. */
export type Needs = { readonly eightBit: boolean; readonly utf8: boolean }

// Any of these in a command would end or split it (SMTP command injection).
const control = /[\x00-\x1f\x7f]/
const beyondAscii = /[^\x00-\x7f]/

/** An address that can be put into a command without changing what the command means. */
export const isSendable = (text: string): boolean => !control.test(text)

function addressesNeedUtf8({ delivery }: Job): boolean {
  const { entry, form } = delivery
  const { from, recipients } = entry.envelope
  const sender = form == null ? from : form.sender
  if (sender !== null && beyondAscii.test(sender.text)) return true
  return recipients.some(({ mailbox }) => beyondAscii.test((form?.recipients?.(mailbox) ?? mailbox).text))
}

/**
 * `null`: cannot be told without reading the header from the spool (`headerNeedsUtf8`). A message that came with SMTPUTF8
 * but has ASCII addresses and an ASCII header goes anywhere (RFC 6531 §3.4 lets a relay leave the parameter out).
 */
export function needsUtf8(job: Job): boolean | null {
  const { envelope, body } = job.delivery.entry
  if (!envelope.smtputf8) return false
  if (addressesNeedUtf8(job)) return true
  return body.eightBit ? null : false
}

/** True when an octet above 127 comes before the end of the header. */
export async function headerNeedsUtf8(body: StoredBody): Promise<boolean> {
  const seen = { ends: 0 }
  for (const chunk of body.chunks ?? []) {
    const found = scanHeader(chunk, seen)
    if (found !== null) return found
  }
  if (body.chunks === null) {
    for await (const chunk of body.read()) {
      const found = scanHeader(chunk, seen)
      if (found !== null) return found
    }
  }
  return false
}

/** True: 8-bit octet in the header. False: the header is over. `null`: it goes on. `ends` counts CR LF CR LF. */
function scanHeader(chunk: Buffer, seen: { ends: number }): boolean | null {
  for (const octet of chunk) {
    if (octet > 127) return true
    if (octet === (seen.ends % 2 === 0 ? 13 : 10)) seen.ends++
    else seen.ends = octet === 13 ? 1 : 0
    if (seen.ends === 4) return false
  }
  return null
}

/**
 * Why this host can take no recipient of the message, or `null`. Known before anything is sent, so it is the gateway that
 * says it.
 */
export function unmet(content: Converted | Wanted, needs: Needs, host: Capabilities, label: string): Attempt | null {
  const refuse = (code: number, status: string, why: string) => refusedHere(code, status, why, null)
  if (needs.utf8 && !host.smtputf8) {
    return refuse(553, '5.6.7', `internationalized addresses or header; ${label} does not take SMTPUTF8`)
  }
  if (typeof content === 'string') return null
  if (content.kind === 'refused') {
    return refuse(554, '5.6.3', `${label} does not take its octets as they are, and ${content.why}`)
  }
  const { body } = content
  // RFC 1870 counts the octets before dot-stuffing. Stuffing adds at most one octet to three.
  const leastBytes = body.dots ? Math.ceil(body.sizeBytes * 0.75) : body.sizeBytes
  if (host.sizeBytes !== null && host.sizeBytes > 0 && leastBytes > host.sizeBytes) {
    return refuse(552, '5.3.4', `message of ${body.sizeBytes} octets; ${label} takes at most ${host.sizeBytes}`)
  }
  return null
}
