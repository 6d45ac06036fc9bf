import { readFile, writeFile } from 'node:fs/promises'
import { canonicalJson } from '../../graph/canonical.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'
import { CommandError } from '../run.ts'
import { version } from '../version.ts'
import type { Plan } from './plan.ts'
import { asPlan, planSchema } from './plan-schema.ts'

/** One line of canonical JSON: equal plans are equal files. */
export const planFileText = (plan: Plan): string => `${canonicalJson(plan)}\n`

export async function writePlanFile(plan: Plan, file: string): Promise<void> {
  await writeFile(file, planFileText(plan)).catch((error: Error) => {
    throw new CommandError(`the plan cannot be written: ${error.message}`)
  })
}

/** Throws `CommandError` with one sentence. */
export async function readPlanFile(file: string): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CommandError(`the plan cannot be read: ${error.message}`)
  })
  const read = readPlan(text)
  if (!read.ok) throw new CommandError(`${file}: ${read.error}`)
  return read.value
}

/**
 * What claims to be a plan. One of a format that is not known names the mailgw that wrote it: that one can print it.
 * Within a format members are only ever added, so that members which are not known here are left out.
 */
export function readPlan(text: string): Result<Plan> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return wrong(`not a plan: ${(error as Error).message}`)
  }
  const { format, version: writer } = Object(value) as { format?: unknown; version?: unknown }
  if (typeof format !== 'string' || !format.startsWith('mailgw-plan/')) {
    return wrong(`not a plan: expected the format mailgw-plan/1, got ${JSON.stringify(format) ?? 'nothing'}`)
  }
  const by = typeof writer === 'string' ? `mailgw ${writer}` : 'an unknown mailgw'
  if (format !== 'mailgw-plan/1') {
    return wrong(`the plan was written by ${by} in the format ${format}; this mailgw ${version} reads mailgw-plan/1`)
  }
  const parsed = planSchema.safeParse(value)
  if (parsed.success) return ok(asPlan(parsed.data))
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') ?? ''
  return wrong(`the plan was written by ${by} and has another shape at ${where || 'its top'}: ${issue?.message ?? ''}`)
}
