import type { Mailbox } from '../mail/path.ts'
import { type CanonId, type CanonNode, type CanonTable, canonEdges } from './canon.ts'
import { makeIntLists } from './int-lists.ts'
import { type LocalClass, type Mailboxes, mailboxesOf } from './mailboxes.ts'
import type { Outcomes } from './outcomes.ts'
import type { StateId } from './states.ts'
import { type Expansion, expansionKey } from './values.ts'

/**
 * Recipients in two divisions. Fine: every table is constant, those of the route stage too. Coarse: only what admission
 * asks, with all expansions of one table taken for one; that is what diagrams are built over, so that a hundred thousand
 * different routes are still a handful of atoms.
 */
export type Recipients = {
  readonly family: Mailboxes
  /** Of each fine atom its state. */
  readonly fine: Int32Array
  fineOf(state: StateId): number | undefined
  /** How many cells (rows, or what lies between them) a fine atom has; 0 for a local part of cells that another one has. */
  readonly weight: Int32Array
  /** One mailbox of a fine atom. */
  witness(fine: number): Mailbox
  /** The mailbox key of a fine atom that is one mailbox that a list of one leads to; `null` for all others. */
  single(fine: number): string | null
  /** What the table says of a fine atom. */
  labelOf(table: CanonId, fine: number): CanonId
  labelAt(table: CanonId, state: StateId): CanonId
  /** Of each side, who it may accept for. */
  readonly tokens: readonly (readonly Expansion[])[]
  /** Of each coarse atom one fine atom. Empty until `divide`. */
  readonly coarse: readonly number[]
  /** Of each fine atom its coarse one. */
  readonly coarseOf: Int32Array
  /** `senders`: how many classes of senders have routes of their own. */
  divide(outcomes: Outcomes, senders: number): void
}

type Tables = {
  /** Those of admission and of sets. */
  readonly admission: ReadonlySet<CanonId>
  /** In ascending order. */
  readonly all: readonly CanonId[]
  /** Of each side, all that its RCPT stage reaches. */
  readonly expanding: readonly (readonly CanonId[])[]
}

export function makeRecipients(nodes: readonly CanonNode[], { admission, all, expanding }: Tables): Recipients {
  const isExpansion = (id: CanonId): boolean => {
    const node = nodes[id]!
    return node.kind === 'leaf' && node.is === 'expand'
  }
  const singles = singlesOf(nodes, expanding.flat())
  const tables = all.map((id) => nodes[id] as CanonTable)
  const family = mailboxesOf(singles === null ? tables : [...tables, singles], false)
  const { states } = family
  const indexes = new Map(all.map((id, index) => [id, index]))

  /** Of each atom its state, a cell, the class of its local part and one (0: of none), and how many cells it has. */
  let count = 0
  let fine = new Int32Array(states.count() * 2)
  let cells = new Int32Array(fine.length)
  let locals = new Int32Array(fine.length)
  let weight = new Int32Array(fine.length)
  /** Of each state its atom and one; 0 is none. States are added while this is made. */
  let atoms = new Int32Array(states.count() * 2)
  const fineOf = (state: StateId): number | undefined => (atoms[state] ? atoms[state]! - 1 : undefined)
  const witnesses = new Map<number, Mailbox>()
  /** Domains in which some mailbox has a row of its own, and may be the only one of its local part. */
  const withMailboxes = new Set<string>()
  for (let cell = 0; cell < family.patterns.length; cell++) {
    if (!family.isMailbox(cell)) continue
    const pattern = family.patterns[cell]!
    withMailboxes.add(pattern.slice(pattern.lastIndexOf('@') + 1))
  }
  const ordinary = family.locals.map(({ localParts }) => localParts.some((part) => /^[a-z0-9]{1,60}$/.test(part)))
  const localAt = (local: number): LocalClass | null => (local === 0 ? null : family.locals[local - 1]!)
  /** Certain without a mailbox being made, as it is of nearly all. */
  const isNameable = (cell: number, local: number): boolean => {
    const pattern = family.patterns[cell]!
    if (!isOrdinary(pattern)) return false
    if (local === 0) return true
    if (ordinary[local - 1] !== true || pattern === '*') return false
    if (!pattern.startsWith('*.')) return !withMailboxes.has(pattern)
    // The first domain that a witness would be looked for in: it is the pattern's own unless it has a row.
    const domain = `host${pattern.slice(1)}`
    return !withMailboxes.has(domain) && !family.hasRow(domain)
  }
  /** Takes a cell's state up as an atom, unless nobody could be named there. */
  const take = (state: StateId, cell: number, local: number): void => {
    const known = fineOf(state)
    if (known !== undefined) {
      if (local === 0) weight[known]!++
      return
    }
    const isCertain = isNameable(cell, local)
    const witness = isCertain ? null : (family.witness(cell, localAt(local)) as Mailbox | null)
    if (witness === null && !isCertain) return
    if (state >= atoms.length) atoms = longer(atoms, state + 1)
    if (count === fine.length) {
      fine = longer(fine)
      cells = longer(cells)
      locals = longer(locals)
      weight = longer(weight)
    }
    if (witness !== null) witnesses.set(count, witness)
    fine[count] = state
    cells[count] = cell
    locals[count] = local
    weight[count] = local === 0 ? 1 : 0
    atoms[state] = ++count
  }
  /** By state, whether every class of local parts has its atom there. */
  let divided = new Int32Array(states.count() * 2)
  for (let place = 0; place < family.order.length; place++) {
    const cell = family.order[place]!
    const state = family.state[cell]!
    take(state, cell, 0)
    if (family.locals.length === 0 || divided[state] === 1 || family.isMailbox(cell)) continue
    let isWhole = true
    for (let local = 1; local <= family.locals.length; local++) {
      const within = states.after(state, family.locals[local - 1]!.changes)
      if (fineOf(within) === undefined) take(within, cell, local)
      isWhole &&= fineOf(within) !== undefined
    }
    if (!isWhole) continue
    if (state >= divided.length) divided = longer(divided, state + 1)
    divided[state] = 1
  }
  fine = fine.subarray(0, count)
  weight = weight.subarray(0, count)
  const singleTable = all.length
  const coarse: number[] = []
  const coarseOf = new Int32Array(fine.length)

  const recipients: Recipients = {
    family,
    fine,
    // States that are made later, by local parts that nobody has there, are no atoms.
    fineOf,
    weight,
    witness(atom) {
      const found = witnesses.get(atom) ?? (family.witness(cells[atom]!, localAt(locals[atom]!)) as Mailbox | null)
      if (!found) throw new Error(`internal error: no mailbox found for ${family.patterns[cells[atom]!]}`)
      return found
    },
    single(atom) {
      if (singles === null) return null
      const label = states.labelOf(fine[atom]!, singleTable)
      return label < 0 ? null : singles.rows[label]![0]
    },
    labelOf: (table, atom) => states.labelOf(fine[atom]!, indexes.get(table)!),
    labelAt: (table, state) => states.labelOf(state, indexes.get(table)!),
    tokens: expanding.map((reached) => tokensOf(nodes, reached, isExpansion)),
    coarse,
    coarseOf,
    divide(outcomes, senders) {
      const asked = all.map((id) => admission.has(id))
      const asks = recipients.tokens.flatMap((tokens, side) =>
        tokens.flatMap((one) =>
          Array.from({ length: senders }, (_, index) => ({ side, token: { ...one, senders: index } })),
        ),
      )
      const lists = makeIntLists()
      const key = new Int32Array(2 * all.length + 2 + asks.length)
      let length = 0
      const see = (table: number, label: CanonId) => {
        if (asked[table] !== true) return
        // All expansions of one table are one.
        const isOne = isExpansion(label)
        if (isOne && isExpansion(tables[table]!.otherwise)) return
        key[length++] = table
        key[length++] = isOne ? -1 : label
      }
      for (let atom = 0; atom < fine.length; atom++) {
        length = 0
        states.eachLabel(fine[atom]!, see)
        for (const { side, token } of asks) key[length++] = outcomes.isRefused(side, token, atom) ? -3 : -2
        const found = lists.intern(key, length)
        if (found === coarse.length) coarse.push(atom)
        coarseOf[atom] = found
      }
    },
  }
  return recipients
}

