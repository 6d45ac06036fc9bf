import type { Config } from '../../src/config/define.ts'
import type { Surface } from '../../src/config/schema.ts'

/**
 * Compiles only while the types that a person writes with and the schema that decides at run time say the same. The
 * loader takes `include` away before the schema sees a document, and the schema takes `undefined` for a key left out.
 */
type Plain<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer E)[]
    ? readonly Plain<E>[]
    : { readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> }
type Written = Plain<Omit<Config, 'include'>>
type Decided = Plain<Surface>
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Different<A, B> = { [K in keyof A & keyof B]-?: Same<A[K], B[K]> extends true ? never : K }[keyof A & keyof B]

/** The names of sections that differ; an error here names them. */
export const same: [Different<Written, Decided>] extends [never] ? true : Different<Written, Decided> = true
export const noneOnlyWritten: [Exclude<keyof Written, keyof Decided>] extends [never] ? true : false = true
export const noneOnlyDecided: [Exclude<keyof Decided, keyof Written>] extends [never] ? true : false = true
