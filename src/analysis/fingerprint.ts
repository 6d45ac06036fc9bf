import { hashText, lineHash } from '../graph/canonical.ts'
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
  const hash = lineHash()
  for (const line of text) hash.add(line)
  columnLines(answer, columns, met, hash.add)
  return hash.name()
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
      return edgesOf(dimensions.certificates, coloured, children)
    case variable.login:
      return edgesOf(dimensions.logins, coloured, children)
    case variable.helo:
      return edgesOf(dimensions.helos, coloured, children)
    case variable.client:
      return edgesOf(dimensions.clients, coloured, children)
    case variable.sender:
      return edgesOf(dimensions.senders, colouredMailboxes, children)
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

/** Cells in the order of their patterns; of each what begins there. */
type Stripe = { readonly localPart: string; readonly cells: Int32Array; readonly colours: Int32Array }

/** The colour of a state: a number from 0 on, or `nobody`. */
type Colouring = (state: StateId) => number

/** What no message can be in. */
const nobody = -1
/** The colour of a local part where it is no other than that of the rest of its domain. */
const asOthers = -2

function edgesOf<F extends Family>(
  { family, atomOf }: { readonly family: F; readonly atomOf: ReadonlyMap<StateId, number> },
  paint: (family: F, colourOf: Colouring) => Stripe[],
  children: readonly string[],
): string[] {
  const first = new Map<string, number>()
  for (const [atom, child] of children.entries()) if (!first.has(child)) first.set(child, atom)
  const colours = children.map((child) => first.get(child)!)
  const stripes = paint(family, (state) => {
    const atom = atomOf.get(state)
    return atom === undefined ? nobody : colours[atom]!
  })
  const lines: string[] = []
  for (const { localPart, cells, colours } of stripes) {
    for (const cell of cells) {
      const colour = colours[cell]!
      const pattern = family.patterns[cell]!
      lines.push(`${localPart}${pattern}\t${colour === asOthers ? 'others' : children[colour]}`)
    }
  }
  return lines
}

/** Where along the patterns the colour changes, and to what. */
function coloured(family: Family, colourOf: Colouring): Stripe[] {
  return [stripe(family, colourOf)]
}

function stripe({ borders, patterns }: Family, colourOf: Colouring, localPart = ''): Stripe {
  const colours = new Int32Array(patterns.length)
  const cells: number[] = []
  let own: number = nobody
  const isWanted = (inner: StateId, outer: StateId): boolean => {
    own = colourOf(inner)
    return own !== nobody && (outer < 0 || own !== colourOf(outer))
  }
  eachCell(borders, isWanted, (cell) => {
    cells.push(cell)
    colours[cell] = own
  })
  return { localPart, cells: sortedCells(patterns, cells), colours }
}

/**
 * First domains, for a local part that no table names; then, of each that one names, where it is told from the others;
 * then mailboxes with a row.
 */
function colouredMailboxes(family: Mailboxes, colourOf: Colouring): Stripe[] {
  const { locals, own, patterns, states } = family
  const found = [stripe(family, colourOf)]
  const byLocalPart = new Map<string, Stripe>()
  for (const { changes, localParts } of locals) {
    const told = stripe(family, (state) => {
      const plain = colourOf(state)
      const within = colourOf(states.after(state, changes))
      const here = within === nobody ? plain : within
      return here !== nobody && here === plain ? asOthers : here
    })
    for (const localPart of localParts) byLocalPart.set(localPart, told)
  }
  for (const localPart of [...byLocalPart.keys()].sort(byCodeUnits)) {
    const { cells, colours } = byLocalPart.get(localPart)!
    // Where it is never told from the others, one border says so.
    if (cells.length > 1 || (cells.length === 1 && colours[cells[0]!] !== asOthers))
      found.push({ localPart: `${localPart}@`, cells, colours })
  }
  const colours = new Int32Array(patterns.length)
  const mailboxes: number[] = []
  for (const { inner, outer, local, cells } of own) {
    const here = colourOf(inner)
    const within = local === null ? nobody : colourOf(states.after(outer, local.changes))
    if (here === nobody || here === (within === nobody ? colourOf(outer) : within)) continue
    for (const cell of cells) {
      mailboxes.push(cell)
      colours[cell] = here
    }
  }
  found.push({ localPart: '', cells: sortedCells(patterns, mailboxes), colours })
  return found
}

/** Which recipients are alike in all columns that are met, and what happens to them in each, line by line. */
function columnLines(
  { space }: Answer,
  columns: RecipientColumns,
  met: readonly number[],
  say: (line: string) => void,
): void {
  const { values } = space
  const { family, fineOf } = space.recipients
  const stripes = colouredMailboxes(family, (state) => {
    const fine = fineOf(state)
    return fine === undefined ? nobody : columns.groupOf(fine)
  })
  // A group is called by the first pattern that leads into it.
  const names: string[] = []
  const named: number[] = []
  /** Of each group its name and one; 0 is none. */
  const nameOf = new Int32Array(columns.groups)
  for (const { localPart, cells, colours } of stripes) {
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!
      const pattern = localPart + family.patterns[cell]!
      const group = colours[cell]!
      if (group === asOthers) {
        say(`${pattern}\tothers`)
        continue
      }
      if (nameOf[group] === 0) {
        nameOf[group] = names.push(pattern)
        named.push(group)
      }
      say(`${pattern} in ${names[nameOf[group]! - 1]!}`)
    }
  }
  const forms = new Map<Form, number>()
  const wordText = (word: Word): string => ('own' in word ? `its own ${word.own}` : values.keyOf(word.value))
  for (let i = 0; i < names.length; i++) {
    const { form, own } = columns.inGroup(named[i]!, met)
    let number = forms.get(form)
    if (number === undefined) {
      number = forms.size
      forms.set(form, number)
    }
    say(`${names[i]!} f${number} ${own.map(values.keyOf).join(' ')}`)
  }
  for (const { pairs, indexes } of forms.keys()) {
    const texts = pairs.map((pair) => (pair === null ? 'same' : `${wordText(pair[0])} -> ${wordText(pair[1])}`))
    say(`${indexes}\n${texts.join('\n')}`)
  }
}
