import { unsaid } from '../graph/box.ts'
import type { Stage } from '../graph/graph.ts'
import { type CanonId, type CanonLeaf, type CanonNode, type CanonTable, reachedFrom } from './canon.ts'
import { type Diagram, type DiagramId, terminal } from './diagram.ts'
import { type Dimensions, variable } from './dimensions.ts'
import type { Outcomes } from './outcomes.ts'
import type { Recipients } from './recipients.ts'
import type { RouteSenders } from './route-senders.ts'
import { type Expansion, type Token, tokenKey, type Values } from './values.ts'

type Parts = {
  readonly nodes: readonly CanonNode[]
  readonly dimensions: Dimensions
  readonly recipients: Recipients
  readonly outcomes: Outcomes
  readonly senders: RouteSenders
  readonly values: Values
  readonly diagram: Diagram
}

export type MailFunction = {
  /** The stages of a side as one function of the message. */
  compose(side: number, entry: Readonly<Record<AskedStage, CanonId>>): DiagramId
  set(entry: CanonId): DiagramId
}

export const askedStages = ['connect', 'helo', 'auth', 'mail', 'rcpt', 'data'] as const
export type AskedStage = (typeof askedStages)[number]

/**
 * Stages composed in the order of `graph/admission.ts` and `behaviourOf`: connect, helo of those who say it, auth of those
 * who log in, mail, rcpt, the routes of whom it is accepted for, data. Each is built with what comes after it in place of
 * its leaf `next`.
 */
export function makeMailFunction(parts: Parts): MailFunction {
  const { recipients, outcomes, values, diagram, dimensions } = parts

  const stage = (name: Stage, entry: CanonId, next: (leaf: CanonLeaf, by: Expansion) => DiagramId): DiagramId =>
    build(parts, entry, (leaf, by) => {
      if (leaf.is !== 'refuse') return next(leaf, by)
      const { code, status, text } = leaf
      return terminal(values.behaviour({ kind: 'refused', stage: name, code, status, text }))
    })

  /** `others` for who has said nothing. */
  const ofThoseWho = (fact: 'login' | 'helo', others: DiagramId, asked: () => DiagramId): DiagramId => {
    const { family, cells } = fact === 'login' ? dimensions.logins : dimensions.helos
    const isSaid = cells.map((cell) => family.patterns[cell] !== unsaid)
    // Nobody has anything to say to those who do.
    if (isSaid.every((said) => said === isSaid[0])) return others
    const said = asked()
    return diagram.select(
      variable[fact],
      Int32Array.from(isSaid, (one) => (one ? said : others)),
    )
  }

  /**
   * No message comes with a certificate over a line in the clear, and none with a login where no graph takes any: what
   * would become of it is what becomes of one without, so that no box is told apart by it.
   */
  const ofPossible = (root: DiagramId): DiagramId => {
    const { certificates, logins, takesLogins, tls } = dimensions
    const known = takesLogins ? root : fixed(root, variable.login, atomUnsaid(logins))
    if (certificates.states.length < 2) return known
    const bare = fixed(known, variable.certificate, atomUnsaid(certificates))
    return diagram.select(
      variable.tls,
      Int32Array.from(tls, (isEncrypted) => (isEncrypted ? known : bare)),
    )
  }
  const atomUnsaid = ({ family, atomOf }: Dimensions['logins']): number => atomOf.get(family.state[0]!)!

  /** The function where a variable has this atom. */
  const fixed = (root: DiagramId, at: number, atom: number): DiagramId => {
    const known = new Map<DiagramId, DiagramId>()
    const visit = (id: DiagramId): DiagramId => {
      const own = diagram.variableOf(id)
      if (own >= at) return diagram.along(id, at, atom)
      let found = known.get(id)
      if (found === undefined) {
        found = diagram.select(own, diagram.edgesOf(id).map(visit))
        known.set(id, found)
      }
      return found
    }
    return visit(root)
  }

  return {
    compose(side, entry) {
      const accepted = new Map<string, DiagramId>()
      /** After RCPT has accepted: a route that refuses, or the data. Both know the token only. */
      const acceptedBy = (token: Token): DiagramId => {
        const key = tokenKey(token)
        let rest = accepted.get(key)
        if (rest === undefined) {
          const end = terminal(values.token(token))
          const data = stage('data', entry.data, () => end)
          const edges = Int32Array.from(recipients.coarse, (fine) =>
            outcomes.isRefused(side, token, fine) ? end : data,
          )
          rest = diagram.select(dimensions.recipient, edges)
          accepted.set(key, rest)
        }
        return rest
      }
      const { classOf } = parts.senders
      const acceptedOf = (by: Expansion): DiagramId =>
        diagram.select(
          variable.sender,
          classOf.map((senders) => acceptedBy({ ...by, senders })),
        )
      const rcpt = stage('rcpt', entry.rcpt, (leaf, by) => acceptedOf(leaf.is === 'next' ? { kind: 'self' } : by))
      const mail = stage('mail', entry.mail, () => rcpt)
      const auth = ofThoseWho('login', mail, () => stage('auth', entry.auth, () => mail))
      const helo = ofThoseWho('helo', auth, () => stage('helo', entry.helo, () => auth))
      return ofPossible(stage('connect', entry.connect, () => helo))
    },
    set: (entry) =>
      ofPossible(
        build(parts, entry, (leaf) => {
          if (leaf.is !== 'member') throw new Error(`internal error: a set ends at ${leaf.is}`)
          return terminal(values.member(leaf.value))
        }),
      ),
  }
}

