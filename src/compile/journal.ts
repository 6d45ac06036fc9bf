import type { Document } from '../config/document.ts'
import type { JournalEntry } from '../config/document-copies.ts'
import { assertNever } from '../mail/result.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { byClient } from './clients.ts'
import { foldPattern } from './deny.ts'
import { ownPatterns } from './rewriting.ts'

/**
 * Marks recipients whose message is copied to a journal, in front of `next`. A mark is all that is made here: who is
 * refused later is not journalled.
 */
export function journals(build: Builder, document: Document, next: Ref): Ref {
  let after = next
  for (const entry of document.journal?.toReversed() ?? []) after = journalled(build, document, entry, after)
  return after
}

function journalled(build: Builder, document: Document, entry: JournalEntry, next: Ref): Ref {
  const { at, to, form, senders, recipients, direction } = entry
  let ref = build.note({ note: 'journal', code: 0, status: '', text: `${form}:${to.text}`, at }, next)
  if (recipients !== null) ref = among(build, 'recipient', recipients, ref, next, at)
  if (senders !== null) ref = among(build, 'sender', senders, ref, next, at)
  const ours = (inside: Ref, outside: Ref) =>
    build.table(
      'recipient',
      ownPatterns(document).map((pattern): Row => [pattern, inside, '']),
      outside,
      at,
    )
  const fromInside = (inside: Ref, outside: Ref) =>
    byClient(build, document, outside, ({ internal }) => (internal ? inside : null))
  switch (direction) {
    case null:
      return ref
    case 'in':
      return fromInside(next, ours(ref, next))
    case 'out':
      return fromInside(ours(next, ref), next)
    case 'internal':
      return fromInside(ours(ref, next), next)
    default:
      return assertNever(direction)
  }
}

const among = (
  build: Builder,
  on: 'sender' | 'recipient',
  patterns: readonly string[],
  to: Ref,
  next: Ref,
  at: string,
) =>
  build.table(
    on,
    [...new Set(patterns.map(foldPattern))].map((pattern): Row => [pattern, to, '']),
    next,
    at,
  )
