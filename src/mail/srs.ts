import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Domain } from './domain.ts'
import { type Mailbox, parseMailbox } from './path.ts'
import type { SecretRef } from './settings.ts'

/**
 * The Sender Rewriting Scheme: mail that is forwarded leaves with a sender of our own domain, so that the next host's SPF
 * finds us, and what is returned to that address finds its way back.
 *
 *   SRS0=HHHHHHHH=TT=domain=local@ours           from local@domain
 *   SRS1=HHHHHHHH=first.example==...@ours        from SRS0=...@first.example, or from somebody's SRS1
 *
 * HHHHHHHH is a truncated HMAC-SHA256 that only we can make, TT the day. Without the first, whoever knows the form could
 * send through us to anybody; without the second, an address once seen would be good for ever.
 */
export type SrsSettings = {
  /** One of our own domains, whose mail comes here. */
  readonly domain: string
  /** The first signs, all are believed: a new one goes in front of the old. */
  readonly secrets: readonly SecretRef[]
  readonly validDays: number
  /** `forwarded`: what an alias sends to a foreign domain. `leaving`: all mail of foreign senders to foreign domains. */
  readonly of: 'forwarded' | 'leaving'
  /** Patterns of our own domains: their senders stay. */
  readonly ours: readonly string[]
}

/** Local part that stands for all return addresses where the graph is asked about one. */
export const srsStandIn = 'srs0'

export type Returned =
  | { readonly kind: 'to'; readonly mailbox: Mailbox }
  | { readonly kind: 'refused'; readonly why: 'malformed' | 'forged' | 'expired' }

export type Srs = {
  /** The sender to forward with; `null`: it stays as it is, since it does not fit into a local part. */
  forward(sender: Mailbox, now: number): Mailbox | null
  /** True for every address that has the form and our domain, whoever made it. */
  isReturn(mailbox: Mailbox): boolean
  /** Whom a returned message goes to. Asked only of what `isReturn`. */
  back(mailbox: Mailbox, now: number): Returned
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** 40 bits. */
const hashLength = 8
const days = 1024
const dayMs = 86_400_000
const maxLocalPart = 64

// RFC 5321's dot-string: what needs quoting cannot be put into another local part and survive every host on the way.
const plain = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/
const isReturnForm = /^SRS[01](?:[=+-]|$)/i

/** @param secrets values of `settings.secrets`, in their order */
export function createSrs(
  { domain, validDays }: Pick<SrsSettings, 'domain' | 'validDays'>,
  secrets: readonly string[],
): Srs {
  // A host on the way may change the case of a local part: it is signed without.
  const sign = (secret: string, ...parts: readonly string[]) =>
    base32(createHmac('sha256', secret).update(parts.join('\0').toLowerCase()).digest()).slice(0, hashLength)
  const isSigned = (hash: string, ...parts: readonly string[]) =>
    secrets.some((secret) => {
      const wanted = Buffer.from(sign(secret, ...parts))
      const given = Buffer.from(hash.toUpperCase())
      return given.length === wanted.length && timingSafeEqual(given, wanted)
    })
  const [newest] = secrets
  const made = (localPart: string): Mailbox | null => {
    const parsed = localPart.length > maxLocalPart ? null : parseMailbox(`${localPart}@${domain}`)
    return parsed?.ok ? parsed.value : null
  }

  return {
    forward(sender, now) {
      const { localPart } = sender
      if (newest === undefined || !plain.test(localPart) || sender.domain.startsWith('[')) return null
      const again = /^SRS0([=+-].+)$/i.exec(localPart)
      const twice = /^SRS1[=+-][^=]+=([^=]+)=([=+-].+)$/i.exec(localPart)
      const first = twice?.[1] ?? sender.domain
      const rest = twice?.[2] ?? again?.[1]
      if (rest !== undefined) {
        return made(`SRS1=${sign(newest, '1', first, rest)}=${first}=${rest}`)
      }
      const stamp = dayStamp(now)
      return made(`SRS0=${sign(newest, '0', stamp, sender.domain, localPart)}=${stamp}=${sender.domain}=${localPart}`)
    },

    isReturn: (mailbox) => mailbox.domain === (domain as Domain) && isReturnForm.test(mailbox.localPart),

    back({ localPart }, now) {
      const refused = (why: 'malformed' | 'forged' | 'expired'): Returned => ({ kind: 'refused', why })
      const to = (text: string): Returned => {
        const parsed = parseMailbox(text)
        return parsed.ok ? { kind: 'to', mailbox: parsed.value } : refused('malformed')
      }
      const simple = /^SRS0[=+-]([a-z2-7]+)=([a-z2-7]{2})=([^=]+)=(.+)$/i.exec(localPart)
      if (simple !== null) {
        const [, hash, stamp, host, local] = simple as unknown as readonly string[]
        if (!isSigned(hash!, '0', stamp!, host!, local!)) return refused('forged')
        const age = (dayNumber(now) - stampNumber(stamp!) + days) % days
        // One of tomorrow is another machine's of ours, whose clock is ahead.
        return age <= validDays || age === days - 1 ? to(`${local}@${host}`) : refused('expired')
      }
      const chained = /^SRS1[=+-]([a-z2-7]+)=([^=]+)=([=+-].+)$/i.exec(localPart)
      if (chained === null) return refused('malformed')
      const [, hash, host, rest] = chained as unknown as readonly string[]
      // How old it is, the first host knows: it gave the day.
      return isSigned(hash!, '1', host!, rest!) ? to(`SRS0${rest}@${host}`) : refused('forged')
    },
  }
}

const dayNumber = (now: number): number => Math.floor(now / dayMs) % days
const dayStamp = (now: number): string => digits[dayNumber(now) >> 5]! + digits[dayNumber(now) & 31]!
const stampNumber = (stamp: string): number =>
  digits.indexOf(stamp[0]!.toUpperCase()) * 32 + digits.indexOf(stamp[1]!.toUpperCase())

/** RFC 4648 §6, of the first ten octets. */
function base32(octets: Buffer): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const octet of octets.subarray(0, 10)) {
    held = (held << 8) | octet
    for (bits += 8; bits >= 5; bits -= 5) text += digits[(held >> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return text
}
