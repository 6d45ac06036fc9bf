import { setTimeout } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'
import { type ListParts, type QueueRow, rowOf } from './listing.ts'
import { Pace } from './pace.ts'
import { isEmpty, type QueueSelector } from './selector.ts'
import type { Spool } from './spool.ts'
import { concerns, type QueueAction, type Steering } from './steering.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

export type { QueueAction } from './steering.ts'

export type QueueOrder = {
  readonly selector: QueueSelector
  readonly action: QueueAction
  /** Counts alone. */
  readonly dryRun: boolean
  /** Nothing is done when more messages than this are selected; `null`: any number. */
  readonly atMost: number | null
}

export type QueueOutcome = {
  /** `false`: counted alone, as that was asked for or there are more than `atMost`. */
  readonly done: boolean
  readonly messages: number
  readonly recipients: number
  /** Recipients that were selected and are with a carrier now: nothing is done to them. */
  readonly onTheWire: number
  /** Recipients that may not go by the relay that was named, and why the first of them may not. */
  readonly kept: { readonly recipients: number; readonly why: string } | null
  /** It is on stable storage, and so are the notifications. `false`: the disk does not take it; it is tried again. */
  readonly isDurable: boolean
  /** Some of what was selected, as it was before. */
  readonly sample: readonly QueueRow[]
}

export type OperationsParts = ListParts & {
  readonly ledger: Pick<Ledger, 'entries' | 'entered'>
  readonly spool: Spool
  readonly steering: Steering
  /** Messages have left that others may still remember. */
  readonly forgetGone: () => void
  /** Why a recipient may not go by another relay; `null`: it may. */
  readonly whyNotVia: (entry: StoredEntry, index: number, relay: string) => string | null
}

const sampleSize = 10
/** When so many may have left, it is worth looking who still remembers them. */
const manyGone = 1000
/** Notifications that an operation has waiting at one moment. */
const maxReporting = 200
/** The disk may have refused a notification, which is tried again every ten seconds: nobody waits for that. */
const patienceMs = 5000

/** Does it in slices, to whatever fits at that moment: deliveries go on meanwhile. May be repeated: what is done stays done. */
export async function operate(
  { selector, action, dryRun, atMost }: QueueOrder,
  parts: OperationsParts,
): Promise<QueueOutcome> {
  if (atMost !== null && !dryRun) {
    const counted = await walk(selector, action, parts, false)
    if (counted.messages > atMost) return { ...counted, done: false }
  }
  return await walk(selector, action, parts, !dryRun)
}

async function walk(
  selector: QueueSelector,
  action: QueueAction,
  parts: OperationsParts,
  isDone: boolean,
): Promise<QueueOutcome> {
  const { match, spool, steering } = parts
  const pace = new Pace()
  const reporting = new Reporting()
  const sample: QueueRow[] = []
  let [messages, recipients, onTheWire, kept] = [0, 0, 0, 0]
  let whyKept = ''
  const { entered } = parts.ledger
  for (const entry of selected(parts.ledger.entries, selector)) {
    // Notifications of this very operation come in behind; nobody meant them.
    if (entry.number >= entered) break
    const mine: number[] = []
    for (const index of match(entry)) {
      const slot = entry.recipients[index] as RecipientSlot
      const concerned = concerns(action, slot)
      if (concerned === 'active') onTheWire++
      if (concerned !== 'yes') continue
      const why = action.kind === 'reroute' && action.via !== null ? parts.whyNotVia(entry, index, action.via) : null
      if (why === null) mine.push(index)
      else {
        kept++
        whyKept ||= why
      }
    }
    if (mine.length > 0) {
      messages++
      recipients += mine.length
      for (const index of mine) if (sample.length < sampleSize) sample.push(rowOf(entry, index, parts))
      if (isDone) {
        steering.apply(action, entry, mine)
        if (action.kind === 'fail') await reporting.add(entry, mine)
      }
    }
    if (pace.isOver()) await pace.turn()
  }
  const isReported = await reporting.end()
  if (isDone && messages >= manyGone) parts.forgetGone()
  const isMarked = !isDone || (await spool.settled())
  return {
    done: isDone,
    messages,
    recipients,
    onTheWire,
    kept: kept === 0 ? null : { recipients: kept, why: whyKept },
    isDurable: isReported && isMarked,
    sample,
  }
}

function selected(entries: ReadonlyMap<string, StoredEntry>, selector: QueueSelector): Iterable<StoredEntry> {
  const { ids } = selector
  if (ids.length > 0) return [...new Set(ids)].flatMap((id) => entries.get(id) ?? [])
  return isEmpty(selector) ? [] : entries.values()
}

/** Recipients whose failure counts when their sender's notification is stored. */
class Reporting {
  private slots: RecipientSlot[] = []

  async add(entry: StoredEntry, recipients: readonly number[]): Promise<void> {
    for (const index of recipients) this.slots.push(entry.recipients[index] as RecipientSlot)
    if (this.slots.length >= maxReporting) await this.until(maxReporting / 2)
  }

  end(): Promise<boolean> {
    return this.until(0)
  }

  private async until(left: number): Promise<boolean> {
    const endsAt = performance.now() + patienceMs
    for (;;) {
      this.slots = this.slots.filter(({ isReporting }) => isReporting)
      if (this.slots.length <= left) return true
      if (performance.now() > endsAt) return false
      await setTimeout(1)
    }
  }
}
