import type { NextHopSettings } from '../mail/next-hop-settings.ts'

/** What a host said in answer to EHLO. A host that only knows HELO has none of it. */
export type Capabilities = {
  readonly pipelining: boolean
  /** RFC 1870: `null` not offered, 0 offered without a number. */
  readonly sizeBytes: number | null
  readonly eightBitMime: boolean
  readonly binaryMime: boolean
  readonly chunking: boolean
  readonly smtputf8: boolean
  readonly dsn: boolean
  readonly starttls: boolean
  /** RFC 8689: it hands on only to hosts that do the same. */
  readonly requireTls: boolean
  /** SASL mechanisms in upper case. */
  readonly auth: ReadonlySet<string>
  /** RFC 9422 RCPTMAX, RCPTDOMAINMAX and MAILMAX; `Infinity` when not said. */
  readonly maxRecipients: number
  readonly maxDomains: number
  readonly maxMessages: number
}

export const noCapabilities: Capabilities = {
  pipelining: false,
  sizeBytes: null,
  eightBitMime: false,
  binaryMime: false,
  chunking: false,
  smtputf8: false,
  dsn: false,
  starttls: false,
  requireTls: false,
  auth: new Set(),
  maxRecipients: Infinity,
  maxDomains: Infinity,
  maxMessages: Infinity,
}

/** Reads the text of a 250 to EHLO, one keyword a line after the first (RFC 5321 §4.1.1.1). Unknown keywords mean nothing. */
export function parseCapabilities(text: string): Capabilities {
  const words = new Map<string, string[]>()
  const auth = new Set<string>()
  for (const line of text.split('\n').slice(1)) {
    // `AUTH=LOGIN` is how servers from before RFC 2554 say it, and some still say both.
    const [keyword = '', ...params] = line
      .trim()
      .toUpperCase()
      .replace(/^AUTH=/, 'AUTH ')
      .split(/ +/)
    if (keyword === 'AUTH') for (const mechanism of params) auth.add(mechanism)
    else if (!words.has(keyword)) words.set(keyword, params)
  }
  const limits = words.get('LIMITS') ?? []
  return {
    pipelining: words.has('PIPELINING'),
    sizeBytes: words.has('SIZE') ? (number(words.get('SIZE')?.[0]) ?? 0) : null,
    eightBitMime: words.has('8BITMIME'),
    binaryMime: words.has('BINARYMIME'),
    chunking: words.has('CHUNKING'),
    smtputf8: words.has('SMTPUTF8'),
    dsn: words.has('DSN'),
    starttls: words.has('STARTTLS'),
    requireTls: words.has('REQUIRETLS'),
    auth,
    maxRecipients: limit(limits, 'RCPTMAX='),
    maxDomains: limit(limits, 'RCPTDOMAINMAX='),
    maxMessages: limit(limits, 'MAILMAX='),
  }
}

function limit(params: readonly string[], name: string): number {
  const found = number(params.find((param) => param.startsWith(name))?.slice(name.length))
  return found === undefined || found === 0 ? Infinity : found
}

const number = (digits: string | undefined): number | undefined =>
  digits !== undefined && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined

/** What the host takes, and what the document gives it: the smaller numbers hold. */
export function within(
  host: Capabilities,
  { recipientsPerMessage, messagesPerConnection }: NextHopSettings,
): Capabilities {
  if (recipientsPerMessage === undefined && messagesPerConnection === undefined) return host
  return {
    ...host,
    maxRecipients: Math.min(host.maxRecipients, recipientsPerMessage ?? Infinity),
    maxMessages: Math.min(host.maxMessages, messagesPerConnection ?? Infinity),
  }
}
