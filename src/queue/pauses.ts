import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

/**
 * Nothing is tried towards a recipient for now, for a reason that is no part of the graph: an operator's hold of a
 * destination, an apply that is not yet confirmed. It is shown as held, and moves when whoever paused it releases it.
 * Nothing of it is on the disk: after a start the question is asked anew.
 */
export type Pause = {
  readonly kind: 'pause'
  /** Names who paused it, such as `hold-7f3a`; it is released by that name. */
  readonly by: string
  readonly why: string
  /** When it will be released, epoch ms; `null`: nobody knows. For display alone. */
  readonly until: number | null
}

/** The recipients that are paused, by who paused them. Counted as they come and go: a status must not look at each. */
export class Pauses {
  /** Recipients. */
  total = 0
  private readonly entries = new Map<string, Set<StoredEntry>>()
  private readonly counts = new Map<string, number>()

  add(entry: StoredEntry, slot: RecipientSlot, pause: Pause): void {
    slot.paused = pause
    this.change(pause.by, 1)
    const known = this.entries.get(pause.by)
    if (known === undefined) this.entries.set(pause.by, new Set([entry]))
    else known.add(entry)
  }

  /** Of one recipient, which is asked about anew, or is over. */
  end(entry: StoredEntry, slot: RecipientSlot): void {
    if (slot.paused === null) return
    const { by } = slot.paused
    slot.paused = null
    this.change(by, -1)
    if (!entry.recipients.some(({ paused }) => paused?.by === by)) this.entries.get(by)?.delete(entry)
  }

  /** Ends what `by` has paused: each message as it is taken from `entries`, to be routed. `null`: there is none. */
  release(by: string): { readonly messages: number; readonly entries: Iterator<StoredEntry> } | null {
    const entries = this.entries.get(by)
    if (entries === undefined || entries.size === 0) return null
    this.entries.delete(by)
    return { messages: entries.size, entries: this.releasing(by, entries) }
  }

  /** How many recipients `by` holds up now. */
  count(by: string): number {
    return this.counts.get(by) ?? 0
  }

  private *releasing(by: string, entries: ReadonlySet<StoredEntry>): Generator<StoredEntry> {
    for (const entry of entries) {
      for (const slot of entry.recipients) {
        if (slot.paused?.by !== by) continue
        slot.paused = null
        this.change(by, -1)
      }
      if (!entry.isGone) yield entry
    }
  }

  private change(by: string, difference: number): void {
    this.total += difference
    const count = this.count(by) + difference
    if (count === 0) this.counts.delete(by)
    else this.counts.set(by, count)
  }
}
