/** How it stands with the access token of one or several relays. Times are epoch ms. Nothing of the token is in it. */
export type TokenHealth = {
  /** Names of the relays that use it, sorted. */
  readonly relays: readonly string[]
  readonly grant: 'client-credentials' | 'refresh-token' | 'service-account'
  /** Who gives it: the host of the token endpoint. */
  readonly provider: string
  /**
   * `fetching`: the first one is on its way. `ok`: there is one. `renewing`: there is one, and the latest try to renew it
   * failed. `failing`: there is none, and mail for these relays waits. `refused`: there is one, and a relay does not take it.
   */
  readonly state: 'fetching' | 'ok' | 'renewing' | 'failing' | 'refused'
  readonly validUntil: number | null
  /** When it is fetched next. */
  readonly nextAt: number | null
  readonly lastError: { readonly why: string; readonly at: number } | null
  /** Relays that refuse it even when it is new. */
  readonly refusedBy: readonly string[]
  readonly fetched: number
  readonly failed: number
}
