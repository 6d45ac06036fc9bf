import { parseMailbox, parseMailDomain } from '../mail/path.ts'
import { isSorted } from './check-order.ts'
import { patternCheck } from './check-pattern.ts'
import type { Control } from './control.ts'
import type { Note } from './graph.ts'
import { type Check, listOf, oneOf, record, ShapeError, text, whole } from './shape.ts'

const pattern: Check = (value, where) => {
  patternCheck('recipient')(value, where)
  if (value === '<>') throw new ShapeError(where, 'a pattern of addresses', value)
}

const target: Check = (value, where) => {
  if (typeof value === 'string' && (value.includes('@') ? parseMailbox(value) : parseMailDomain(value)).ok) return
  throw new ShapeError(where, 'a mailbox or a domain', value)
}

const rows: Check = (value, where) => {
  listOf((row, at) => {
    if (!Array.isArray(row) || row.length !== 2) throw new ShapeError(at, 'a pattern and what it becomes', row)
    pattern(row[0], at)
    target(row[1], at)
  }, 1_000_000)(value, where)
  if (!isSorted((value as [string, string][]).map(([pattern]) => pattern)))
    throw new ShapeError(where, 'patterns sorted, each once', value)
}

const rewriteKeys = {
  senders: rows,
  recipients: rows,
  addresses: rows,
  except: listOf(pattern, 1_000_000),
  header: oneOf('off'),
}

/** May stand beside the other keys of a relay, and in a destination. */
export const nextHopContent = { rewrite: record({}, rewriteKeys), conversion: oneOf('refuse') }

const name = text(/^[\x21-\x7e]{1,100}$/, 'the name of a rewriting')
const rewritings = listOf(record({ name }, rewriteKeys), 100_000)
const secretRef = record({ $secret: text(/^(?:env|file|exec):[^\x00-\x1f\x7f]{1,4000}$/, 'a reference to a secret') })
const srs = record({
  domain: text(/^[a-z0-9_.-]{1,255}$/, 'a domain'),
  secrets: listOf(secretRef, 100),
  validDays: whole(1, 500),
  of: oneOf('forwarded', 'leaving'),
  ours: listOf(pattern, 1_000_000),
})
const folder = record({
  dir: text(/^[^\x00-\x1f\x7f]{1,4000}$/, 'a folder'),
  keepMs: whole(1000, Number.MAX_SAFE_INTEGER),
  maxBytes: whole(1, Number.MAX_SAFE_INTEGER),
})

/** Keys of a control section. */
export const copies = { rewritings, srs, archive: record({}, { sent: folder, failed: folder }) }

/** What the parts say of each other. Throws `ShapeError`. */
export function checkCopies({ rewritings = [], srs, archive }: Control, where: string): void {
  if (!isSorted(rewritings.map(({ name }) => name)))
    throw new ShapeError(`${where}.rewritings`, 'names sorted, each once', rewritings)
  if (srs !== undefined && srs.secrets.length === 0) throw new ShapeError(`${where}.srs`, 'a secret', srs.secrets)
  for (const { dir } of [archive?.sent, archive?.failed].filter((one) => one !== undefined)) {
    if (dir.split('/').includes('..')) throw new ShapeError(`${where}.archive`, 'a folder without ".."', dir)
  }
}

/** A note of a rewriting names one; one of a journal holds form and mailbox. Throws `ShapeError`. */
export function checkCopyNote({ note, text }: Note, { rewritings = [] }: Control, where: string): void {
  if (note === 'rewrite' && !rewritings.some(({ name }) => name === text)) {
    throw new ShapeError(where, 'a rewriting of graph.control', text)
  }
  if (note === 'journal' && !/^(?:report|message):[\x21-\x7e]{3,300}$/.test(text)) {
    throw new ShapeError(where, 'a form and a mailbox', text)
  }
}
