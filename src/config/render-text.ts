/**
 * Text of a stranger's document on a terminal: control characters could rewrite what the reader sees, and carets must
 * stand below what they mean although some characters take two columns and some none.
 */

const tabWidth = 4

/** Replaces what a terminal would obey by a visible escape. Tabs and line ends are the caller's business. */
export const visible = (text: string): string =>
  text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, (character) => {
    return `\\u{${character.charCodeAt(0).toString(16)}}`
  })

export type Line = {
  readonly text: string
  /** Terminal column, from 0, of each offset in the source line, and of its end. */
  readonly columns: readonly number[]
}

/** A line of a source file as it can be printed. */
export function printable(source: string): Line {
  let text = ''
  let width = 0
  const columns: number[] = []
  for (const character of source) {
    for (let i = 0; i < character.length; i++) columns.push(width)
    const shown = character === '\t' ? ' '.repeat(tabWidth - (width % tabWidth)) : visible(character)
    text += shown
    width += shown === character ? columnsOf(character) : shown.length
  }
  columns.push(width)
  return { text, columns }
}

/** Terminal columns of one character: wide East Asian ones and emoji take two, combining ones none. */
export function columnsOf(character: string): number {
  const code = character.codePointAt(0)!
  if (code < 0x300) return 1
  if (/^(?:\p{Mn}|\p{Me}|\p{Cf})$/u.test(character)) return 0
  return isWide(code) || /^\p{Emoji_Presentation}$/u.test(character) ? 2 : 1
}

const isWide = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe6f) ||
  (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0xffe0 && code <= 0xffe6) ||
  (code >= 0x20000 && code <= 0x3fffd)