function longer(numbers: Int32Array<ArrayBuffer>, least = 0): Int32Array<ArrayBuffer> {
  const more = new Int32Array(Math.max(least, numbers.length * 2))
  more.set(numbers)
  return more
}

/** Nothing about it could keep a mailbox from being said in SMTP. */
const isOrdinary = (pattern: string): boolean =>
  pattern.length < 150 && /^(?:[a-z0-9]+@)?(?:\*\.)?[a-z0-9_.-]+$|^\*$/.test(pattern) && !pattern.includes('xn--')

/**
 * Mailboxes that an expansion leads to alone are told from all others: for this one recipient to expand to itself is no
 * different from not to be expanded. Rows are labelled by their own number, which no other table sees.
 */
function singlesOf(nodes: readonly CanonNode[], reached: readonly CanonId[]): CanonTable | null {
  const keys = new Set<string>()
  for (const id of reached) {
    const node = nodes[id]!
    if (node.kind === 'leaf' && node.is === 'expand' && node.to.length === 1) keys.add(node.to[0]!.key)
  }
  if (keys.size === 0) return null
  const rows = [...keys].sort().map((key) => [key] as const)
  return { kind: 'table', on: 'recipient', rows, labels: Int32Array.from(rows.keys()), otherwise: -1 }
}

function tokensOf(
  nodes: readonly CanonNode[],
  reached: readonly CanonId[],
  isExpansion: (id: CanonId) => boolean,
): Expansion[] {
  const tokens = new Map<string, Expansion>()
  const add = (token: Expansion) => tokens.set(expansionKey(token), token)
  add({ kind: 'self' })
  const last = reached.at(-1)
  if (last !== undefined && isExpansion(last)) add({ kind: 'list', leaf: last })
  for (const id of reached) {
    const node = nodes[id]!
    if (node.kind === 'leaf') continue
    const isOfRecipient = node.kind === 'table' && (node.on === 'recipient' || node.on === 'local-part')
    if (isOfRecipient) {
      if (node.labels.some(isExpansion) || isExpansion(node.otherwise)) add({ kind: 'row', table: id })
      continue
    }
    for (const edge of canonEdges(node)) if (isExpansion(edge)) add({ kind: 'list', leaf: edge })
  }
  return [...tokens.values()]
}
