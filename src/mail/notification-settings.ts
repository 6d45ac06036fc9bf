/** What a document says of the notifications that the gateway writes. Every key is absent where nothing is said. */
export type NotificationSettings = {
  /** In From; absent: the postmaster. */
  readonly from?: string
  /** Gets a copy of each notification of these kinds. */
  readonly copy?: { readonly to: string; readonly of: readonly NotificationKind[] }
  /** A message without a sender that fails is told to the postmaster; absent: to nobody. */
  readonly doubleBounce?: 'postmaster'
  /** Towards one address of a stranger; `null`: as many as there are. Absent: `defaultNotificationLimit`. */
  readonly limit?: { readonly most: number; readonly perMs: number } | null
  /** Of the texts, such as `de` (RFC 5646). Absent: nothing is said of it. */
  readonly language?: string
  /** Templates, by kind; absent: the gateway's own English. */
  readonly texts?: { readonly [kind in NotificationKind]?: NoticeText }
  /** Reasons in words, in place of those that the gateway has; sorted by `status`, such as `5.1.1` or `5.7.*`. */
  readonly reasons?: readonly { readonly status: string; readonly text: string }[]
}

/** RFC 3464 §2.3.3. */
export const notificationKinds = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const
export type NotificationKind = (typeof notificationKinds)[number]

/** Templates (`mail/notice-template.ts`), the text with `\n` between its lines. Absent: the gateway's own. */
export type NoticeText = { readonly subject?: string; readonly text?: string }

/**
 * Who claims to be a stranger's address, and sends what we cannot deliver, must not make us the one who fills that
 * stranger's mailbox.
 */
export const defaultNotificationLimit = { most: 1000, perMs: 3_600_000 }

/** When a sender hears that his message is late, where the document says nothing of it. */
export const defaultWarnAfterMs = 4 * 3_600_000
