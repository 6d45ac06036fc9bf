import type { Duration, Many } from './define.ts'

/** What a client may steer its mail by, in fields of the header: types alone (see `define.ts`). */
export type ClientHints = {
  /** Pools of `egress`. */
  readonly egress?: Many<string>
  readonly class?: Many<string>
  /** Schedules of `retry.schedules`. */
  readonly schedule?: Many<string>
  readonly notBefore?: Duration
  readonly expireAfter?: boolean
  readonly maxAttempts?: boolean
  readonly dsn?: boolean
  readonly mailerq?: boolean
}
