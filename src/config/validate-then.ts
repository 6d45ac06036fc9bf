import type { Then } from './define.ts'
import type { Consequence } from './document.ts'
import type { DocPath } from './positions.ts'
import { valueSpot } from './validate-read.ts'
import { readReply } from './validate-reply.ts'
import type { Report } from './validate-report.ts'

/** What a rule does when the document says nothing of it, and when it says `defer`. */
export type Usual = { readonly reply: Consequence; readonly deferText: string; readonly status: string }

/**
 * Reads a reply, `'defer'` or a tag. `status` is the enhanced status code of a reply that names none, without its class:
 * `7.1`.
 */
export function consequence(report: Report, then: Then | undefined, usual: Usual, path: DocPath): Consequence {
  if (then === undefined) return usual.reply
  if (then === 'defer') return of(450, `4.${usual.status}`, usual.deferText)
  if ('tag' in then) {
    checkTag(report, then.tag, [...path, 'tag'])
    return { tag: then.tag }
  }
  const { code, text } = then.reject
  const reading = readReply(code, text, usual.status)
  if (reading.ok) return of(code, reading.value.status, reading.value.text)
  report.error('MG1309', valueSpot([...path, 'reject', reading.part]), reading.error, { hint: reading.hint })
  return usual.reply
}

/** A mark becomes the text of a header field: no blank, no colon, nothing that could end the line. */
export function checkTag(report: Report, tag: string, path: DocPath): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._=-]{0,62}$/.test(tag)) return
  report.error(
    'MG1333',
    valueSpot(path),
    `expected a word of letters, digits, ".", "_", "=" and "-", at most 63, got ${JSON.stringify(tag)}`,
  )
}

/** The status that every refusal by policy has goes unsaid. */
const of = (code: number, status: string, text: string): Consequence =>
  /^[45]\.7\.1$/.test(status) ? { code, text } : { code, status, text }
