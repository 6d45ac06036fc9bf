import { ok, type Result, wrong } from './result.ts'

/**
 * The text of a notification as a document writes it: plain text with placeholders such as `{recipient}`; `{{` and `}}` are
 * the braces themselves. The lines between a line `{each}` and a line `{end}` stand there once for each recipient. A line
 * whose placeholders are all empty at that time is left out. What the placeholders stand for is worked out when a
 * notification is written (`message/notification-text.ts`).
 */
export type NoticeTemplate = {
  readonly before: readonly NoticeLine[]
  readonly each: readonly NoticeLine[]
  readonly after: readonly NoticeLine[]
}
export type NoticeLine = readonly NoticePart[]
export type NoticePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly name: Placeholder }

/** Of the message; may stand everywhere. */
export const messagePlaceholders = ['gateway', 'postmaster', 'sender', 'subject', 'date', 'id', 'count'] as const
/** Of one recipient; between `{each}` and `{end}` alone. */
export const recipientPlaceholders = [
  'recipient',
  'original',
  'reason',
  'host',
  'answer',
  'why',
  'attempts',
  'until',
] as const
export type Placeholder = (typeof messagePlaceholders)[number] | (typeof recipientPlaceholders)[number]

export const longestNotice = 8000
export const longestSubject = 200

const ofMessage: ReadonlySet<string> = new Set(messagePlaceholders)
const ofRecipient: ReadonlySet<string> = new Set(recipientPlaceholders)

/** Controls would be taken for line ends or hide something; a lone surrogate is no character. */
const unprintable = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]|\p{Cs}/u

/** Reads the text of a notification, or says what is wrong with it. Lines end in LF or CRLF. */
export function parseNotice(source: string): Result<NoticeTemplate> {
  const text = source.replace(/\r\n/g, '\n').replace(/\n+$/, '')
  if (text.trim() === '') return wrong('expected a text, got an empty one')
  if (text.length > longestNotice) return wrong(`expected at most ${longestNotice} characters, got ${text.length}`)
  if (unprintable.test(text))
    return wrong('expected plain text: a control character, such as a tab, may not stand here')
  const parts = { before: [] as NoticeLine[], each: [] as NoticeLine[], after: [] as NoticeLine[] }
  let where: keyof typeof parts = 'before'
  for (const [at, line] of text.split('\n').entries()) {
    const here = `line ${at + 1}`
    const mark = line.trim()
    if (mark === '{each}') {
      if (where !== 'before') return wrong(`${here}: {each} may stand there once`)
      where = 'each'
    } else if (mark === '{end}') {
      if (where !== 'each') return wrong(`${here}: {end} without {each} before it`)
      where = 'after'
    } else {
      const read = parseLine(line, where === 'each')
      if (!read.ok) return wrong(`${here}: ${read.error}`)
      parts[where].push(read.value)
    }
  }
  if (where === 'each') return wrong('{each} has no line {end} behind it')
  const names = parts.each.flat().some((part) => part.kind === 'placeholder' && part.name === 'recipient')
  return names ? ok(parts) : wrong('expected lines {each} and {end} with {recipient} between them: of whom it speaks')
}

/** Reads the subject of a notification: one line. */
export function parseNoticeSubject(text: string): Result<NoticeLine> {
  if (text.trim() === '') return wrong('expected a subject, got an empty one')
  if (text.length > longestSubject) return wrong(`expected at most ${longestSubject} characters, got ${text.length}`)
  if (unprintable.test(text) || text.includes('\n')) return wrong('expected one line of plain text')
  return parseLine(text, false)
}

function parseLine(line: string, isOfRecipient: boolean): Result<NoticeLine> {
  const parts: NoticePart[] = []
  let plain = ''
  const flush = () => {
    if (plain !== '') parts.push({ kind: 'text', text: plain })
    plain = ''
  }
  // Each brace with what belongs to it, or a run of what is no brace.
  for (const [piece, name] of line.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    if (name !== undefined) {
      const known = placeholder(name, isOfRecipient)
      if (!known.ok) return known
      flush()
      parts.push({ kind: 'placeholder', name: known.value })
    } else if (piece === '{' || piece === '}') {
      return wrong(`"${piece}" belongs to a placeholder such as {id}; for the sign itself write "${piece}${piece}"`)
    } else plain += piece === '{{' ? '{' : piece === '}}' ? '}' : piece
  }
  flush()
  return ok(parts)
}

function placeholder(name: string, isOfRecipient: boolean): Result<Placeholder> {
  if (ofMessage.has(name) || (isOfRecipient && ofRecipient.has(name))) return ok(name as Placeholder)
  if (name === 'each' || name === 'end') return wrong(`{${name}} stands in a line of its own`)
  if (ofRecipient.has(name)) return wrong(`{${name}} may stand between {each} and {end} alone`)
  const known = [...messagePlaceholders, ...(isOfRecipient ? recipientPlaceholders : [])]
  return wrong(`there is no {${name}} here; there are ${known.map((one) => `{${one}}`).join(' ')}`)
}

/** Of what a document may say the reason: a status, or all of a subject or class (RFC 3463), or that it was tried too often. */
export const isReasonPattern = (text: string): boolean =>
  text === 'attempts' || /^[45]\.(?:\*|\d{1,3}\.(?:\*|\d{1,3}))$/.test(text)

export const longestReason = 300
