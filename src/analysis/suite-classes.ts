import { type Behaviour, behaviourKey, behaviourText } from '../graph/behaviour.ts'
import { type Box, boxHolds } from '../graph/box.ts'
import type { Graph } from '../graph/graph.ts'
import { cut } from './cut.ts'
import { boxMaker } from './describe.ts'
import { BudgetExceeded } from './diagram.ts'
import { behavioursOf } from './product.ts'
import { ask } from './question.ts'
import { makeSpace, NotAnalysable } from './space.ts'
import type { CaseResult } from './suite-run.ts'

/** The messages that a graph treats alike, as disjoint boxes, and how many of these some test is in. */
export type Classes = {
  readonly all: number
  readonly covered: number
  readonly missing: readonly {
    readonly box: Box
    /** What comes of a message in the box; of the recipient itself, who is many. */
    readonly text: string
  }[]
}

/** More nodes than this are for a plan, not for a figure. */
const nodeBudget = 500_000

/** `null` when the graph has too many classes to be counted. */
export function classesOf(graph: Graph, results: readonly CaseResult[]): Classes | null {
  const boxes = boxesOf(graph)
  if (boxes === null) return null
  const tried = results.flatMap(({ case: { message }, endings }) =>
    endings.map(({ answers }) => ({ message, answers })),
  )
  const missing = boxes.filter(({ box }) => !tried.some(({ message, answers }) => boxHolds(box, message, answers)))
  return { all: boxes.length, covered: boxes.length - missing.length, missing }
}

function boxesOf(graph: Graph): Classes['missing'] | null {
  const texts: string[] = []
  const numbers = new Map<string, number>()
  try {
    const space = makeSpace([graph], { nodeBudget })
    const answer = ask(space, behavioursOf(space, 0), ([value]) => {
      const behaviour = value as unknown as Behaviour
      const key = behaviourKey(behaviour)
      let number = numbers.get(key)
      if (number === undefined) {
        number = texts.push(behaviourText(behaviour).replaceAll(/(^|, ) /g, '$1'))
        numbers.set(key, number)
      }
      return number
    })
    const boxOf = boxMaker(answer)
    return cut(answer).map((one) => ({ box: boxOf(one), text: texts[one.of - 1]! }))
  } catch (error) {
    if (error instanceof BudgetExceeded || error instanceof NotAnalysable) return null
    throw error
  }
}
