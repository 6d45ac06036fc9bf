/** Characters that would end or split a field, or hide something from a reader: each becomes a space. */
export const oneLine = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim()

/** Everything beyond ASCII becomes `?`, for fields whose grammar has nothing else (RFC 3464 §2.1.2). */
export const asciiOnly = (text: string): string => text.replace(/[^\x00-\x7f]/gu, '?')

/**
 * Text as lines of at most `width` octets (each character beyond ASCII counted as four), broken at spaces, and inside of
 * a word only when it is longer than `unbroken`: an address that is broken is none.
 */
export function wrap(text: string, width: number, unbroken = width): string[] {
  const lines: string[] = []
  let line = ''
  let used = 0
  const flush = () => {
    if (line !== '') lines.push(line)
    line = ''
    used = 0
  }
  for (const word of text.split(' ')) {
    if (word === '') continue
    const octets = widthOf(word)
    if (used > 0 && used + 1 + octets > width) flush()
    if (octets <= Math.max(width, unbroken)) {
      line += used > 0 ? ` ${word}` : word
      used = widthOf(line)
      continue
    }
    for (const character of word) {
      const octet = widthOf(character)
      if (used + octet > width) flush()
      line += character
      used += octet
    }
  }
  flush()
  return lines
}

const widthOf = (text: string): number => {
  let octets = 0
  for (const character of text) octets += character < '\x80' ? 1 : 4
  return octets
}

/** What a word of a field may have; a line may have 998 octets (RFC 5322 §2.1.1). */
const longestWord = 900

/**
 * `Name: value` folded at 76 octets (RFC 5322 §2.2.3), with its CRLF. The value is made harmless first. It is folded at
 * its spaces: whoever unfolds it finds a space at each fold.
 */
export function field(name: string, value: string): string {
  const [first = '', ...rest] = wrap(oneLine(value), 74 - name.length > 20 ? 74 - name.length : 74, longestWord)
  const joined = wrap(rest.join(' '), 74, longestWord)
  return `${name}: ${first}\r\n${joined.map((line) => ` ${line}\r\n`).join('')}`
}

/** A value that is compared with another one, octet for octet, such as an address or ENVID: not folded, if it fits. */
export function wholeField(name: string, value: string): string {
  const line = oneLine(value)
  return widthOf(line) > longestWord ? field(name, line) : `${name}: ${line}\r\n`
}
