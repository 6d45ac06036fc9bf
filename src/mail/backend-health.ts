/** How one back-end is that knows logins. Times are epoch ms. */
export type BackendHealth = {
  readonly id: string
  readonly kind: string
  /** `unused`: not asked yet. `failing`: its last answer was an error, and who asks it hears 454. */
  readonly state: 'unused' | 'ok' | 'failing'
  /** Since when it is in this state; `null` while unused. */
  readonly since: number | null
  readonly lastError: { readonly why: string; readonly at: number } | null
  /** Questions by what came of them, and those that memory answered. */
  readonly accepted: number
  readonly refused: number
  readonly unknown: number
  readonly errors: number
  readonly remembered: number
  /** At this moment. */
  readonly asking: number
  readonly waiting: number
}
