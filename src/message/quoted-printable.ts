/** Quoted-printable (RFC 2045 §6.7) of octets whose lines end in CRLF; lines of at most 76 characters. */
export function quotedPrintable(octets: Buffer): string {
  let text = ''
  for (const line of octets.toString('latin1').split('\r\n')) text += `${encodeLine(line)}\r\n`
  // `split` sees one more line behind the last CRLF.
  return text.slice(0, -2)
}

function encodeLine(line: string): string {
  let encoded = ''
  let used = 0
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i)
    const last = i === line.length - 1
    const plain = (code > 32 && code < 127 && code !== 61) || ((code === 32 || code === 9) && !last)
    const piece = plain ? line.charAt(i) : `=${code < 16 ? '0' : ''}${code.toString(16).toUpperCase()}`
    if (used + piece.length > (last ? 76 : 75)) {
      encoded += '=\r\n'
      used = 0
    }
    encoded += piece
    used += piece.length
  }
  return encoded
}
