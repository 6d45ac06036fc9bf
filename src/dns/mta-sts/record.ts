/**
 * The id of a domain's policy out of the TXT records of `_mta-sts.<domain>` (RFC 8461 §3.1). `null`: it has none. Records
 * that begin otherwise are somebody else's; several of ours, or one that is broken, is the same as none.
 */
export function stsId(records: readonly string[]): string | null {
  const ours = records.filter((text) => /^v=STSv1[ \t]*(?:;|$)/.test(text))
  const [text = ''] = ours
  if (ours.length !== 1 || text.length > maxRecord) return null
  let id: string | null = null
  for (const field of text.split(';').slice(1)) {
    const [name = '', value = ''] = splitOnce(field.trim())
    if (name !== 'id') continue
    // Twice is not what a record may say; the first one would be a guess.
    if (id !== null || !/^[A-Za-z0-9]{1,32}$/.test(value)) return null
    id = value
  }
  return id
}

const maxRecord = 2000

function splitOnce(field: string): [string, string] {
  const at = field.indexOf('=')
  return at < 0 ? [field, ''] : [field.slice(0, at).trim(), field.slice(at + 1).trim()]
}
