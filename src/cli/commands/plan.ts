import { makePlan, nextSide } from '../plan/make-plan.ts'
import { exitCodeOf } from '../plan/plan.ts'
import { writePlanFile } from '../plan/plan-file.ts'
import { printPlan } from '../plan/print-plan.ts'
import { type Run, textOption } from '../run.ts'

export const run: Run = async ({ options, terminal }) => {
  const { plan } = await makePlan(options, await nextSide(options, terminal), terminal)
  const output = textOption(options, 'output')
  if (output !== null) await writePlanFile(plan, output)
  printPlan(plan, options, terminal)
  return exitCodeOf(plan)
}
