import { type Behaviour, behaviourKey } from '../graph/behaviour.ts'
import { hashText } from '../graph/canonical.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import type { DiagramId } from './diagram.ts'
import { variable } from './dimensions.ts'
import type { Family } from './family.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { Answer } from './question.ts'
import { type RecipientColumns, recipientColumns } from './recipient-columns.ts'
import type { StateId } from './states.ts'

/**
 * A name for all that changes, to the last row: the function from messages to (behaviour before, behaviour after) where
 * the two differ, written in patterns and values and not in numbers of this computation. Two pairs of graphs between
 * which mail changes alike have one name, however else the graphs differ.
 *
 * What hangs on the recipient is a column (`recipient-columns.ts`); the nodes above are numbered as they are met, along
 * edges in the order of their patterns.
 */
export function fingerprint(answer: Answer): string {
  const { space, product } = answer
  const { dimensions, values } = space
  const columns = recipientColumns(answer)
  /** Nodes that mean the same by a key, so that a diagram with more nodes than it needs has the same name. */
  const meant = new Map<DiagramId, string>()
  const lines = new Map<string, readonly string[]>()

  const meaning = (id: DiagramId): string => {
    const at = product.diagram.variableOf(id)
    if (at >= dimensions.recipient) return `column ${columns.of(id)}`
    let found = meant.get(id)
    if (found === undefined) {
      const children = Array.from(product.diagram.edgesOf(id), meaning)
      if (children.every((child) => child === children[0])) found = children[0]!
      else {
        const text = nodeLines(at, children)
        found = `node ${at} ${text.join('\n')}`
        found = hashText(found)
        lines.set(found, text)
      }
      meant.set(id, found)
    }
    return found
  }
  const nodeLines = (at: number, children: readonly string[]): string[] => {
    const name = at >= variable.firstOracle ? dimensions.oracles[at - variable.firstOracle]! : fixed[at]!
    return [name, ...edgeLines(answer, at, children)]
  }

  const root = meaning(product.root)
  const numbers = new Map<string, number>()
  const text: string[] = []
  const met: number[] = []
  const number = (key: string): string => {
    if (key.startsWith('column ')) {
      const column = Number(key.slice('column '.length))
      if (!met.includes(column)) met.push(column)
      return `c${met.indexOf(column)}`
    }
    let known = numbers.get(key)
    if (known === undefined) {
      known = numbers.size
      numbers.set(key, known)
      const own = lines.get(key)!.map((line) => {
        const cut = line.lastIndexOf('\t')
        return cut < 0 ? line : `${line.slice(0, cut)} ${number(line.slice(cut + 1))}`
      })
      text.push(`n${known} ${own.join('\n')}`)
    }
    return `n${known}`
  }
  text.push(number(root))
  const keys = new Map<number, string>()
  const keyOf = (id: number): string => {
    let key = keys.get(id)
    if (key === undefined) {
      key = behaviourKey(values.get(id) as Behaviour)
      keys.set(id, key)
    }
    return key
  }
  const pairText = (from: number, to: number): string => `${keyOf(from)} -> ${keyOf(to)}`
  return hashText([...text, ...columnLines(answer, columns, met, pairText)].join('\n'))
}

const fixed = ['listener', 'client', 'sender', 'size', 'hops'] as const

/** Edges as `pattern<tab>child`, in an order that the graphs' other contents do not change. */
function edgeLines({ space }: Answer, at: number, children: readonly string[]): string[] {
  const { dimensions } = space
  switch (at) {
    case variable.listener:
      return dimensions.listeners
        .flatMap((names, atom) => names.map((name) => `${name}\t${children[atom]}`))
        .sort(byCodeUnits)
    case variable.client:
      return coloured(dimensions.clients.family, childAt(dimensions.clients.atomOf, children))
    case variable.sender:
      return colouredMailboxes(dimensions.senders.family, childAt(dimensions.senders.atomOf, children))
    case variable.size:
    case variable.hops: {
      const { cuts } = at === variable.size ? dimensions.sizesOf : dimensions.hopsOf
      return children.flatMap((child, atom) =>
        child === children[atom - 1] ? [] : [`over ${cuts[atom - 1] ?? 'any'}\t${child}`],
      )
    }
    default:
      return children.map((child, atom) => `${atom}\t${child}`)
  }
}

const childAt =
  (atomOf: ReadonlyMap<StateId, number>, children: readonly string[]) =>
  (state: StateId): string | null => {
    const atom = atomOf.get(state)
    return atom === undefined ? null : children[atom]!
  }

/** Where along the patterns the colour changes, and to what. `null` is what nobody can be in. */
function coloured({ borders, patterns }: Family, colourOf: (state: StateId) => string | null): string[] {
  const found: string[] = []
  for (const { inner, outer, cells } of borders) {
    const own = colourOf(inner)
    if (own === null || (outer !== null && own === colourOf(outer))) continue
    for (const cell of cells) found.push(`${patterns[cell]}\t${own}`)
  }
  return found.sort(byCodeUnits)
}

/** Which recipients are alike in all columns that are met, and what happens to them in each. */
function columnLines(
  { space }: Answer,
  columns: RecipientColumns,
  met: readonly number[],
  pairText: (from: number, to: number) => string,
): string[] {
  const { family, fineOf } = space.recipients
  const groupOf = (state: StateId): string | null => {
    const fine = fineOf(state)
    return fine === undefined ? null : String(columns.groupOf(fine))
  }
  const lines = colouredMailboxes(family, groupOf)
  // A group is called by the first pattern that leads into it.
  const names = new Map<string, string>()
  const named = lines.map((line) => {
    const cut = line.lastIndexOf('\t')
    const group = line.slice(cut + 1)
    if (!names.has(group)) names.set(group, line.slice(0, cut))
    return `${line.slice(0, cut)} in ${names.get(group)}`
  })
  const pairs = [...names].map(([group, name]) => {
    const { pairs, indexes } = columns.inGroup(Number(group), met)
    return `${name} ${indexes}\n${pairs.map((pair) => (pair === null ? 'same' : pairText(...pair))).join('\n')}`
  })
  return [...named, ...pairs]
}

function colouredMailboxes(family: Mailboxes, colourOf: (state: StateId) => string | null): string[] {
  const { borders, locals, own, patterns, states } = family
  const found = coloured(family, colourOf)
  for (const { changes, localParts } of locals) {
    const locally = (state: StateId) => colourOf(states.after(state, changes)) ?? colourOf(state)
    if (borders.every(({ inner }) => locally(inner) === colourOf(inner))) continue
    const lines = coloured(family, locally)
    for (const localPart of localParts) for (const line of lines) found.push(`${localPart}@${line}`)
  }
  for (const { inner, outer, local, cells } of own) {
    const here = colourOf(inner)
    const around = local === null ? colourOf(outer) : (colourOf(states.after(outer, local.changes)) ?? colourOf(outer))
    if (here === null || here === around) continue
    for (const cell of cells) found.push(`${patterns[cell]}\t${here}`)
  }
  return found.sort(byCodeUnits)
}
