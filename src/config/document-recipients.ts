import type { RecipientCheckSettings } from '../mail/recipient-check.ts'

/** A check of recipients after validation; domains name it by its `id`. Part of `Document`, kept by itself. */
export type RecipientCheckEntry = WithoutDomains<RecipientCheckSettings> & {
  readonly at: string
  readonly onError: 'accept' | 'defer'
}

/** Which domains ask it is said by the domains. */
type WithoutDomains<T> = T extends unknown ? Omit<T, 'domains'> : never