/** A walk as a diagram. What expands is named by who leads there: the row of a table of recipients, or the list itself. */
function build(
  { nodes, dimensions, recipients, diagram, values }: Parts,
  entry: CanonId,
  atLeaf: (leaf: CanonLeaf, by: Expansion) => DiagramId,
): DiagramId {
  const built = new Map<CanonId, DiagramId>()
  const leafOf = (id: CanonId): DiagramId => {
    let found = built.get(id)
    if (found === undefined) {
      found = atLeaf(nodes[id] as CanonLeaf, { kind: 'list', leaf: id })
      built.set(id, found)
    }
    return found
  }
  const to = (id: CanonId): DiagramId => built.get(id) ?? leafOf(id)
  // What a node leads to comes before it. Leaves are made when they are met: an expansion may be met in two ways.
  for (const id of reachedFrom(nodes, [entry])) {
    const node = nodes[id]!
    if (node.kind !== 'leaf') built.set(id, buildNode(id, node))
  }
  return to(entry)

  function buildNode(id: CanonId, node: Exclude<CanonNode, CanonLeaf>): DiagramId {
    switch (node.kind) {
      case 'choice': {
        const nameAt = (name: string) => to(node.cases.get(name) ?? node.otherwise)
        if (node.on === 'listener')
          return diagram.select(
            variable.listener,
            Int32Array.from(dimensions.listeners, (names) => nameAt(names[0]!)),
          )
        return diagram.select(
          variable.tls,
          Int32Array.from(dimensions.tls, (isEncrypted) => (isEncrypted ? nameAt('tls') : to(node.otherwise))),
        )
      }
      case 'tag':
        return marked(to(node.to), node.tag)
      case 'compare': {
        const { cuts, count } = node.on === 'size' ? dimensions.sizesOf : dimensions.hopsOf
        const cut = cuts.indexOf(node.value)
        const edges = Int32Array.from({ length: count }, (_, atom) => to(atom > cut ? node.over : node.within))
        return diagram.select(node.on === 'size' ? variable.size : variable.hops, edges)
      }
      case 'oracle': {
        const edges = Int32Array.of(to(node.listed), to(node.clear), to(node.error))
        return diagram.select(variable.firstOracle + dimensions.oracles.indexOf(node.name), edges)
      }
      case 'table':
        return buildTable(id, node)
    }
  }

  function buildTable(id: CanonId, { on, otherwise }: CanonTable): DiagramId {
    switch (on) {
      case 'client':
      case 'certificate':
      case 'login':
      case 'helo':
      case 'sender': {
        const atoms = atomsOf[on](dimensions)
        const edges = Int32Array.from(atoms.states, (_, atom) => to(atoms.labelOf(id, atom)))
        return diagram.select(variable[on], edges)
      }
      case 'recipient':
      case 'local-part': {
        const row: Expansion = { kind: 'row', table: id }
        let expands: DiagramId | null = null
        const edges = Int32Array.from(recipients.coarse, (fine) => {
          const label = recipients.labelOf(id, fine)
          const node = nodes[label]!
          if (node.kind !== 'leaf' || node.is !== 'expand') return to(label)
          expands ??= atLeaf(node, row)
          return expands
        })
        return diagram.select(dimensions.recipient, edges)
      }
      case 'destination':
        // No delivery has begun: the fact is not known, and no row matches it.
        return to(otherwise)
    }
  }

  /** What is accepted, with this mark. */
  function marked(root: DiagramId, tag: string): DiagramId {
    const known = new Map<DiagramId, DiagramId>()
    const visit = (id: DiagramId): DiagramId => {
      if (id < 0) return terminal(values.tagged(~id, tag))
      let found = known.get(id)
      if (found === undefined) {
        found = diagram.select(diagram.variableOf(id), diagram.edgesOf(id).map(visit))
        known.set(id, found)
      }
      return found
    }
    return visit(root)
  }
}

const atomsOf = {
  client: ({ clients }: Dimensions) => clients,
  certificate: ({ certificates }: Dimensions) => certificates,
  login: ({ logins }: Dimensions) => logins,
  helo: ({ helos }: Dimensions) => helos,
  sender: ({ senders }: Dimensions) => senders,
}
