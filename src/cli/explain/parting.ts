import type { Branch, Explanation, Walk } from '../../graph/explanation.ts'
import { explanationText } from '../../graph/explanation-text.ts'

/** Where two explanations of one message part: the first walk that says something else. `null`: they end alike. */
export type Parting = {
  /** Oracles answered on the way there, such as `dnsbl.zen=listed`. */
  readonly under: readonly string[]
  readonly base: PartedWalk | null
  readonly next: PartedWalk | null
}
export type PartedWalk = Pick<Walk, 'stage' | 'recipient' | 'says' | 'at' | 'file' | 'line' | 'column'>

export type Compared = { readonly base: Explanation; readonly next: Explanation; readonly parting: Parting | null }

export function compareExplanations(base: Explanation, next: Explanation): Compared {
  return { base, next, parting: partingOf(base.outcome, next.outcome, []) }
}

function partingOf(base: Branch, next: Branch, under: readonly string[]): Parting | null {
  const length = Math.max(base.walks.length, next.walks.length)
  for (let i = 0; i < length; i++) {
    const [one, other] = [base.walks[i], next.walks[i]]
    if (one === undefined || other === undefined || saying(one) !== saying(other)) {
      return { under, base: parted(one), next: parted(other) }
    }
  }
  if (base.end.kind === 'depends' && next.end.kind === 'depends') {
    for (const outcome of ['listed', 'clear', 'error'] as const) {
      const path = [...under, `${base.end.oracle}=${outcome}`]
      const found = partingOf(base.end.branches[outcome], next.end.branches[outcome], path)
      if (found !== null) return found
    }
  }
  return null
}

/** What a walk means for mail; that another row says the same is no difference. */
const saying = ({ stage, recipient, says }: Walk): string => JSON.stringify([stage, recipient, says])

function parted(walk: Walk | undefined): PartedWalk | null {
  if (walk === undefined) return null
  const { stage, recipient, says, at, file, line, column } = walk
  return { stage, recipient, says, at, file, line, column }
}

/** Both explanations in full, then where they part. */
export function comparedText({ base, next, parting }: Compared, names: { base: string; next: string }): string {
  const both = `base: ${names.base}\n${indented(explanationText(base))}\nnext: ${names.next}\n${indented(explanationText(next))}`
  if (parting === null) return `${both}\nthe same happens to it\n`
  const under = parting.under.length === 0 ? '' : ` when ${parting.under.join(', ')}`
  return `${both}\nthey part here${under}:\n  base  ${walkText(parting.base)}\n  next  ${walkText(parting.next)}\n`
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')

function walkText(walk: PartedWalk | null): string {
  if (walk === null) return 'nothing more is asked'
  const { stage, recipient, says, at, file, line, column } = walk
  const where = file === null ? '' : ` ${file}:${line}:${column}`
  const who = recipient === null ? '' : `${recipient} `
  return `${stage}: ${who}${says ?? 'waits for an answer'}${at === '' ? '' : `, by ${at}${where}`}`
}
