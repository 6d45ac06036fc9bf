import { setTimeout as sleep } from 'node:timers/promises'
import { applyToFleet } from '../fleet/apply.ts'
import { activeHere, applyHere } from '../fleet/apply-here.ts'
import { actorHere, applyWishes, trialPlan, wanted } from '../fleet/apply-options.ts'
import { applyJson, applyText, exitCodeOf } from '../fleet/apply-text.ts'
import { askMembers, closeAll, type Member, memberHere } from '../fleet/members.ts'
import type { RolloutDeps } from '../fleet/rollout.ts'
import { sourceOf } from '../fleet/source.ts'
import { choose, planWaves } from '../fleet/waves.ts'
import { readPlanFile } from '../plan/plan-file.ts'
import { CommandError, flag, type Invocation, type Run, type Terminal, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

type Options = Invocation['options']

/** A gateway that says nothing for so long while it is watched is taken for gone. */
const silentMs = 5000

export const run: Run = async ({ arguments: [planFile], options, terminal }) => {
  const plan = planFile === undefined ? null : await readPlanFile(planFile)
  const wishes = applyWishes(options)
  if (plan !== null && wishes.expected !== null && wishes.expected !== plan.changeSet.hash) {
    throw new CommandError(`--expect: the plan holds ${plan.changeSet.hash}, got ${wishes.expected}`)
  }
  const expected = wishes.expected ?? plan?.changeSet.hash ?? null
  const env = textOption(options, 'env') ?? plan?.next.env ?? null
  const socket = socketOf(stateDirOf(options))
  const atOnce = expected === null && isSimple(options)
  // Read before the document is compiled: what becomes active in between was not seen by whoever wrote it.
  const before = atOnce ? (wishes.base ?? (await activeHere(socket).catch(() => null))) : null
  const source = await sourceOf(env === null ? options : { ...options, env }, terminal)
  const isHere = textOption(options, 'stateDir') !== null || (source.document?.gateways.length ?? 0) === 0
  if (isHere && atOnce) return await applyHere(socket, before ?? (await activeHere(socket)), source, options, terminal)

  const fleet = isHere ? [await memberHere(stateDirOf(options))] : await askMembers(source.document!, source.folder)
  const interrupt = new AbortController()
  const onSignal = () => interrupt.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    const chosen = chooseMembers(fleet, env, options)
    const waves = wanted('waves', planWaves(chosen, textOption(options, 'waves')))
    const { compareGraphs } = await import('../../analysis/compare.ts')
    const result = await applyToFleet(
      {
        ...{ ...wishes, fleet, waves, expected },
        next: source.bundle,
        papers: { actor: actorHere(process.env), reason: wishes.reason, commit: source.commit },
        trial: trialPlan(options, waves.length, chosen.length),
        compare: compareGraphs,
      },
      depsOf(terminal, interrupt.signal),
    )
    if (result.kind === 'unchanged' && plan !== null && plan.next.hash !== result.hash) {
      // A change was reviewed, and this document makes none: to call that done would let somebody go to bed.
      const { name, hash } = plan.next
      terminal.err(
        `not what was reviewed: the plan is of ${name}, ${hash}; this document is ${result.hash}, which is active already; nothing was changed\nname the plan's document: --config\n`,
      )
      return 2
    }
    const code = exitCodeOf(result)
    if (flag(options, 'json')) terminal.out(`${JSON.stringify(applyJson(result), null, 2)}\n`)
    else if (code === 0) terminal.out(applyText(result, plan, terminal.color))
    else terminal.err(applyText(result, plan, terminal.errColor))
    return code
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    await closeAll(fleet)
  }
}

const coordination = [
  'expect',
  'waves',
  'gateways',
  'bake',
  'gate',
  'confirmWithin',
  'maxChanged',
  'ack',
  'holdQueue',
  'reason',
]

/** Nothing is asked for that one call to one gateway could not do. */
const isSimple = (options: Options): boolean => coordination.every((name) => options[name] === undefined)

/** The gateways that serve this environment, and of these the ones that are named. */
function chooseMembers(fleet: readonly Member[], env: string | null, options: Options): readonly Member[] {
  const ofEnv = fleet.filter(({ entry }) => entry.env === null || entry.env === env)
  if (ofEnv.length === 0) {
    const known = [...new Set(fleet.map(({ entry }) => entry.env))].join(', ')
    throw new CommandError(
      `--env: no gateway serves ${env ?? 'the document without an environment'}; there are ${known}`,
    )
  }
  const named = textOption(options, 'gateways')
  return named === null ? ofEnv : wanted('gateways', choose(ofEnv, named))
}

const depsOf = (terminal: Terminal, signal: AbortSignal): RolloutDeps => ({
  clock: { now: Date.now },
  sleep: (ms) => sleep(ms),
  signal,
  silentMs,
  tell: (line) => terminal.err(`${line}\n`),
})
