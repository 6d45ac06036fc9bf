/** RFC 1035 §2.3.4: 255 octets on the wire, which leaves 253 for the text without its final dot. */
const maxName = 253
const maxLabel = 63

/**
 * The name as it is asked and cached: lower case, no final dot. `null` when no such name can exist (empty or long
 * labels, too long in all) or when it is not printable ASCII, so that asking would mean another name than was written:
 * nobody needs to be asked, the answer is "no such name". `/` and `:` are asked: they occur in TXT names that senders
 * choose (RFC 7208 macros), and the servers know best.
 */
export function askableName(text: string): string | null {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase()
  if (name.length === 0 || name.length > maxName || !/^[!-[\]-~]+$/.test(name)) return null
  for (const label of name.split('.')) if (label.length === 0 || label.length > maxLabel) return null
  return name
}

/**
 * True for names that a mail host may have (RFC 5321 §2.3.5; `_` is tolerated). An answer may hold any octets: a host
 * called `a b`, `192.0.2.1` or `<script>` is nothing to connect to, to log as a name or to look up.
 */
export function isHostName(name: string): boolean {
  if (askableName(name) === null) return false
  return /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*(?!\d+$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i.test(name)
}

/** The name and all names above it, itself first: `a.b.c`, `b.c`, `c`. */
export function* andAbove(name: string): Generator<string> {
  yield name
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) yield name.slice(dot + 1)
}
