import { foldLocalPart, mailboxKey } from '../graph/pattern.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import type { CanonTable } from './canon.ts'
import { bordersOf, type Family, orderOf } from './family.ts'
import { type ChangesId, makeStates, type StateId, type States } from './states.ts'

/**
 * Mailbox patterns of a dimension. Tables of local parts cross those of domains: a domain cell is divided into the local
 * parts that such tables name, by what they change (`locals`), and all others. A mailbox with a row is a cell of its own.
 */
export type Mailboxes = Family & {
  readonly states: States
  readonly isMailbox: (cell: number) => boolean
  /** Whether a pattern is one of a row. */
  readonly hasRow: (pattern: string) => boolean
  /** Mailboxes with a row by their state, the state of their domain, and the class of their local part. */
  readonly own: readonly OwnBorder[]
  readonly locals: readonly LocalClass[]
  readonly stateOf: (mailbox: Mailbox) => StateId
  /**
   * One mailbox of a cell: of a local part of the class, or of none of the classes (`null`). `null` when there is none
   * that could be said in SMTP. The null reverse-path is `'<>'`.
   */
  readonly witness: (cell: number, local: LocalClass | null) => Mailbox | '<>' | null
}
export type OwnBorder = {
  readonly inner: StateId
  readonly outer: StateId
  readonly local: LocalClass | null
  readonly cells: readonly number[]
}
/** Local parts of which all tables say the same. */
export type LocalClass = { readonly changes: ChangesId; readonly localParts: readonly string[] }

const isMailboxPattern = (pattern: string): boolean => pattern.includes('@')

