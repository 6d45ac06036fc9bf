/** A command line in its two parts. `verb` is in upper case; `argument` is what follows the blank, `''` when nothing does. */
export type CommandLine = { readonly verb: string; readonly argument: string }

/** Verbs take at most 512 octets with CRLF (RFC 5321 §4.5.3.1.4). */
const usualLine = 512
/** MAIL and RCPT have room for SIZE, BODY, SMTPUTF8, RET, ENVID, NOTIFY and ORCPT, and for paths in UTF-8. */
export const longestLine = 2048
/** A response of a login, and AUTH with one (RFC 4954 §4). */
export const maxResponse = 12_288

/** Splits a line (without CRLF). White space at its end is tolerated (RFC 5321 §4.1.1), none at its beginning. */
export function parseCommand(line: string): CommandLine {
  const text = withoutBlanksAtEnd(line)
  const blank = text.indexOf(' ')
  if (blank < 0) return { verb: text.toUpperCase(), argument: '' }
  return { verb: text.slice(0, blank).toUpperCase(), argument: text.slice(blank + 1) }
}

/** Step by step: a regular expression would try each run of blanks to its end, which takes a long line of them for seconds. */
function withoutBlanksAtEnd(line: string): string {
  let end = line.length
  while (end > 0 && line.charCodeAt(end - 1) === 32) end--
  return end === line.length ? line : line.slice(0, end)
}

/** Octets that a line with this verb may have, its CRLF included. */
export function maxLine(verb: string): number {
  if (verb === 'MAIL' || verb === 'RCPT') return longestLine
  return verb === 'AUTH' ? maxResponse : usualLine
}
