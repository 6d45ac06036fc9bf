import { flag, type Invocation, type Terminal } from '../run.ts'
import { oneLine, table } from '../text.ts'
import { chosenMembers } from './chosen.ts'
import { closeAll, type Member, wholeJournal } from './members.ts'

type Outcome = {
  readonly name: string
  readonly previous: string | null
  readonly active: string | null
  readonly error: string | null
}

/**
 * Sends the chosen gateways back, all at once: to the graph that each had before, or to the one whose hash begins like
 * this. What one cannot do keeps none of the others: a way back is for the night.
 */
export async function rollBackAll(
  options: Invocation['options'],
  start: string | null,
  reason: string,
  terminal: Terminal,
): Promise<number> {
  const members = await chosenMembers(options, terminal)
  try {
    const outcomes = await Promise.all(members.map((member) => rollBack(member, start, reason)))
    if (flag(options, 'json')) terminal.out(`${JSON.stringify({ gateways: outcomes }, null, 2)}\n`)
    else {
      const rows = outcomes.map(({ name, previous, active, error }) => [
        name,
        previous?.slice(0, 15) ?? '-',
        active?.slice(0, 15) ?? 'not known',
        error === null ? '' : oneLine(error),
      ])
      terminal.out(table(['gateway', 'before', 'active', 'note'], rows))
    }
    return outcomes.some(({ error }) => error !== null) ? 1 : 0
  } finally {
    await closeAll(members)
  }
}

async function rollBack({ name, client, status }: Member, start: string | null, reason: string): Promise<Outcome> {
  const before = status.kind === 'ok' ? status.value.graph : null
  const left = (error: string | null): Outcome => ({ name, previous: before, active: before, error })
  if (status.kind !== 'ok') return left(status.error)
  if (start !== null && before?.startsWith(start)) return left(null)
  const to = start === null ? null : await graphLike(client, start)
  if (to?.kind === 'unknown') return left(to.error)
  const answer = await client.rollback(to?.hash ?? null, reason)
  if (answer.kind === 'ok') return { name, previous: answer.value.previous, active: answer.value.hash, error: null }
  // Silence: perhaps it did, and the word was lost.
  const now = answer.kind === 'silent' ? await client.status() : status
  return { name, previous: before, active: now.kind === 'ok' ? now.value.graph : null, error: answer.error }
}

type Found = { readonly kind: 'known'; readonly hash: string } | { readonly kind: 'unknown'; readonly error: string }

/** The graph of the gateway's journal whose hash begins like this. */
async function graphLike(client: Member['client'], start: string): Promise<Found> {
  if (/^g1:[a-z2-7]{52}$/.test(start)) return { kind: 'known', hash: start }
  const journal = await wholeJournal(client)
  if (journal.kind !== 'ok') return { kind: 'unknown', error: journal.error }
  const graphs = journal.value.entries.flatMap(({ from, to }) => [from, to])
  const found = [...new Set(graphs.filter((hash): hash is string => hash?.startsWith(start) === true))]
  if (found.length === 1 && start.length >= 8) return { kind: 'known', hash: found[0]! }
  const why = found.length > 1 ? `${found.length} graphs begin so` : 'its journal has no such graph'
  return { kind: 'unknown', error: `${start}: ${why}` }
}
