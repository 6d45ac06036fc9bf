/**
 * One decision of the envelope log: what a client asked for, what the gateway answered, and what decided. A line of
 * NDJSON each, so that it can be weighed against another graph later (`mailgw plan --replay`).
 */
export type EnvelopeRecord = {
  /** Epoch ms. */
  readonly time: number
  readonly listener: string
  readonly client: string
  /** `<>` for the null reverse-path; `null`: refused before MAIL. */
  readonly from: string | null
  /** As RCPT named it; `null`: refused before RCPT. */
  readonly to: string | null
  /** Counted, or as announced where it was never counted. */
  readonly size: number | null
  /** Received lines; `null`: the message never came. */
  readonly hops: number | null
  /** What was asked of the world, by `dnsbl.zen`. */
  readonly answers: Readonly<Record<string, 'listed' | 'clear' | 'error'>>
  readonly verdict: 'accepted' | 'refused'
  /** Where it was decided. Accepted is `data` when the message was stored, `rcpt` when it never came or was refused by no rule. */
  readonly stage: 'connect' | 'mail' | 'rcpt' | 'data'
  readonly code: number
  /** The row that decided, with its place, or `overlay deny-7f3a1c`; `''`: nothing in the document says. */
  readonly at: string
  readonly graph: string
  /** Of the message, when it was stored. */
  readonly id: string | null
  /** Local parts are `~` and 16 hexadecimal digits (postmaster and abuse are not). Absent: plain. */
  readonly hashed?: true
}

/** Local parts that are never hashed: they are nobody's name, and every domain has them (RFC 2142). */
export const plainLocalParts: ReadonlySet<string> = new Set(['postmaster', 'abuse'])

let last: EnvelopeRecord | null = null
let shared = ''

/**
 * With its line end. `time` is first, so that a reader finds its place without parsing. Recipients of one message differ in
 * little, so what the one before had too is not written anew.
 */
export function envelopeLine(record: EnvelopeRecord): string {
  if (last === null || !differsInRecipient(last, record)) {
    const { time: _time, to: _to, at: _at, ...rest } = record
    shared = JSON.stringify(rest).slice(1)
  }
  last = record
  const { time, to, at } = record
  return `{"time":${time},"to":${JSON.stringify(to)},"at":${JSON.stringify(at)},${shared}\n`
}

/** In the recipient and what decided of it alone. Answers are compared as objects: those of one question are one. */
function differsInRecipient(one: EnvelopeRecord, other: EnvelopeRecord): boolean {
  return (
    one.listener === other.listener &&
    one.client === other.client &&
    one.from === other.from &&
    one.size === other.size &&
    one.hops === other.hops &&
    one.answers === other.answers &&
    one.verdict === other.verdict &&
    one.stage === other.stage &&
    one.code === other.code &&
    one.graph === other.graph &&
    one.id === other.id &&
    one.hashed === other.hashed
  )
}

/** `null` for what is no whole record: the last line of a crash, or another's. */
export function parseEnvelopeLine(line: string): EnvelopeRecord | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  return isRecord(value) ? value : null
}

/** The time of a line, without parsing the rest; `NaN` for what is no record. */
export const timeOfLine = (line: string): number =>
  line.startsWith('{"time":') ? Number.parseInt(line.slice(8, 24), 10) : Number.NaN

const words = new Set(['listed', 'clear', 'error'])
const textOrNull = (value: unknown): boolean => value === null || typeof value === 'string'
const countOrNull = (value: unknown): boolean => value === null || (typeof value === 'number' && value >= 0)

function isRecord(value: unknown): value is EnvelopeRecord {
  if (typeof value !== 'object' || value === null) return false
  const { time, listener, client, from, to, size, hops, answers, verdict, code, graph } = value as Record<
    string,
    unknown
  >
  if (typeof time !== 'number' || typeof listener !== 'string' || typeof client !== 'string') return false
  if (!textOrNull(from) || !textOrNull(to) || !countOrNull(size) || !countOrNull(hops)) return false
  if (typeof answers !== 'object' || answers === null || typeof code !== 'number' || typeof graph !== 'string')
    return false
  for (const name in answers) if (!words.has((answers as Record<string, string>)[name]!)) return false
  return verdict === 'accepted' || verdict === 'refused'
}
