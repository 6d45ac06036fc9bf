import type { JournalEntry } from '../../admin/protocol.ts'
import { table } from '../text.ts'
import type { Head } from './head.ts'
import { type Member, wholeJournal } from './members.ts'
import { hasChanged, type SecretDrift, secretDrifts, secretLines, secretNotes } from './secret-drift.ts'

/** How one gateway compares with the document. */
export type Drift = {
  readonly name: string
  readonly state: 'same' | 'differs' | 'unknown'
  /** Hash of the graph that it should serve; `null`: the document has none for it. */
  readonly wanted: string | null
  readonly active: string | null
  /** Commit that the active graph was applied from, as its journal has it. */
  readonly commit: string | null
  /** Ids of the restrictions that are in force beside the graph. */
  readonly overlays: readonly string[]
  /** `null`: the gateway did not answer. */
  readonly secrets: SecretDrift | null
  /** What a reader should know. */
  readonly note: string
}

export async function driftOf(members: readonly Member[], head: Head, env: string | null): Promise<readonly Drift[]> {
  const secretsOf = await secretDrifts(members)
  return await Promise.all(
    members.map(async ({ name, entry, client, status }): Promise<Drift> => {
      const graph = head.graphs.get(entry.env ?? env)
      const wanted = graph?.ok ? graph.value.hash : null
      const secrets = secretsOf.get(name) ?? null
      const unknown = (note: string): Drift => ({
        ...{ name, state: 'unknown', wanted, active: null, commit: null, overlays: [], secrets, note },
      })
      if (status.kind !== 'ok') return unknown(status.error)
      const { value } = status
      const seen = { name, wanted, active: value.graph, overlays: value.overlays.map(({ id }) => id), secrets }
      if (graph === undefined || !graph.ok) return { ...unknown(graph?.error ?? 'no graph'), ...seen }
      const journal = await wholeJournal(client)
      const commit = journal.kind === 'ok' ? commitFor(value.graph, journal.value.entries) : null
      if (value.pending.kind === 'trial') {
        const until = new Date(value.pending.confirmBy).toISOString()
        return { ...seen, commit, state: 'differs', note: `on trial until ${until}; before: ${value.pending.previous}` }
      }
      const isSame = value.graph === wanted && (secrets === null || !hasChanged(secrets))
      const notes = [
        ...(value.graph === wanted ? [] : ['another graph is active']),
        ...(secrets === null ? [] : secretNotes(secrets)),
      ]
      return { ...seen, commit, state: isSame ? 'same' : 'differs', note: isSame ? 'same' : notes.join('; ') }
    }),
  )
}

/** 0 the same everywhere, 2 it differs somewhere, 1 nobody can tell. */
export function driftExit(drifts: readonly Drift[]): 0 | 1 | 2 {
  if (drifts.some(({ state }) => state === 'differs')) return 2
  return drifts.every(({ state }) => state === 'same') ? 0 : 1
}

/** The latest activation of this graph that names a commit. */
function commitFor(graph: string, entries: readonly JournalEntry[]): string | null {
  const found = entries.filter(({ action, to, result }) => action === 'activate' && to === graph && result === 'ok')
  return found.findLast(({ commit }) => commit !== null)?.commit ?? null
}

export function driftText(drifts: readonly Drift[], { name, commit }: Head): string {
  const wanted = [...new Set(drifts.flatMap((drift) => drift.wanted ?? []))]
  const from = commit === null ? name : `${name} (${commit.slice(0, 10)})`
  const secrets = new Map(drifts.flatMap(({ name, secrets }) => (secrets === null ? [] : [[name, secrets] as const])))
  const below = secretLines(secrets).map((line) => `${line}\n`)
  return `${from}: ${wanted.join(', ')}\n${table(
    ['gateway', 'active', 'commit', 'overlays', 'state', 'note'],
    drifts.map(({ name, active, commit, overlays, state, note }) => [
      name,
      active === null ? '-' : active.slice(0, 11),
      commit === null ? '-' : commit.replace(/^([0-9a-f]{10})[0-9a-f]+/, '$1'),
      overlays.length === 0 ? '-' : overlays.join(' '),
      state,
      note === state ? '' : note,
    ]),
  )}${below.join('')}`
}
