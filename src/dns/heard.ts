/**
 * What came of one query to one server: a message that answers it (matched, not yet read), or nothing. `down` when that
 * speaks against the server.
 */
export type Heard =
  | { readonly kind: 'heard'; readonly message: Buffer }
  | { readonly kind: 'unheard'; readonly why: string; readonly down: boolean }

export const unheard = (why: string, down: boolean): Heard => ({ kind: 'unheard', why, down })
