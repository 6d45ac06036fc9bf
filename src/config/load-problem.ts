import type { Diagnostic } from './diagnostic.ts'
import type { Position } from './positions.ts'

/** A diagnostic with its rarer parts left out. */
export function problem(
  code: string,
  position: Position | null,
  message: string,
  more: Partial<Pick<Diagnostic, 'severity' | 'path' | 'related' | 'hint'>> = {},
): Diagnostic {
  return { code, severity: 'error', message, path: '', position, related: [], hint: null, ...more }
}

export const isError = (diagnostic: Diagnostic): boolean => diagnostic.severity === 'error'
