import type { GraphStore, StoredTrial } from '../admin/graph-store.ts'
import type { Journal } from '../admin/journal.ts'
import type { Log } from '../mail/log.ts'

/**
 * What the journal has to say of a start: which graph serves, and how a trial ended that was running when the gateway
 * ended. `before` is what the store held before this start touched it.
 */
export async function startJournal(
  { journal, store, log }: { readonly journal: Journal; readonly store: GraphStore; readonly log: Log },
  before: { readonly active: string | null; readonly trial: StoredTrial | null },
  hash: string,
): Promise<void> {
  const actor = 'gateway'
  await journal.write({ actor, action: 'start', from: before.active, to: hash })
  const { trial } = before
  if (trial === null) return
  // Confirmed: the new graph was made the active one, and the file was to be removed next.
  if (trial.hash === before.active) {
    const reason = 'the gateway ended while it confirmed'
    await journal.write({ actor, action: 'confirm', from: trial.previous, to: trial.hash, reason })
  } else {
    const reason = 'the gateway ended during the trial'
    log.warn('trial.rolled-back', { graph: hash, from: trial.hash, cause: null, reason, actor })
    await journal.write({ actor, action: 'rollback', from: trial.hash, to: hash, reason })
  }
  await store.endTrial()
}
