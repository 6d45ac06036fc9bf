/** Text of header fields beyond ASCII, as encoded words (RFC 2047). */

/** An encoded word has at most 75 characters; `=?utf-8?B?` and `?=` are twelve of them, and base64 goes by fours. */
const octetsOfWord = 45

/** ASCII as it is; anything else as words of UTF-8 in base64, none of which cuts a character in two. */
export function encodedText(text: string): string {
  // What looks like an encoded word would be read as one.
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text
  const words: string[] = []
  let word = ''
  for (const character of text) {
    if (Buffer.byteLength(word + character) > octetsOfWord) {
      words.push(word)
      word = ''
    }
    word += character
  }
  words.push(word)
  return words.map((one) => `=?utf-8?B?${Buffer.from(one).toString('base64')}?=`).join(' ')
}

/** The text of a field as a person reads it. What is no word of a known character set stays as it is written. */
export function decodedText(text: string): string {
  // White space between two encoded words belongs to neither (RFC 2047 §6.2).
  const joined = text.replace(/(=\?[^?\s]{1,60}\?[bq]\?[^?\s]{0,500}\?=)[ \t]+(?==\?[^?\s]{1,60}\?[bq]\?)/gi, '$1')
  return joined.replace(
    /=\?([^?*\s]{1,40})(?:\*[^?\s]{0,20})?\?([bq])\?([^?\s]{0,500})\?=/gi,
    (whole, charset: string, encoding: string, content: string) => decodedWord(charset, encoding, content) ?? whole,
  )
}

function decodedWord(charset: string, encoding: string, content: string): string | null {
  const octets = encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : fromQ(content)
  try {
    return new TextDecoder(charset).decode(octets)
  } catch {
    return null
  }
}

const fromQ = (content: string): Buffer =>
  Buffer.from(
    content
      .replace(/_/g, ' ')
      .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
