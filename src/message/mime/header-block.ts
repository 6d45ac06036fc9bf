/** One field of a header as it came: name in lower case, `''` for a line that is no field; `raw` with its line ends. */
export type Field = { readonly name: string; readonly raw: Buffer }

// RFC 5322 §2.2: printable ASCII but the colon; white space before the colon is obsolete and still seen (§4.5).
const nameOf = /^([!-9;-~]+)[ \t]*:/

/** The fields of a header, of lines with their CRLF. Octets stay what they are. */
export function fieldsOf(lines: readonly Buffer[]): Field[] {
  const fields: { name: string; lines: Buffer[] }[] = []
  for (const line of lines) {
    const continues = (line[0] === 32 || line[0] === 9) && fields.length > 0
    if (continues) fields.at(-1)!.lines.push(line)
    else {
      const name = nameOf.exec(line.toString('latin1', 0, Math.min(line.length, 1000)))?.[1]
      fields.push({ name: name?.toLowerCase() ?? '', lines: [line] })
    }
  }
  return fields.map(({ name, lines }) => ({ name, raw: lines.length === 1 ? lines[0]! : Buffer.concat(lines) }))
}

/** What is behind the colon, unfolded, as Latin-1: an octet is a character. */
export const textOf = ({ raw }: Field): string => {
  const text = raw.toString('latin1')
  return text.slice(text.indexOf(':') + 1).replace(/\r\n/g, '')
}
