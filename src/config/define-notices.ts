import type { NotificationKind } from '../mail/notification-settings.ts'
import type { Duration, Many } from './define.ts'

/** When mail is tried again, and what its senders are told, as a person writes it: types alone (see `define.ts`). */

/** What a schedule does not say it has from the section around it. */
export type RetryTimes = {
  readonly schedule?: Many<Duration>
  readonly expireAfter?: Duration
  readonly warnAfter?: Duration | 'off'
  readonly maxAttempts?: number
}

export type Retry = RetryTimes & { readonly schedules?: { readonly [name: string]: RetryTimes } }

/** Of relays and destinations. */
export type RouteRetry = {
  /** Name of a schedule of `retry.schedules`. */
  readonly retry?: string
  readonly dsn?: 'never'
}

/** The text of a file beside the document; made by `textFile()`. */
export type TextRef = { readonly $text: string }

export type Notice = { readonly subject?: string; readonly text?: string | TextRef }

export type Notifications = {
  readonly from?: string
  readonly copy?: { readonly to: string; readonly of: Many<NotificationKind> }
  readonly doubleBounce?: 'postmaster' | 'drop'
  /** `'1000/1h'`, or `'off'`. */
  readonly limit?: string
  readonly language?: string
  readonly texts?: { readonly [kind in NotificationKind]?: Notice }
  readonly reasons?: { readonly [status: string]: string }
}
