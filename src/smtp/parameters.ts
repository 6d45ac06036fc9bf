import { ok, type Result, wrong } from '../mail/result.ts'

/** Parameters of MAIL or RCPT by their upper-case keyword; `null` where none was given a value. */
export type Parameters = ReadonlyMap<string, string | null>

const none: Parameters = new Map()

// esmtp-keyword and esmtp-value (RFC 5321 §4.1.2); values above ASCII are for ORCPT under SMTPUTF8 (RFC 6533 §3).
const parameter = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u00a0-\uffff]+))?$/

/** Reads ` KEYWORD=value KEYWORD ...`, what stands after the path of MAIL or RCPT. A keyword given twice is an error. */
export function parseParameters(text: string): Result<Parameters> {
  if (text === '') return ok(none)
  const found = new Map<string, string | null>()
  if (!text.startsWith(' ')) return wrong('a blank is wanted after the path')
  for (const part of text.split(' ')) {
    if (part === '') continue
    const match = parameter.exec(part)
    if (match === null) return wrong('parameters are KEYWORD or KEYWORD=value')
    const keyword = match[1]!.toUpperCase()
    if (found.has(keyword)) return wrong(`${keyword} is given twice`)
    found.set(keyword, match[2] ?? null)
  }
  return ok(found)
}
