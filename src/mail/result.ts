/** What a parser gives: the value, or one sentence for a person that says what was wanted and what came. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }

export const ok = <T>(value: T): Result<T> => ({ ok: true, value })
export const wrong = (error: string): Result<never> => ({ ok: false, error })

/** The `default` of a switch over a union: compiles only while every kind has its case. */
export function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`)
}
