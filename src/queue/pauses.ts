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

/** The recipients that are paused, by who paused them. */
export class Pauses {
  private readonly entries = new Map<string, Set<StoredEntry>>()

  add(entry: StoredEntry, slot: RecipientSlot, pause: Pause): void {
    slot.paused = pause
    const known = this.entries.get(pause.by)
    if (known === undefined) this.entries.set(pause.by, new Set([entry]))
    else known.add(entry)
  }

  /** Ends what `by` has paused. Gives the messages, to be routed. */
  release(by: string): readonly StoredEntry[] {
    const released = [...(this.entries.get(by) ?? [])].filter(({ isGone }) => !isGone)
    this.entries.delete(by)
    for (const entry of released) {
      for (const slot of entry.recipients) if (slot.paused?.by === by) slot.paused = null
    }
    return released
  }

  /** How many recipients `by` holds up now. */
  count(by: string): number {
    const entries = this.entries.get(by)
    let count = 0
    for (const entry of entries ?? []) {
      if (entry.isGone) entries?.delete(entry)
      else for (const slot of entry.recipients) if (slot.paused?.by === by && slot.state === 'waiting') count++
    }
    return count
  }

  get total(): number {
    let total = 0
    for (const by of this.entries.keys()) total += this.count(by)
    return total
  }
}
