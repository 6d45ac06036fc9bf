import { offersLogin } from '../graph/admission.ts'
import { type Behaviour, behaviourOf, type Decided } from '../graph/behaviour.ts'
import type { Box } from '../graph/box.ts'
import type { Bundle } from '../graph/bundle.ts'
import { canonicalJson, hashText } from '../graph/canonical.ts'
import type { Graph } from '../graph/graph.ts'
import { interpreter } from '../graph/interpret.ts'
import { messageText } from '../graph/message-text.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import { absorbed } from './absorb.ts'
import { causeFinder } from './causes.ts'
import { type Change, type ChangeKind, type ChangeSet, changeKinds, type Move } from './change-set.ts'
import { isInternalBy, isInternalLoginBy, isOursBy } from './claimed.ts'
import { cut } from './cut.ts'
import { boxMaker } from './describe.ts'
import { type DestinationDraft, destinationChanges } from './destinations.ts'
import { BudgetExceeded } from './diagram.ts'
import { fingerprint } from './fingerprint.ts'
import { kindOf, kindTrait } from './kind.ts'
import { type Moves, movesFinder, type Place } from './moves.ts'
import { narrowed } from './narrow.ts'
import { behavioursOf, setsOf } from './product.ts'
import { type Answer, ask, type Known } from './question.ts'
import { clearLogins, internalClients, internalLogins, nobody, ourRecipients, type SetOf } from './set.ts'
import { settingChanges } from './settings.ts'
import { makeSpace, NotAnalysable } from './space.ts'
import { type Example, exampleOf } from './witness.ts'

export type CompareOptions = {
  /** Of the decision diagrams; beyond it the answer is `unknown`. */
  readonly nodeBudget?: number
}

/**
 * What another graph changes for mail: exactly the messages that behave differently, as disjoint boxes. Compared is what
 * a gateway decides at each message for one recipient, with its size known at MAIL; oracles may answer anything, the same
 * to both graphs. Throws an internal error when the plain interpreter does not confirm what is about to be reported.
 */
export function compareGraphs(before: Bundle, after: Bundle, options: CompareOptions = {}): ChangeSet {
  const settings = settingChanges(before.graph, after.graph)
  const { drafts, name, unknown } = decisions(before, after, options)
  const destinations = destinationsOrUnknown(before, after, unknown)

  const pairs = [
    ...drafts.flatMap(({ pair, told }) => [pair, ...told.values()]),
    ...destinations.map(({ deciders }) => deciders),
  ]
  const causesOf = causeFinder(before, after, pairs)
  const changes = drafts.map(
    ({ kind, box, moves, told, example, pair }): Change => ({
      kind,
      box,
      moves: moves.map((move, place) => (told.has(place) ? { ...move, causes: causesOf(told.get(place)!) } : move)),
      causes: causesOf(pair),
      witness: {
        message: messageText(example.message),
        answers: Object.fromEntries(example.answers),
        from: pair.from.behaviour,
        to: pair.to.behaviour,
      },
    }),
  )
  const destined = destinations.map(({ deciders, ...change }) => ({ ...change, causes: causesOf(deciders) }))
  const meaning = {
    name,
    kinds: changes.map(({ kind }) => kind),
    destinations: destined.map(({ destinations, from, to }) => ({ destinations, from, to })),
    settings,
    unknown,
  }
  return {
    format: 'mailgw-changes/1',
    hash: `c1:${hashText(canonicalJson(meaning)).slice('g1:'.length)}`,
    base: before.hash,
    next: after.hash,
    changes,
    destinations: destined,
    settings,
    unknown,
  }
}

type Pair = { readonly from: Decided; readonly to: Decided }
type Draft = {
  readonly kind: ChangeKind
  readonly box: Box
  readonly moves: readonly Move[]
  readonly example: Example
  readonly pair: Pair
  /** By their place among `moves`. */
  readonly told: ReadonlyMap<number, Pair>
}

function decisions(before: Bundle, after: Bundle, { nodeBudget }: CompareOptions) {
  const nothing = { drafts: [] as Draft[], name: '' }
  // Equal hashes, equal behaviour: no diagram is needed to say so.
  if (before.hash === after.hash) return { ...nothing, unknown: [] as string[] }
  try {
    const space = makeSpace([before.graph, after.graph], {
      sets: circumstancesOf(before.graph, after.graph),
      ...(nodeBudget === undefined ? {} : { nodeBudget }),
    })
    const parts = [...behavioursOf(space, 0, 1), ...setsOf(space, 0, 1, 2, 3)]
    const answer = absorbed(ask(space, parts, classify, traitOf), textClass)
    const boxOf = boxMaker(answer)
    const movesIn = movesFinder(answer, textClass)
    const found = cut(answer).map((one) => described(answer, movesIn(one), boxOf(one)))
    const drafts = confirmed(found, before, after)
    return { drafts: sorted(drafts), name: fingerprint(answer), unknown: [] as string[] }
  } catch (error) {
    if (error instanceof BudgetExceeded || error instanceof NotAnalysable)
      return { ...nothing, unknown: [`what changes for messages: ${error.message}`] }
    throw error
  }
}

