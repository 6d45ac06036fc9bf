/** What a field of a header steers. */
export type HintKind =
  | 'egress'
  | 'class'
  | 'schedule'
  | 'not-before'
  | 'expire-after'
  | 'max-attempts'
  | 'notify'
  | 'ret'
  | 'envid'

/** `X-Mailgw-Egress` and so on, folded. */
export const ownPrefix = 'x-mailgw-'
/** All of these are MailerQ's, whatever follows: there is a password among them. */
export const mailerqPrefix = 'x-mq-'

const kinds: ReadonlySet<string> = new Set<HintKind>([
  'egress',
  'class',
  'schedule',
  'not-before',
  'expire-after',
  'max-attempts',
  'notify',
  'ret',
  'envid',
])

/** Fields of ours that steer nothing. */
const marks: ReadonlySet<string> = new Set(['tag', 'test', 'queue-id'])

/** Those of MailerQ that mean what one of ours does. Its intervals are no schedule, and hosts are chosen by nobody's header. */
const mailerqKinds: ReadonlyMap<string, HintKind> = new Map([
  ['ip', 'egress'],
  ['pool', 'egress'],
  ['tag', 'class'],
  ['delayed', 'not-before'],
  ['maxdelivertime', 'expire-after'],
  ['maxattempts', 'max-attempts'],
  ['dsn-notify', 'notify'],
  ['dsn-ret', 'ret'],
  ['dsn-envid', 'envid'],
])

/** One field as it was found; `kind` is `null` for a name that means nothing here. */
export type HintField = {
  readonly family: 'mailgw' | 'mailerq'
  readonly kind: HintKind | null
  /** As people write it, of the letters, digits, `-` and `_` that it may have: it goes into replies and the log. */
  readonly name: string
  /** Unfolded, without blanks around it; `null`: longer than any value is. */
  readonly value: string | null
}

/** Of the name behind the prefix, and of the value: octets that are kept. */
const maxName = 64
const maxValue = 1000
/** Fields that are read; more are counted. */
const maxFields = 32

// Blanks before the colon are obsolete and still read (RFC 5322 §4.5); who takes the field off reads no more of them.
const nameOnly = /^([!-9;-~]{1,64})[ \t]{0,8}:/

/** The name of the field that a line begins with, folded, without its prefix; `null`: none that is taken off. */
export function hintName(line: string, mailerq: boolean): string | null {
  const lower = line.slice(0, maxName + ownPrefix.length + 9).toLowerCase()
  if (lower.startsWith(ownPrefix)) {
    const name = nameOnly.exec(lower.slice(ownPrefix.length))?.[1]
    return name !== undefined && kinds.has(name) ? name : null
  }
  if (!mailerq || !lower.startsWith(mailerqPrefix)) return null
  return nameOnly.exec(lower.slice(mailerqPrefix.length))?.[1] ?? null
}

/**
 * The fields of one header that may steer its message, as they stream past. It is begun behind a prefix, and takes each
 * octet until it says that the field is over: with the first one of the next line.
 */
export class HintFields {
  readonly fields: HintField[] = []
  /** There are more than anybody needs. */
  tooMany = false
  private family: HintField['family'] = 'mailgw'
  private raw = ''
  private isLong = false
  private atLineStart = false
  private isOpen = false

  begin(family: HintField['family']): void {
    this.family = family
    this.raw = ''
    this.isLong = false
    this.atLineStart = false
    this.isOpen = true
  }

  /** `false`: this octet is the next field's. */
  octet(octet: number): boolean {
    if (this.atLineStart && octet !== 32 && octet !== 9) {
      this.end()
      return false
    }
    this.atLineStart = octet === 10
    if (this.raw.length < maxName + maxValue) this.raw += String.fromCharCode(octet)
    else this.isLong = true
    return true
  }

  /** The header may end with it. */
  end(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.atLineStart = false
    const { family, raw } = this
    // Of a name that goes on in the next line: it is none.
    const name = nameOnly.exec(raw)?.[1]
    if (name === undefined) return
    const folded = name.toLowerCase()
    if (family === 'mailgw' && marks.has(folded)) return
    if (this.fields.length >= maxFields) {
      this.tooMany = true
      return
    }
    const kind = family === 'mailgw' ? (kinds.has(folded) ? (folded as HintKind) : null) : mailerqKinds.get(folded)
    const value = this.isLong
      ? null
      : raw
          .slice(raw.indexOf(':') + 1)
          .replaceAll('\r\n', '')
          .trim()
    this.fields.push({ family, kind: kind ?? null, name: shownName(family, folded), value })
  }
}

function shownName(family: HintField['family'], name: string): string {
  const safe = name.replace(/[^a-z0-9_-]/g, '?').slice(0, 40)
  if (family === 'mailerq') return `${mailerqPrefix}${safe}`
  return `X-Mailgw-${safe.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())}`
}
