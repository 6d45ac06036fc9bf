import { unsaid } from './box.ts'
import type { Table } from './graph.ts'
import { parseBlock } from './network.ts'
import { foldLocalPart, isSearchable } from './pattern.ts'
import { type Check, ShapeError } from './shape.ts'

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const domainPattern = new RegExp(`^(?:\\*|(?:\\*\\.)?${label}(?:\\.${label})*)$`)

/** True for the patterns that rows of such a table hold. */
export function patternTest(on: Table['on']): (pattern: string) => boolean {
  switch (on) {
    case 'client':
    case 'destination':
      return (pattern) => parseBlock(pattern) !== null
    case 'local-part':
      return isFolded
    case 'login':
      return (pattern) => pattern === '*' || isLogin(pattern)
    case 'certificate':
      return (pattern) => pattern === '*' || /^sha256:[0-9a-f]{64}$/.test(pattern)
    case 'helo':
      return (pattern) => isSearchable(pattern) && domainPattern.test(pattern)
    default:
      return (pattern) => {
        if (pattern === '<>') return on === 'sender'
        const at = pattern.lastIndexOf('@')
        const domain = pattern.slice(at + 1)
        if (!isSearchable(domain)) return false
        return domainPattern.test(domain) && (at < 0 || (isFolded(pattern.slice(0, at)) && !domain.includes('*')))
      }
  }
}

/** Checks a pattern as rows of such a table hold it. Throws `ShapeError`. */
export const patternCheck =
  (on: Table['on']): Check =>
  (value, where) => {
    if (typeof value !== 'string' || !patternTest(on)(value)) throw new ShapeError(where, `a pattern of ${on}`, value)
  }

const isFolded = (localPart: string): boolean =>
  localPart.length > 0 && localPart.length <= 64 && foldLocalPart(localPart) === localPart

/** Folded, in NFC, of a length that a login may have; of `*@domain` the domain may be any text without an `@`. */
function isLogin(pattern: string): boolean {
  if (pattern.length === 0 || pattern.length > 320 || /[\x00-\x1f\x7f]/.test(pattern)) return false
  if (pattern.toLowerCase().normalize('NFC') !== pattern) return false
  if (pattern === unsaid) return false
  return pattern.startsWith('*@') ? pattern.length > 2 && pattern.indexOf('@', 2) < 0 : true
}
