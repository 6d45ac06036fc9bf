import type { PlainTarget, Target } from './document.ts'

/** Where mail may go by a target, whoever it is from. */
export const plainTargets = (target: Target): readonly PlainTarget[] =>
  target.kind === 'by-sender' ? target.rows.map((row) => row.target) : [target]

/** Some mail leaves by it. */
export const leaves = (target: Target): boolean =>
  plainTargets(target).some(({ kind }) => kind === 'relay' || kind === 'hosts' || kind === 'mx')
