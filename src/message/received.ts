import type { Domain } from '../mail/domain.ts'
import type { IpAddress } from '../mail/ip.ts'
import { dateTime } from './date.ts'

export type Hop = {
  /** Argument of HELO or EHLO: a domain or an address literal, or what a lenient listener let pass. */
  readonly helo: string
  readonly client: IpAddress
  readonly by: Domain | string
  /** RFC 3848, RFC 6531 §4.3. */
  readonly protocol: string
  readonly id: string
  /** The only recipient, or `null`: several would tell each of the others (RFC 5321 §7.2). */
  readonly for: string | null
  /** What TLS was agreed on, in words such as `TLSv1.3 TLS_AES_256_GCM_SHA384`; absent or `null`: none. */
  readonly tls?: string | null
}

/**
 * The trace line that this gateway puts before a message (RFC 5321 §4.4), with its CRLF. ASCII, three lines, each short:
 *
 *     Received: from client.example.org ([192.0.2.1])
 *      by mx.example.net with ESMTP id 01HX...
 *      for <user@example.net>; Fri, 21 Nov 2025 09:43:20 +0000
 *
 * Where the line was encrypted, a comment behind the first one says how.
 */
export function receivedLine(hop: Hop, now: number): string {
  const address = hop.client.includes(':') ? `[IPv6:${hop.client}]` : `[${hop.client}]`
  // What is no name could be read as more of the header: the address stands for it.
  const from = plainName.test(hop.helo) ? hop.helo : address
  const recipient = hop.for !== null && printable.test(hop.for) ? `\r\n for <${hop.for}>` : ''
  const tls = hop.tls == null ? '' : `\r\n (${hop.tls})`
  return `Received: from ${from} (${address})${tls}\r\n by ${hop.by} with ${hop.protocol} id ${hop.id}${recipient}; ${dateTime(now)}\r\n`
}

const plainName = /^(?:[A-Za-z0-9_.-]{1,255}|\[[A-Za-z0-9:.]{1,60}\])$/
const printable = /^[ -~]{1,256}$/
