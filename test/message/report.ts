/** A strict reader of multipart/report, written against the RFCs and not against the writer. */
export type Report = {
  readonly header: ReadonlyMap<string, string>
  readonly parts: readonly { readonly header: ReadonlyMap<string, string>; readonly body: string }[]
  readonly message: ReadonlyMap<string, string>
  readonly recipients: readonly ReadonlyMap<string, string>[]
}

/** Reads an unstuffed message (latin1 text). @throws on anything that RFC 5322, 2046, 6522 or 3464 do not allow */
export function readReport(text: string): Report {
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) throw new Error('a bare CR or LF')
  for (const line of text.split('\r\n')) if (line.length > 998) throw new Error(`a line of ${line.length} octets`)
  const [header, body] = readPart(text)
  const type = header.get('content-type') ?? ''
  const match = /^multipart\/report; report-type=delivery-status; boundary="([^"]{1,70})"$/.exec(type)
  if (!match) throw new Error(`Content-Type: ${type}`)
  const pieces = `\r\n${body}`.split(`\r\n--${match[1]}`)
  if (pieces.length !== 5) throw new Error(`${pieces.length - 2} parts instead of three`)
  if (pieces[4] !== '--\r\n') throw new Error('no closing boundary')
  const parts = pieces.slice(1, 4).map((piece) => {
    if (!piece.startsWith('\r\n')) throw new Error('text behind a boundary')
    const [partHeader, content] = readPart(piece.slice(2))
    return { header: partHeader, body: content }
  })
  const encoding = header.get('content-transfer-encoding') ?? '7bit'
  for (const part of parts) {
    const needed = part.header.get('content-transfer-encoding')
    if (needed === '8bit' && encoding !== '8bit') throw new Error('an 8bit part in a 7bit whole (RFC 2045 §6.4)')
    if (needed !== '8bit' && /[^\x00-\x7f]/.test(part.body)) throw new Error('8-bit octets in a 7-bit part')
  }
  const status = parts[1]?.body ?? ''
  if (!status.endsWith('\r\n')) throw new Error('the last status field is not ended')
  const groups = status
    .slice(0, -2)
    .split('\r\n\r\n')
    .map((group) => readFields(group))
  const [message, ...recipients] = groups
  if (message === undefined || recipients.length === 0) throw new Error('no recipient in the report')
  return { header, parts, message, recipients }
}

function readPart(text: string): [ReadonlyMap<string, string>, string] {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) throw new Error('a part without an empty line')
  return [readFields(text.slice(0, end)), text.slice(end + 4)]
}

/** Fields unfolded; names are unique here. */
function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const match = /^([!-9;-~]+): ?(.*)$/.exec(line)
    if (!match) throw new Error(`not a field: ${JSON.stringify(line)}`)
    const name = (match[1] as string).toLowerCase()
    if (fields.has(name)) throw new Error(`twice: ${name}`)
    fields.set(name, match[2] as string)
  }
  return fields
}
