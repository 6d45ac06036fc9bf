import picocolors from 'picocolors'
import type { ChangeSet } from '../../analysis/change-set.ts'
import type { FleetHop } from '../../analysis/fleet-loops.ts'
import { assertNever } from '../../mail/result.ts'
import type { Plan } from '../plan/plan.ts'
import { changeLines, destinationLines, settingLines } from '../plan/plan-text.ts'
import { oneLine, table } from '../text.ts'
import type { ApplyResult, Changed } from './apply.ts'
import { loopText } from './mixed-fleet.ts'
import { isEmpty, noLonger, notReviewed } from './review.ts'
import type { Activation } from './rollout.ts'

/** Exit code of an apply: 0 active, 1 failed with the old graph active, 2 the change is not the one that was reviewed. */
export function exitCodeOf({ kind }: ApplyResult): 0 | 1 | 2 {
  switch (kind) {
    case 'active':
    case 'prepared':
    case 'unchanged':
      return 0
    case 'moved':
    case 'not-reviewed':
      return 2
    case 'refused':
    case 'rolled-back':
    case 'too-much':
    case 'loop':
      return 1
    default:
      return assertNever(kind)
  }
}

/** What an apply came to, for a person. `plan`: the one that was reviewed, if it is at hand. */
export function applyText(result: ApplyResult, plan: Plan | null, color: boolean): string {
  const { hash, changeSet } = result
  switch (result.kind) {
    case 'active':
    case 'prepared': {
      const verb = result.kind === 'active' ? 'active' : 'would be active'
      const set = changeSet === null ? '' : `changes ${changeSet.hash}\n`
      return `${verb} on ${many(result.gateways.length)}: ${hash}\n${set}${activationTable(result.gateways)}`
    }
    case 'unchanged':
      return `unchanged: ${hash} was active already on ${result.names.join(', ')}\n`
    case 'refused':
      return `refused; nothing was changed on any gateway\n${table(
        ['gateway', 'why'],
        result.reasons.map(({ name, error }) => [name, oneLine(error)]),
      )}`
    case 'moved':
      return result.gateways
        .map(
          ({ name, active, expected }) =>
            `the base moved on ${name}: expected ${expected}, active is ${active}; nothing was changed\n`,
        )
        .join('')
    case 'rolled-back':
      return `rolled back: ${result.trip.name}: ${oneLine(result.trip.reason)}\n${table(
        ['gateway', 'active', 'note'],
        result.gateways.map(({ name, graph, note }) => [name, graph ?? 'not known', oneLine(note)]),
      )}Mail that was delivered in the meantime stays delivered.\n`
    case 'not-reviewed':
      return notReviewedText(result.expected, result.gateways, plan, color)
    case 'too-much': {
      const { classes, most, gateway } = result
      return `too much changes: ${classes} classes of recipients, and --max-changed allows ${most}; nothing was changed\nread the plan, and then acknowledge it: --ack ${gateway.changeSet.hash}\n`
    }
    case 'loop':
      return loopRefused(hash, result.hops)
    default:
      return assertNever(result)
  }
}

/** The same for a script: change sets by their hashes, in full where they were not reviewed. */
export function applyJson(result: ApplyResult): object {
  const { changeSet, ...rest } = result
  const short = { ...rest, changeSet: changeSet?.hash ?? null }
  if (result.kind !== 'too-much') return short
  const { name, active } = result.gateway
  return { ...short, gateway: { name, active, changeSet: result.gateway.changeSet.hash } }
}

/** A circle of the new graph alone would stay; one of both is there only in between. */
function loopRefused(hash: string, hops: readonly FleetHop[]): string {
  const stays = hops.every(({ graph }) => graph === hash)
  const when = stays ? 'mail would go in circles' : 'mail could go in circles while the gateways serve different graphs'
  const advice = stays ? '' : 'end one half of the circle in a step of its own, and apply that first\n'
  return `${when}; nothing was changed\n${loopText(hops)}\n${advice}`
}

const many = (count: number): string => (count === 1 ? 'one gateway' : `${count} gateways`)

const activationTable = (gateways: readonly Activation[]): string =>
  table(
    ['gateway', 'wave', 'before', 'listeners', 'took', 'longest gap', 'seen in the trial'],
    gateways.map(({ name, wave, previous, listeners, tookMs, eventLoopGapMs, trial }) => [
      name,
      wave,
      previous.slice(0, 11),
      [...listeners.opened.map((one) => `opened ${one}`), ...listeners.closed.map((one) => `closed ${one}`)].join(
        ', ',
      ) || 'kept',
      `${Math.round(tookMs)} ms`,
      `${eventLoopGapMs.toFixed(1)} ms`,
      trial === null
        ? '-'
        : `${trial.counts.decisions} decisions, ${trial.counts.insideBoxes.reduce((sum, n) => sum + n, 0)} changed as planned`,
    ]),
  )

/** Of several gateways with the same story, the story once. */
function notReviewedText(expected: string, gateways: readonly Changed[], plan: Plan | null, color: boolean): string {
  const byHash = new Map<string, Changed[]>()
  for (const one of gateways) byHash.set(one.changeSet.hash, [...(byHash.get(one.changeSet.hash) ?? []), one])
  const parts = [...byHash.values()].map((same) => {
    const { changeSet, active } = same[0]!
    const names = same.map(({ name }) => name).join(', ')
    const head = `on ${names} (active: ${active}) the changes would be ${changeSet.hash}\n`
    if (plan === null) return `${head}${changesText('these changes', changeSet, plan, color)}`
    const fresh = notReviewed(plan.changeSet, changeSet)
    const gone = noLonger(plan.changeSet, changeSet)
    return `${head}${changesText('not reviewed', fresh, plan, color)}${changesText('reviewed, and would not change', gone, plan, color)}`
  })
  return `not what was reviewed: expected ${expected}; nothing was changed\n${parts.join('')}`
}

function changesText(title: string, changeSet: ChangeSet, plan: Plan | null, color: boolean): string {
  if (isEmpty(changeSet)) return ''
  const paint = picocolors.createColors(color)
  const shown = planOf(changeSet, plan)
  const lines = [
    ...changeSet.changes.flatMap((_, i) => changeLines(shown, i, paint)),
    ...changeSet.destinations.flatMap((_, i) => destinationLines(shown, i, paint)),
    ...(changeSet.settings.length === 0 ? [] : settingLines(changeSet, paint)),
    ...changeSet.unknown.map((text) => `not decided: ${oneLine(text)}`),
  ]
  return `${title}:\n${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`
}

/** A plan that has these changes alone, to be printed by the same code as every plan. */
function planOf(changeSet: ChangeSet, plan: Plan | null): Plan {
  const side = { kind: 'running', name: 'running', commit: null, changed: false, document: null, env: null } as const
  return {
    format: 'mailgw-plan/1',
    version: plan?.version ?? '',
    base: { ...side, hash: changeSet.base },
    next: plan?.next ?? { ...side, kind: 'document', name: 'the document', hash: changeSet.next },
    changeSet,
    lines: plan?.lines ?? [],
    networks: plan?.networks ?? {},
    proofs: [],
    tests: null,
    queue: null,
    overlays: [],
    replay: null,
  }
}
