/** A place in a source file; line and column count from 1, columns in UTF-16 units. `end` is exclusive, same line. */
export type Position = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endColumn: number
}

/**
 * Where each part of the document was written. `key` finds the place of an object's key, `value` that of a value;
 * both fall back to the nearest ancestor that has one, and are `null` only for a document without any source.
 * Paths are arrays of keys and indexes (`['localMx', '*.example.com']`).
 */
export type Positions = {
  key(path: DocPath): Position | null
  value(path: DocPath): Position | null
}

export type DocPath = readonly (string | number)[]

/** `['relays','isp','hosts',0]` is `relays.isp.hosts[0]`; keys that are no identifiers are quoted: `localMx["*"]`. */
export function pathText(path: DocPath): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[A-Za-z_$][\w$-]*$/.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(part)}]`
  }
  return text
}
