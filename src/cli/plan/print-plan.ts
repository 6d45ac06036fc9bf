import { flag, type Invocation, type Terminal } from '../run.ts'
import type { Plan } from './plan.ts'
import { planMarkdown } from './plan-markdown.ts'
import { planText } from './plan-text.ts'

/** Prints a plan in the form that the options name; text for a person without one. */
export function printPlan(plan: Plan, options: Invocation['options'], terminal: Terminal): void {
  if (flag(options, 'hash')) terminal.out(`${plan.changeSet.hash}\n`)
  else if (flag(options, 'json')) terminal.out(`${JSON.stringify(plan, null, 2)}\n`)
  else if (flag(options, 'markdown')) terminal.out(planMarkdown(plan))
  else terminal.out(planText(plan, terminal.color))
}
