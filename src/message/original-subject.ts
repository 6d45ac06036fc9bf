import { decodedText } from './encoded-word.ts'
import { oneLine } from './fold.ts'
import type { Original } from './original.ts'

/** Of a message that is returned whole, the header is looked for in the beginning alone. */
const lookedAtBytes = 16 * 1024
const longest = 120

/** The Subject of a returned message as its sender wrote it, cut to a line; `''`: it has none. */
export function originalSubject(original: Original): string {
  const header = original.kind === 'header' ? original.header : (original.chunks[0] ?? Buffer.alloc(0))
  const text = textOf(header.subarray(0, lookedAtBytes))
  const field = /^subject:((?:[^\r\n]|\r\n[ \t])*)/im.exec(headerOf(text))
  if (field === null) return ''
  const subject = oneLine(decodedText((field[1] as string).replace(/\r\n[ \t]+/g, ' ')))
  const characters = [...subject]
  return characters.length <= longest ? subject : `${characters.slice(0, longest - 3).join('')}...`
}

function headerOf(text: string): string {
  const end = text.indexOf('\r\n\r\n')
  return end < 0 ? text : text.slice(0, end)
}

/** UTF-8 as RFC 6532 has it, or octets of nobody knows which character set. */
function textOf(octets: Buffer): string {
  const text = octets.toString()
  return text.includes('\ufffd') ? octets.toString('latin1') : text
}
