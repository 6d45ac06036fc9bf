/**
 * One decision of the envelope log: what a client asked for, what the gateway answered, and what decided. Written as
 * NDJSON, so that it can be weighed against another graph later (`mailgw plan --replay`). Decisions that differ in `to` and
 * `at` alone, as those of one message do, share a line.
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
  /** The line was encrypted. Absent, as the next three: no, nobody, none, not said. */
  readonly tls?: true
  /** Who logged in, folded. */
  readonly login?: string
  /** The verified certificate of the client. */
  readonly certificate?: string
  /** The argument of HELO or EHLO. */
  readonly helo?: string
  /** What was asked of the world, by `dnsbl.zen`. */
  readonly answers: Readonly<Record<string, 'listed' | 'clear' | 'error'>>
  readonly verdict: 'accepted' | 'refused'
  /** Where it was decided. Accepted is `data` when the message was stored, `rcpt` when it never came or was refused by no rule. */
  readonly stage: 'connect' | 'helo' | 'mail' | 'rcpt' | 'data'
  readonly code: number
  /** The row that decided, with its place, or `overlay deny-7f3a1c`; `''`: nothing in the document says. */
  readonly at: string
  readonly graph: string
  /** Of the message, when it was stored. */
  readonly id: string | null
  /** Rows that only look on and would have refused. Absent: none. */
  readonly observed?: readonly string[]
  /** Local parts are `~` and 16 hexadecimal digits (postmaster and abuse are not), that of the login too. Absent: plain. */
  readonly hashed?: true
}

/** Local parts that are never hashed: they are nobody's name, and every domain has them (RFC 2142). */
export const plainLocalParts: ReadonlySet<string> = new Set(['postmaster', 'abuse'])

/** Another recipient of whom everything else is true as well. */
export type AlsoTo = Pick<EnvelopeRecord, 'to' | 'at'>

/**
 * With its line end. `time` is first, so that a reader finds its place without parsing. With others `to` is a list, and so
 * is `at` unless one row decided of all.
 */
export function envelopeLine(record: EnvelopeRecord, others: readonly AlsoTo[] = []): string {
  if (others.length === 0) return `${JSON.stringify(record)}\n`
  const to = [record.to, ...others.map((other) => other.to)]
  const isOne = others.every((other) => other.at === record.at)
  const at = isOne ? record.at : [record.at, ...others.map((other) => other.at)]
  return `${JSON.stringify({ ...record, to, at })}\n`
}

/** Of each recipient its own. None for what is no whole line: the last one of a crash, or another's. */
export function parseEnvelopeLine(line: string): readonly EnvelopeRecord[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return []
  }
  if (typeof value !== 'object' || value === null) return []
  const { to, at } = value as { to?: unknown; at?: unknown }
  if (!Array.isArray(to)) return isRecord(value) ? [value] : []
  if (Array.isArray(at) && at.length !== to.length) return []
  const records = to.map((one, index) => ({ ...value, to: one, at: Array.isArray(at) ? at[index] : at }))
  return records.every(isRecord) ? records : []
}

/** The time of a line, without parsing the rest; `NaN` for what is no record. */
export const timeOfLine = (line: string): number =>
  line.startsWith('{"time":') ? Number.parseInt(line.slice(8, 24), 10) : Number.NaN

const words = new Set(['listed', 'clear', 'error'])
const textOrNull = (value: unknown): boolean => value === null || typeof value === 'string'
const countOrNull = (value: unknown): boolean => value === null || (typeof value === 'number' && value >= 0)

function isRecord(value: object): value is EnvelopeRecord {
  const { time, listener, client, from, to, size, hops, answers, verdict, code, at, graph } = value as Record<
    string,
    unknown
  >
  if (typeof time !== 'number' || typeof listener !== 'string' || typeof client !== 'string') return false
  if (typeof at !== 'string') return false
  if (!textOrNull(from) || !textOrNull(to) || !countOrNull(size) || !countOrNull(hops)) return false
  if (typeof answers !== 'object' || answers === null || typeof code !== 'number' || typeof graph !== 'string')
    return false
  const { tls, login, certificate, helo } = value as Record<string, unknown>
  if (tls !== undefined && tls !== true) return false
  for (const text of [login, certificate, helo]) if (text !== undefined && typeof text !== 'string') return false
  for (const name in answers) if (!words.has((answers as Record<string, string>)[name]!)) return false
  return verdict === 'accepted' || verdict === 'refused'
}
