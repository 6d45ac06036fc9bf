/**
 * SASLprep (RFC 4013): two ways to type one name or password become one. Unassigned code points pass, as in a query; the
 * tables are those of RFC 3454, normalisation is that of the runtime's Unicode.
 */

/** More is no name and no password, but work for us. */
const maxLength = 1024

// B.1: mapped to nothing. C.1.2: mapped to a blank.
const nothing = /\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]|\u200d|[\u00ad\u1806\u200b\u200c\u2060\ufeff]/g
const blank = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g

// C.2.1 and C.2.2 control, C.3 private use, C.4 no characters, C.5 surrogates, C.6, C.7, C.8, C.9.
const prohibited = new RegExp(
  [
    '[\\u0000-\\u001f\\u007f-\\u009f\\u06dd\\u070f\\u180e\\u2028\\u2029\\u2061-\\u2063\\u206a-\\u206f]',
    '[\\ufff9-\\ufffd\\u2ff0-\\u2ffb\\u0340\\u0341\\u200e\\u200f\\u202a-\\u202e]',
    '[\\u{1d173}-\\u{1d17a}\\u{e0001}\\u{e0020}-\\u{e007f}]',
    '\\p{Co}|\\p{Cs}|\\p{Noncharacter_Code_Point}',
  ].join('|'),
  'u',
)

// D.1: letters of scripts that are written from the right.
const fromRight =
  /[\u05be\u05c0\u05c3\u05d0-\u05ea\u05f0-\u05f4\u061b\u061f\u0621-\u063a\u0640-\u064a\u066d-\u066f\u0671-\u06d5\u06dd\u06e5\u06e6\u06fa-\u06fe\u0700-\u070d\u0710\u0712-\u072c\u0780-\u07a5\u07b1\u200f\ufb1d\ufb1f-\ufb28\ufb2a-\ufb36\ufb38-\ufb3c\ufb3e\ufb40\ufb41\ufb43\ufb44\ufb46-\ufbb1\ufbd3-\ufd3d\ufd50-\ufd8f\ufd92-\ufdc7\ufdf0-\ufdfc\ufe70-\ufe74\ufe76-\ufefc]/
const letter = /\p{L}/u

/** The prepared text, or `null`: it holds what no name and no password may hold, is empty, or far too long. */
export function prepare(text: string): string | null {
  if (text.length > maxLength) return null
  if (/^[ -~]+$/.test(text)) return text
  const mapped = text
    .replace(blank, (char) => (char === '\u200b' ? '' : ' '))
    .replace(nothing, '')
    .normalize('NFKC')
  if (mapped === '' || prohibited.test(mapped)) return null
  return fromRight.test(mapped) && !isOneDirection(mapped) ? null : mapped
}

/** RFC 3454 §6: letters from the right stand at both ends then, and no letter from the left anywhere. */
function isOneDirection(text: string): boolean {
  const chars = [...text]
  if (!fromRight.test(chars[0]!) || !fromRight.test(chars.at(-1)!)) return false
  return chars.every((char) => fromRight.test(char) || !letter.test(char))
}

/** A login, prepared and folded: one account has one name, however it is typed. */
export function prepareLogin(text: string): string | null {
  const prepared = prepare(text)
  return prepared === null || Buffer.byteLength(prepared) > 255 ? null : prepared.toLowerCase()
}
