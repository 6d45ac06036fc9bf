/** What Content-Type says, in lower case; `boundary` as it stands, of a multipart alone. */
export type ContentType = { readonly type: string; readonly subtype: string; readonly boundary: string | null }

/** RFC 2045 §5.2: what holds where nothing is said. */
export const plainText: ContentType = { type: 'text', subtype: 'plain', boundary: null }

const token = /[!#$%&'*+.^_`{|}~\w-]+/y
/** RFC 2046 §5.1.1 allows 70 characters; what is much longer is somebody's trick. */
const maxBoundary = 200

/**
 * Reads the text behind `Content-Type:`, unfolded (RFC 2045 §5.1). `null`: it cannot be read beyond doubt, or it is a
 * multipart without one boundary, or its boundary is said in pieces (RFC 2231), which readers take differently.
 */
export function parseContentType(text: string): ContentType | null {
  const reader = new FieldReader(text)
  const type = reader.token()
  if (type === null || !reader.literal('/')) return null
  const subtype = reader.token()
  if (subtype === null) return null
  let boundary: string | null = null
  while (!reader.atEnd()) {
    if (!reader.literal(';')) return null
    // A semicolon at the end is common and means nothing.
    if (reader.atEnd()) break
    const name = reader.token()?.toLowerCase() ?? null
    if (name === null || !reader.literal('=')) return null
    const value = reader.value()
    if (value === null || name.startsWith('boundary*')) return null
    if (name !== 'boundary') continue
    if (boundary !== null) return null
    boundary = value
  }
  const found = { type: type.toLowerCase(), subtype: subtype.toLowerCase() }
  if (found.type !== 'multipart') return { ...found, boundary: null }
  if (boundary === null || boundary === '' || boundary.length > maxBoundary || /[\r\n\0]|[ \t]$/.test(boundary)) {
    return null
  }
  return { ...found, boundary }
}

export type Encoding = '7bit' | '8bit' | 'binary' | 'quoted-printable' | 'base64'

/** Reads the text behind `Content-Transfer-Encoding:`; `null`: none of the five (RFC 2045 §6.1). */
export function parseEncoding(text: string): Encoding | null {
  const reader = new FieldReader(text)
  const word = reader.token()?.toLowerCase()
  if (!reader.atEnd()) return null
  switch (word) {
    case '7bit':
    case '8bit':
    case 'binary':
    case 'quoted-printable':
    case 'base64':
      return word
    default:
      return null
  }
}

/** Tokens, quoted strings and the comments between them. */
class FieldReader {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  atEnd(): boolean {
    this.skip()
    return this.at >= this.text.length
  }

  literal(char: string): boolean {
    this.skip()
    if (this.text[this.at] !== char) return false
    this.at++
    return true
  }

  token(): string | null {
    this.skip()
    token.lastIndex = this.at
    const found = token.exec(this.text)
    if (found === null) return null
    this.at = token.lastIndex
    return found[0]
  }

  value(): string | null {
    this.skip()
    if (this.text[this.at] !== '"') return this.token()
    let value = ''
    for (this.at++; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!
      if (char === '"') {
        this.at++
        return value
      }
      if (char === '\\') this.at++
      value += this.text[this.at] ?? ''
    }
    return null
  }

  /** White space, line ends and comments, which may be nested (RFC 5322 §3.2.2). */
  private skip(): void {
    let depth = 0
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!
      if (char === '(') depth++
      else if (depth > 0 && char === ')') depth--
      else if (depth > 0 && char === '\\') this.at++
      else if (depth === 0 && !/[ \t\r\n]/.test(char)) return
    }
  }
}