/** Of a message that is refused as before, but otherwise. */
const textClass = changeKinds.indexOf('text') + 1

const boxKeys = [
  ...(['certificates', 'clients', 'helos', 'hops', 'listeners', 'logins', 'oracles', 'recipients'] as const),
  ...(['senders', 'sizes', 'tls'] as const),
]

/** The most dangerous first, then those of which more is moved, then by what they say, so that the order is one. */
function sorted(drafts: readonly Draft[]): Draft[] {
  const keyed = drafts.map((draft) => ({
    draft,
    kind: changeKinds.indexOf(draft.kind),
    classes: draft.moves.reduce((sum, { classes }) => sum + classes, 0),
  }))
  // As their canonical texts would be sorted, of which only the parts are made that tell two boxes apart.
  const texts = new Map<unknown, string>()
  const textOf = (part: unknown): string => {
    if (part === undefined) return ''
    const text = texts.get(part) ?? canonicalJson(part)
    texts.set(part, text)
    return text
  }
  const byText = (a: Box, b: Box): number => {
    for (const key of boxKeys) {
      const order = a[key] === b[key] ? 0 : byCodeUnits(textOf(a[key]), textOf(b[key]))
      if (order !== 0) return order
    }
    return 0
  }
  keyed.sort((a, b) => a.kind - b.kind || b.classes - a.classes || byText(a.draft.box, b.draft.box))
  return keyed.map(({ draft }) => draft)
}

/** What `classify` has to know of a message, beside what becomes of it. */
function circumstancesOf(before: Graph, after: Graph): SetOf[] {
  const takesLogins = [before, after].some(({ control }) => offersLogin(control))
  return [
    internalClients(before.claims),
    ourRecipients(after.claims),
    ...(takesLogins ? [internalLogins(after.claims), clearLogins] : [nobody, nobody]),
  ]
}

function classify(known: readonly Known[]): number {
  const [from, to, internal, ours, internalLogin, clearLogin] = known
  const kind = kindOf(from as Behaviour, to as Behaviour, {
    isInternal: isMember(internal),
    isOurs: isMember(ours),
    isInternalLogin: isMember(internalLogin),
    isClearLogin: isMember(clearLogin),
  })
  return kind === null ? 0 : changeKinds.indexOf(kind) + 1
}

const traitOf = (known: Known): string | null => (known.kind === 'member' ? null : kindTrait(known))

const isMember = (known: Known | undefined): boolean => known?.kind === 'member' && known.value

type Described = Omit<Draft, 'pair' | 'told'> & { readonly told: ReadonlyMap<number, Example> }

function described(answer: Answer, { of, moves, example, told }: Moves, box: Box): Described {
  const exampleAt = ({ atoms, fine }: Place) => exampleOf(answer.space, atoms, fine)
  const examples = new Map([...told].map(([place, one]) => [place, exampleAt(one)]))
  return { kind: changeKinds[of - 1]!, box, moves, example: exampleAt(example), told: examples }
}

/** Asks the specification. A box whose witness it does not confirm is an error of the analysis, not a change. */
function confirmed(found: readonly Described[], before: Bundle, after: Bundle): Draft[] {
  const messages = found.flatMap(({ example, told }) => [example, ...told.values()]).map(({ message }) => message)
  const graphs = [before, after].map(({ graph }) => narrowed(graph, messages))
  const plain = [before, after].map(({ sources, hash }, side) => interpreter(graphs[side]!, sources, hash))
  const pairOf = (wanted: ChangeKind, { message, answers }: Example): Pair => {
    const [from, to] = plain.map((asked) => behaviourOf(asked, message, answers))
    const where = JSON.stringify({ message: messageText(message), answers: Object.fromEntries(answers) })
    if (from?.kind !== 'decided' || to?.kind !== 'decided')
      throw new Error(`internal error of the analysis: an oracle of ${where} has no answer`)
    const kind = kindOf(from.behaviour, to.behaviour, {
      isInternal: isInternalBy(graphs[0]!.claims, message),
      isOurs: isOursBy(graphs[1]!.claims, message.recipient!.domain),
      isInternalLogin: isInternalLoginBy(graphs[1]!.claims, message.login),
      isClearLogin: !message.tls && message.login !== null,
    })
    if (kind !== wanted)
      throw new Error(`internal error of the analysis: the plan says ${wanted}, the interpreter ${kind} of ${where}`)
    return { from, to }
  }
  return found.map((one) => ({
    ...one,
    pair: pairOf(one.kind, one.example),
    told: new Map([...one.told].map(([place, example]) => [place, pairOf(one.kind, example)])),
  }))
}

function destinationsOrUnknown(before: Bundle, after: Bundle, unknown: string[]) {
  try {
    return destinationChanges(before, after)
  } catch (error) {
    if (!(error instanceof NotAnalysable)) throw error
    unknown.push(`what changes for destinations: ${error.message}`)
    return [] as DestinationDraft[]
  }
}
