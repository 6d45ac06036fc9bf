import type { Finding } from './inquiry.ts'

/** Stands for the type in the key of a name that does not exist: it has no record of any type. */
export const anyType = '*'

/** One kept answer. */
export type Entry = {
  readonly name: string
  readonly type: string
  readonly finding: Finding
  readonly octets: number
  readonly storedAt: number
  readonly expiresAt: number
  hits: number
  /** The refresh that failed after the time was over; nobody is asked again for a while. */
  failure: { readonly finding: Finding; readonly at: number } | null
}
