import type { QueueActionName } from '../../admin/queue-operations.ts'
import type { QueueOutcome } from '../../queue/operations.ts'
import { rowsPrinter } from './rows.ts'

const did: Readonly<Record<QueueActionName, readonly [done: string, would: string]>> = {
  retry: ['tried now', 'would be tried now'],
  hold: ['held, also over restarts, until `mailgw queue release`', 'would be held'],
  release: ['go on', 'would go on'],
  fail: ['given up', 'would be given up'],
  drop: ['dropped; nobody is told', 'would be dropped'],
  reroute: ['routed afresh', 'would be routed afresh'],
}

/** What came of an action, or what would. */
export function outcomeText(action: QueueActionName, outcome: QueueOutcome, now: number): string {
  const { done, messages, recipients, onTheWire, kept, isDurable, sample } = outcome
  const [was, would] = did[action]
  const lines = [`${count(recipients, 'recipient')} of ${count(messages, 'message')}: ${done ? was : would}`]
  if (onTheWire > 0)
    lines.push(`${count(onTheWire, 'recipient')} on the wire now: left alone; try again when that attempt is over`)
  if (kept !== null) lines.push(`${count(kept.recipients, 'recipient')} kept to the old way: ${kept.why}`)
  if (!isDurable) lines.push('not all of it is on the disk yet: the gateway tries again; its log says why')
  const text = lines.map((line) => `${line}\n`).join('')
  if (done || sample.length === 0) return text
  const more = recipients > sample.length ? `... and ${recipients - sample.length} more\n` : ''
  return `${text}\n${rowsPrinter(now)(sample)}${more}`
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`
