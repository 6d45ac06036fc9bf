export type Limit = { readonly most: number; readonly perMs: number }

/** Addresses remembered; beyond it the one that was counted first is forgotten. */
const maxAddresses = 20_000

/** Counts what is sent to each address, in windows of time that begin with the first. */
export class NotificationLimit {
  private readonly windows = new Map<string, { readonly since: number; count: number }>()

  /** Counts one more; `false`: it would be one too many. */
  admit(address: string, { most, perMs }: Limit, now: number): boolean {
    const known = this.windows.get(address)
    if (known !== undefined && now - known.since < perMs) {
      if (known.count >= most) return false
      known.count++
      return true
    }
    // Again at the end of the row: those in front are the oldest.
    this.windows.delete(address)
    if (this.windows.size >= maxAddresses) {
      const [first] = this.windows.keys()
      if (first !== undefined) this.windows.delete(first)
    }
    this.windows.set(address, { since: now, count: 1 })
    return true
  }
}
