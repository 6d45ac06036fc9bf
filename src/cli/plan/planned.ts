import type { Side } from './base.ts'
import type { Plan } from './plan.ts'

/** A plan with the two graphs that it compares. */
export type Planned = { readonly plan: Plan; readonly before: Side; readonly after: Side }
