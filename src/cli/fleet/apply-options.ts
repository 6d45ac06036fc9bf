import { hostname, userInfo } from 'node:os'
import { parseDuration } from '../../mail/duration.ts'
import type { Result } from '../../mail/result.ts'
import { CommandError, flag, type Invocation, textOption } from '../run.ts'
import { readGates } from './gate-options.ts'
import type { TrialPlan } from './rollout.ts'

type Options = Invocation['options']

/** What of a command line says how the change is brought out, and not what it is. */
export type ApplyWishes = {
  readonly expected: string | null
  readonly maxChanged: number | null
  readonly acknowledged: string | null
  readonly base: string | null
  readonly holdQueue: boolean
  readonly dryRun: boolean
  readonly reason: string
}

const changeSetHash = /^c1:[a-z2-7]{10,80}$/

export function applyWishes(options: Options): ApplyWishes {
  const most = textOption(options, 'maxChanged')
  if (most !== null && !/^\d{1,9}$/.test(most))
    throw new CommandError(`--max-changed: expected a number of classes, such as 200, got ${most}`)
  return {
    expected: hashOption(options, 'expect'),
    maxChanged: most === null ? null : Number(most),
    acknowledged: hashOption(options, 'ack'),
    base: textOption(options, 'base'),
    holdQueue: flag(options, 'holdQueue'),
    dryRun: flag(options, 'dryRun'),
    reason: oneReason(textOption(options, 'reason') ?? 'mailgw apply'),
  }
}

function hashOption(options: Options, name: 'expect' | 'ack'): string | null {
  const text = textOption(options, name)
  if (text === null || changeSetHash.test(text)) return text
  throw new CommandError(`--${name}: expected the hash of a change set, such as c1:..., got ${text}`)
}

/** Goes into the journal of each gateway, as one line. */
const oneReason = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 500)

/** What the way back needs beyond the bakes: the calls themselves, and a coordinator that was held up for a moment. */
const slackMs = 60_000

/**
 * The trial of each gateway; `null` where nobody asked for one and a single gateway is changed: nothing could come in
 * between its activation and the confirm.
 */
export function trialPlan(options: Options, waves: number, gateways: number): TrialPlan | null {
  const bakeMs = durationOption(options, 'bake') ?? 0
  const given = durationOption(options, 'confirmWithin')
  const gates = wanted('gate', readGates((options['gate'] as readonly string[] | undefined) ?? []))
  const asked = bakeMs > 0 || given !== null || gates !== null || flag(options, 'holdQueue')
  if (!asked && gateways < 2) return null
  if (gates !== null && bakeMs === 0)
    throw new CommandError('--gate: nothing is watched without --bake, such as --bake 5m')
  const least = bakeMs * waves
  if (given !== null && given <= least) {
    throw new CommandError(
      `--confirm-within: expected more than ${least / 1000} s (${waves} ${waves === 1 ? 'wave' : 'waves'} of ${bakeMs / 1000} s), got ${given / 1000} s`,
    )
  }
  return { bakeMs, withinMs: given ?? least + slackMs, gates, shadow: bakeMs > 0 }
}

function durationOption(options: Options, name: 'bake' | 'confirmWithin'): number | null {
  const text = textOption(options, name)
  if (text === null || text === '0') return null
  return wanted(name === 'bake' ? 'bake' : 'confirm-within', parseDuration(text))
}

export function wanted<T>(option: string, result: Result<T>): T {
  if (!result.ok) throw new CommandError(`--${option}: ${result.error}`)
  return result.value
}

/** Whoever sits here, or the job that runs here: in its own words, as the gateways know the caller by other means. */
export function actorHere(env: Readonly<Record<string, string | undefined>>): string {
  const job = env['GITHUB_ACTOR'] ?? env['GITLAB_USER_LOGIN']
  const name = job ?? systemUser()
  return oneReason(`${name}@${hostname()}`)
}

function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
