import { hashText } from '../graph/canonical.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import type { DiagramId } from './diagram.ts'
import { variable } from './dimensions.ts'
import { eachCell, type Family } from './family.ts'
import type { Mailboxes } from './mailboxes.ts'
import { sortedCells } from './pattern-order.ts'
import type { Answer } from './question.ts'
import { type Form, type RecipientColumns, recipientColumns, type Word } from './recipient-columns.ts'
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
  const { dimensions } = space
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
  return hashText([...text, ...columnLines(answer, columns, met)].join('\n'))
}

const fixed = ['listener', 'tls', 'client', 'certificate', 'login', 'helo', 'sender', 'size', 'hops'] as const

/** Edges as `pattern<tab>child`, in an order that the graphs' other contents do not change. */
function edgeLines({ space }: Answer, at: number, children: readonly string[]): string[] {
  const { dimensions } = space
  switch (at) {
    case variable.listener:
      return dimensions.listeners
        .flatMap((names, atom) => names.map((name) => `${name}\t${children[atom]}`))
        .sort(byCodeUnits)
    case variable.tls:
      return children.map((child, atom) => `${dimensions.tls[atom] ? 'encrypted' : 'clear'}\t${child}`)
    case variable.certificate:
      return coloured(dimensions.certificates.family, childAt(dimensions.certificates.atomOf, children))
    case variable.login:
      return coloured(dimensions.logins.family, childAt(dimensions.logins.atomOf, children))
    case variable.helo:
      return coloured(dimensions.helos.family, childAt(dimensions.helos.atomOf, children))
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
  const colours = new Map<number, string>()
  let own: string | null = null
  const isWanted = (inner: StateId, outer: StateId): boolean => {
    own = colourOf(inner)
    return own !== null && (outer < 0 || own !== colourOf(outer))
  }
  eachCell(borders, isWanted, (cell) => colours.set(cell, own!))
  return linesOf(patterns, colours)
}

function linesOf(patterns: readonly string[], colours: ReadonlyMap<number, string>): string[] {
  return Array.from(sortedCells(patterns, [...colours.keys()]), (cell) => `${patterns[cell]}\t${colours.get(cell)}`)
}

/** Which recipients are alike in all columns that are met, and what happens to them in each. */
function columnLines({ space }: Answer, columns: RecipientColumns, met: readonly number[]): string[] {
  const { values } = space
  const { family, fineOf } = space.recipients
  const groupOf = (state: StateId): string | null => {
    const fine = fineOf(state)
    return fine === undefined ? null : String(columns.groupOf(fine))
  }
  // A group is called by the first pattern that leads into it.
  const names = new Map<string, string>()
  const named = colouredMailboxes(family, groupOf).map((line) => {
    const cut = line.lastIndexOf('\t')
    const group = line.slice(cut + 1)
    if (group === asOthers) return line
    const name = names.get(group) ?? line.slice(0, cut)
    names.set(group, name)
    return `${line.slice(0, cut)} in ${name}`
  })
  const forms = new Map<Form, number>()
  const wordText = (word: Word): string => ('own' in word ? `its own ${word.own}` : values.keyOf(word.value))
  const lines = [...names].map(([group, name]) => {
    const { form, own } = columns.inGroup(Number(group), met)
    let number = forms.get(form)
    if (number === undefined) {
      number = forms.size
      forms.set(form, number)
    }
    return `${name} f${number} ${own.map(values.keyOf).join(' ')}`
  })
  const formLines = [...forms.keys()].map(({ pairs, indexes }) => {
    const texts = pairs.map((pair) => (pair === null ? 'same' : `${wordText(pair[0])} -> ${wordText(pair[1])}`))
    return `${indexes}\n${texts.join('\n')}`
  })
  return [...named, ...lines, ...formLines]
}

/** The colour of a local part where it is no other than that of the rest of its domain. */
const asOthers = 'others'

/**
 * First domains, for a local part that no table names; then, of each that one names, where it is told from the others;
 * then mailboxes with a row.
 */
function colouredMailboxes(family: Mailboxes, colourOf: (state: StateId) => string | null): string[] {
  const { locals, own, patterns, states } = family
  const found = coloured(family, colourOf)
  const byLocalPart = new Map<string, readonly string[]>()
  for (const { changes, localParts } of locals) {
    const lines = coloured(family, (state) => {
      const plain = colourOf(state)
      const here = colourOf(states.after(state, changes)) ?? plain
      return here !== null && here === plain ? asOthers : here
    })
    for (const localPart of localParts) byLocalPart.set(localPart, lines)
  }
  for (const localPart of [...byLocalPart.keys()].sort(byCodeUnits)) {
    const lines = byLocalPart.get(localPart)!
    // Where it is never told from the others, one border says so.
    if (lines.length > 1 || !lines[0]?.endsWith(`\t${asOthers}`))
      for (const line of lines) found.push(`${localPart}@${line}`)
  }
  const colours = new Map<number, string>()
  for (const { inner, outer, local, cells } of own) {
    const here = colourOf(inner)
    const around = local === null ? colourOf(outer) : (colourOf(states.after(outer, local.changes)) ?? colourOf(outer))
    if (here === null || here === around) continue
    for (const cell of cells) colours.set(cell, here)
  }
  return [...found, ...linesOf(patterns, colours)]
}
