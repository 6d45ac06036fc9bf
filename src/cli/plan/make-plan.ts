import { dirname } from 'node:path'
import type { Cause, ChangeSet } from '../../analysis/change-set.ts'
import { compareGraphs } from '../../analysis/compare.ts'
import { prove } from '../../analysis/prove.ts'
import { type CompiledDocument, reportedDocument } from '../bundle.ts'
import { CommandError, type Invocation, type Terminal, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { version } from '../version.ts'
import { documentName, graphSide, linesBeside, type Side, withBase } from './base.ts'
import { commitOf } from './git.ts'
import { networksOf } from './networks.ts'
import { overlaysInForce } from './overlays.ts'
import type { Plan, PlanLine, PlanSide } from './plan.ts'
import type { Planned } from './planned.ts'
import { queueImpact } from './queue-impact.ts'
import { replayed, trafficOf } from './traffic.ts'

type Options = Invocation['options']

/** The graph that is proposed: of the document, or of `--graph FILE`. Problems are printed. */
export async function nextSide(options: Options, terminal: Terminal): Promise<NextSide> {
  const graph = textOption(options, 'graph')
  if (graph === null) return documentSide(await reportedDocument(options, terminal))
  if (textOption(options, 'config') !== null) throw new CommandError('give --config or --graph, not both')
  return { ...(await graphSide(graph)), file: null, changed: false }
}

export async function documentSide({ loaded, bundle }: CompiledDocument): Promise<NextSide> {
  const { file, files } = loaded
  const at = await commitOf(dirname(file), files)
  const name = await documentName(file)
  return {
    kind: 'document',
    name,
    commit: at?.commit ?? null,
    changed: at?.changed ?? false,
    document: name,
    bundle,
    lineOf: linesBeside(file),
    file,
  }
}

export type NextSide = Side & {
  /** The document, absolute. */
  readonly file: string | null
  readonly changed: boolean
}

/** Compares what the options name. Throws `CommandError` with one sentence for whatever cannot be found or read. */
export async function makePlan(options: Options, after: NextSide, terminal: Terminal): Promise<Planned> {
  const env = textOption(options, 'env')
  const socket = socketOf(stateDirOf(options))
  const request = { base: textOption(options, 'base'), socket, document: after.file, env }
  return await withBase(request, terminal, async (before) => {
    const changeSet = compareGraphs(before.bundle, after.bundle)
    const plan: Plan = {
      format: 'mailgw-plan/1',
      version,
      base: planSide(before, before.kind === 'running' ? null : env, false),
      next: planSide(after, env, after.changed),
      changeSet,
      lines: linesOf(changeSet, before, after),
      networks: networksOf(changeSet, before.bundle.graph, after.bundle.graph),
      proofs: prove(after.bundle, { change: { before: before.bundle, changeSet } }).proofs,
      tests: null,
      queue: before.kind === 'running' ? await queueImpact(socket, before.bundle, after.bundle) : null,
      overlays: before.kind === 'running' ? await overlaysInForce(socket) : [],
      replay: null,
    }
    const traffic = trafficOf(options, socket, Date.now())
    const planned = { plan, before, after }
    if (traffic === null) return planned
    return { ...planned, plan: { ...plan, replay: await replayed(planned, traffic) } }
  })
}

const planSide = ({ kind, name, bundle, commit, document }: Side, env: string | null, changed: boolean): PlanSide => ({
  kind,
  name,
  hash: bundle.hash,
  commit,
  changed,
  document,
  env,
})

/** Longer lines are of no use to a reader, and a table may have one of any length. */
const maxLine = 400

/** The lines that the causes name; read now, as a revision's files are gone in a moment. */
function linesOf({ changes, destinations }: ChangeSet, before: Side, after: Side): readonly PlanLine[] {
  const moved = changes.flatMap(({ moves }) => moves.flatMap(({ causes }) => causes ?? []))
  const causes: readonly Cause[] = [...[...changes, ...destinations].flatMap((change) => change.causes), ...moved]
  const lines = new Map<string, PlanLine>()
  for (const { side, file, line } of causes) {
    const key = JSON.stringify([side, file, line])
    if (file === null || line === 0 || lines.has(key)) continue
    const text = (side === 'before' ? before : after).lineOf(file, line)
    if (text !== null) lines.set(key, { side, file, line, text: text.slice(0, maxLine) })
  }
  return [...lines.values()]
}
