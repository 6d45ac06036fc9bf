import { readPlanFile } from '../plan/plan-file.ts'
import { printPlan } from '../plan/print-plan.ts'
import { CommandError, type Run } from '../run.ts'

export const run: Run = async ({ arguments: files, options, terminal }) => {
  const [file, second] = files
  if (file === undefined || second !== undefined) throw new CommandError('plan show: name one plan file')
  printPlan(await readPlanFile(file), options, terminal)
  return 0
}