/** `on` a recipient has tables of local parts too, a sender has not. */
export function mailboxesOf(tables: readonly CanonTable[], withNull: boolean): Mailboxes {
  const rows = tables.reduce((most, { labels }) => Math.max(most, labels.length), 0)
  const states = makeStates(
    tables.map(({ otherwise }) => otherwise),
    rows,
  )
  const cells = new Map<string, number>([['*', 0]])
  /** Of each `*.suffix` its cell, by the suffix: looked up for every pattern, level by level. */
  const below = new Map<string, number>()
  const patterns = ['*']
  const changes: ChangesId[] = [states.noChanges]
  const localChanges = new Map<string, ChangesId>()
  if (withNull) addCell('<>')
  for (const [table, { on, rows, labels }] of tables.entries()) {
    let next = 1
    for (let i = 0; i < labels.length; i++) {
      const pattern = rows[i]![0]
      if (on === 'local-part') {
        const before = localChanges.get(pattern) ?? states.noChanges
        localChanges.set(pattern, states.also(before, table, labels[i]!))
        continue
      }
      // Rows are sorted: two tables of the same patterns meet their cells in one order, and need not look for them.
      next = patterns[next] === pattern ? next : (cells.get(pattern) ?? addCell(pattern))
      changes[next] = states.also(changes[next]!, table, labels[i]!)
      next++
    }
  }
  const count = patterns.length
  const parent = new Int32Array(count)
  for (let cell = 0; cell < count; cell++) parent[cell] = around(patterns[cell]!)
  const order = orderOf(parent)
  const state = new Int32Array(count)
  for (let place = 0; place < count; place++) {
    const cell = order[place]!
    state[cell] = states.after(stateBefore(cell), changes[cell]!)
  }

  const byChanges = new Map<ChangesId, string[]>()
  for (const [localPart, changed] of localChanges) {
    const same = byChanges.get(changed)
    if (same === undefined) byChanges.set(changed, [localPart])
    else same.push(localPart)
  }
  const locals = [...byChanges].map(([changes, localParts]) => ({ changes, localParts }))

  const mailbox = Uint8Array.from(patterns, (pattern) => (isMailboxPattern(pattern) ? 1 : 0))
  const family = { patterns, parent, order, state, isEmpty: () => false }
  return {
    ...family,
    borders: bordersOf(family, (cell) => mailbox[cell] === 0),
    own: ownBorders(),
    states,
    locals,
    isMailbox: (cell) => mailbox[cell] === 1,
    hasRow: (pattern) => cells.has(pattern),
    stateOf(mailbox) {
      const own = cells.get(mailboxKey(mailbox))
      if (own !== undefined) return state[own]!
      const domain = state[cells.get(mailbox.domain) ?? around(mailbox.domain)]!
      return states.after(domain, localChanges.get(foldLocalPart(mailbox.localPart)) ?? states.noChanges)
    },
    witness(cell, local) {
      const pattern = patterns[cell]!
      if (pattern === '<>') return pattern
      if (isMailboxPattern(pattern)) {
        const at = pattern.lastIndexOf('@')
        return spoken(pattern.slice(0, at), pattern.slice(at + 1))
      }
      for (const domain of domainsIn(pattern)) {
        for (const localPart of local?.localParts ?? names('someone')) {
          if (local === null && localChanges.has(localPart)) continue
          if (cells.has(`${localPart}@${domain}`)) continue
          const mailbox = spoken(localPart, domain)
          if (mailbox !== null) return mailbox
          if (local === null) break
        }
      }
      return null
    },
  }

  function ownBorders(): OwnBorder[] {
    const classes = new Map(locals.flatMap((local) => local.localParts.map((localPart) => [localPart, local] as const)))
    const groups = new Map<string, { inner: StateId; outer: StateId; local: LocalClass | null; cells: number[] }>()
    for (let cell = 0; cell < count; cell++) {
      if (mailbox[cell] === 0) continue
      const pattern = patterns[cell]!
      const local = classes.get(pattern.slice(0, pattern.lastIndexOf('@'))) ?? null
      const inner = state[cell]!
      const outer = state[parent[cell]!]!
      const key = `${inner} ${outer} ${local?.changes}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { inner, outer, local, cells: [cell] })
      else group.cells.push(cell)
    }
    return [...groups.values()]
  }

  function addCell(pattern: string): number {
    const cell = patterns.push(pattern) - 1
    cells.set(pattern, cell)
    if (pattern.startsWith('*.')) below.set(pattern.slice(2), cell)
    changes.push(states.noChanges)
    return cell
  }

  /** The cell of the longest pattern that matches all that this one does, and more. */
  function around(pattern: string): number {
    if (pattern === '*' || pattern === '<>') return -1
    let rest = pattern
    const at = pattern.lastIndexOf('@')
    if (at >= 0) {
      rest = pattern.slice(at + 1)
      const domain = cells.get(rest)
      if (domain !== undefined) return domain
    } else if (pattern.startsWith('*.')) rest = pattern.slice(2)
    for (let dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
      rest = rest.slice(dot + 1)
      const cell = below.get(rest)
      if (cell !== undefined) return cell
    }
    return 0
  }

  function stateBefore(cell: number): StateId {
    const outer = parent[cell]!
    if (outer < 0) return states.root
    const pattern = patterns[cell]!
    const at = pattern.lastIndexOf('@')
    const local = at < 0 ? undefined : localChanges.get(pattern.slice(0, at))
    return local === undefined ? state[outer]! : states.after(state[outer]!, local)
  }

  /** Domains that this pattern decides and none inside of it, a few to choose from. */
  function* domainsIn(pattern: string): Generator<string> {
    if (!pattern.startsWith('*')) {
      yield pattern
      return
    }
    const suffix = pattern === '*' ? '.example' : pattern.slice(1)
    const cell = cells.get(pattern)!
    const first = pattern === '*' ? 'elsewhere' : 'host'
    for (const label of names(first)) {
      const domain = `${label}${suffix}`
      if (!cells.has(domain) && around(domain) === cell) yield domain
    }
    // Where `*.example` is somebody's: another top level will do.
    if (pattern === '*')
      for (const domain of names('elsewhere')) if (!cells.has(domain) && around(domain) === cell) yield domain
  }
}

/** A word, then as many others as anybody may have taken, the short ones for where there is little room. */
function* names(word: string): Generator<string> {
  yield word
  for (const letter of 'xyzabcdefghijklmnopqrstuvw0123456789') yield letter
  for (let i = 1; i <= 1000; i++) yield `${word}${i}`
}

/** The mailbox as SMTP would say it, or `null` when it cannot be said (too long, no valid A-label). */
function spoken(localPart: string, domain: string): Mailbox | null {
  const bare = parseMailbox(`${localPart}@${domain}`)
  const read = bare.ok ? bare : parseMailbox(`"${localPart.replace(/[\\"]/g, '\\$&')}"@${domain}`)
  return read.ok && mailboxKey(read.value) === `${localPart}@${domain}` ? read.value : null
}
