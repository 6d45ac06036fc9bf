import type { Reply } from '../mail/reply.ts'

/** RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets, with code and CRLF. */
const maxText = 480

/**
 * A reply as it goes on the wire: every line with code and enhanced code (RFC 2034 §4). Text is made safe for a line:
 * control characters, CR and LF among them, and what is not ASCII become "?"; long lines are folded at a blank.
 */
export function writeReply(reply: Reply): string {
  const { code, status, text } = reply
  if (text.length <= maxText && !/[^ -~]/.test(text)) {
    return status === null ? `${code} ${text}\r\n` : `${code} ${status} ${text}\r\n`
  }
  const lines = text.split('\n').flatMap((line) => fold(line.replace(/[^ -~]/g, '?')))
  const mark = status === null ? '' : `${status} `
  return lines.map((line, i) => `${code}${i < lines.length - 1 ? '-' : ' '}${mark}${line}\r\n`).join('')
}

function fold(line: string): string[] {
  const lines: string[] = []
  let rest = line
  while (rest.length > maxText) {
    const blank = rest.lastIndexOf(' ', maxText)
    const at = blank > 0 ? blank : maxText
    lines.push(rest.slice(0, at))
    rest = rest.slice(blank > 0 ? at + 1 : at)
  }
  lines.push(rest)
  return lines
}
