import { type Behaviour, behaviourKey } from '../graph/behaviour.ts'
import { hashText } from '../graph/canonical.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import type { DiagramId } from './diagram.ts'
import { variable } from './dimensions.ts'
import type { Family } from './family.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { Answer } from './question.ts'
import type { StateId } from './states.ts'

/**
 * A name for all that changes, to the last row: the function from messages to (behaviour before, behaviour after) where
 * the two differ, written in patterns and values and not in numbers of this computation. Two pairs of graphs between
 * which mail changes alike have one name, however else the graphs differ.
 */
export function fingerprint(answer: Answer): string {
  const { space, product } = answer
  const { dimensions, recipients, values } = space
  const known = new Map<DiagramId, string>()

  const pairText = (tuple: number, fine: number): string => {
    const [from, to] = product.resolve(tuple, fine) as [number, number]
    if (from === to) return ''
    const key = (id: number) => behaviourKey(values.get(id) as Behaviour)
    return `${key(from)} -> ${key(to)}`
  }
  const nameOf = (id: DiagramId): string => {
    if (id < 0 && !product.isOpen[~id]) return pairText(~id, 0)
    let name = known.get(id)
    if (name === undefined) {
      name = nodeName(id)
      known.set(id, name)
    }
    return name
  }
  const nodeName = (id: DiagramId): string => {
    const at = product.diagram.variableOf(id)
    if (at >= dimensions.recipient) return recipientName(id)
    const children = Array.from(product.diagram.edgesOf(id), nameOf)
    if (children.every((child) => child === children[0])) return children[0]!
    return hashText(`${variableName(at)}\n${lines(at, children).join('\n')}`)
  }
  const recipientName = (id: DiagramId): string => {
    const texts = recipients.fine.map((_, fine) =>
      pairText(~product.diagram.along(id, dimensions.recipient, recipients.coarseOf[fine]!), fine),
    )
    if (texts.every((text) => text === texts[0])) return texts[0]!
    const colour = (state: StateId): string | null => {
      const fine = recipients.fineOf(state)
      return fine === undefined ? null : texts[fine]!
    }
    return hashText(`recipient\n${colouredMailboxes(recipients.family, colour).join('\n')}`)
  }
  const variableName = (at: number): string =>
    at >= variable.firstOracle
      ? dimensions.oracles[at - variable.firstOracle]!
      : ['listener', 'client', 'sender', 'size', 'hops'][at]!
  const lines = (at: number, children: readonly string[]): string[] => {
    switch (at) {
      case variable.listener:
        return dimensions.listeners.flatMap((names, atom) => names.map((name) => `${name} ${children[atom]}`)).sort()
      case variable.client:
      case variable.sender: {
        const { family, atomOf } = at === variable.client ? dimensions.clients : dimensions.senders
        return coloured(family, (cell) => {
          const atom = atomOf.get(family.state[cell]!)
          return atom === undefined ? null : children[atom]!
        })
      }
      case variable.size:
      case variable.hops: {
        const { cuts } = at === variable.size ? dimensions.sizesOf : dimensions.hopsOf
        return children.flatMap((child, atom) =>
          child === children[atom - 1] ? [] : [`over ${cuts[atom - 1] ?? 'any'} ${child}`],
        )
      }
      default:
        return [...children]
    }
  }
  return nameOf(product.root)
}

/** Where along the patterns the colour changes, and to what. Cells that are empty have the colour of what is around. */
function coloured(
  { order, parent, patterns, isEmpty }: Family,
  colourOf: (cell: number) => string | null,
  isAmong: (cell: number) => boolean = () => true,
): string[] {
  const found: string[] = []
  const colours: (string | null)[] = []
  for (const cell of order) {
    if (!isAmong(cell)) continue
    const around = parent[cell]! < 0 ? null : colours[parent[cell]!]!
    const own = isEmpty(cell) ? around : (colourOf(cell) ?? around)
    colours[cell] = own
    if (own !== around) found.push(`${patterns[cell]} ${own}`)
  }
  return found.sort(byCodeUnits)
}

function colouredMailboxes(family: Mailboxes, colour: (state: StateId) => string | null): string[] {
  const { state, states, order, parent, patterns } = family
  const isDomain = (cell: number) => !family.isMailbox(cell)
  const plain = (cell: number) => colour(state[cell]!)
  const found = coloured(family, plain, isDomain)
  const own = new Map<string, (cell: number) => string | null>()
  for (const { changes, localParts } of family.locals) {
    const local = (cell: number) => colour(states.after(state[cell]!, changes)) ?? plain(cell)
    for (const localPart of localParts) own.set(localPart, local)
    const seen = new Set<StateId>()
    let isAlike = true
    for (const cell of order) {
      if (!isDomain(cell) || seen.has(state[cell]!)) continue
      seen.add(state[cell]!)
      isAlike &&= local(cell) === plain(cell)
    }
    if (isAlike) continue
    const lines = coloured(family, local, isDomain)
    for (const localPart of localParts) for (const line of lines) found.push(`${localPart}@${line}`)
  }
  for (const cell of order) {
    if (isDomain(cell)) continue
    const pattern = patterns[cell]!
    const as = own.get(pattern.slice(0, pattern.lastIndexOf('@'))) ?? plain
    const here = plain(cell)
    if (here !== null && here !== as(parent[cell]!)) found.push(`${pattern} ${here}`)
  }
  return found.sort(byCodeUnits)
}
