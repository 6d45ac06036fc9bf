import type { Diagnostic } from '../config/diagnostic.ts'
import type { Position } from '../config/positions.ts'
import { nearest } from '../graph/sources.ts'

/**
 * What only the whole document can tell. Codes are stable for ever; those of reading and validating a document stand with
 * `config`, which finds most of this first and better placed: here it is what keeps a wrong graph from being made.
 */
export const compileCodes = {
  MG2001: 'a pattern written twice',
  MG2002: 'aliases that lead back to themselves',
  MG2003: 'mail for a mailbox that does not exist',
  MG2004: 'mail without a route',
  MG2005: 'a rule that never decides',
  MG2006: 'a domain both local and routed elsewhere',
} as const

/** Collects problems. `related` is the `at` of another element that matters. */
export type Report = {
  error(code: keyof typeof compileCodes, at: string, message: string, related?: Related): void
  warning(code: keyof typeof compileCodes, at: string, message: string, related?: Related): void
}
type Related = { readonly at: string; readonly message: string }

/** `positionOf` finds the place of an element; without it places are `null` and the caller finds them by `path`. */
export function reporter(diagnostics: Diagnostic[], positionOf: (at: string) => Position | null): Report {
  const add =
    (severity: 'error' | 'warning') =>
    (code: keyof typeof compileCodes, at: string, message: string, related?: Related) => {
      const other = related === undefined ? null : nearest(related.at, positionOf)
      diagnostics.push({
        code,
        severity,
        message: `${at}: ${message}`,
        path: at,
        position: nearest(at, positionOf),
        related: other === null ? [] : [{ message: related!.message, position: other }],
        hint: null,
      })
    }
  return { error: add('error'), warning: add('warning') }
}
