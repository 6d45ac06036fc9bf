import { unsaid } from '../graph/box.ts'
import type { Described } from '../graph/explanation.ts'
import type { Outcome } from '../graph/graph.ts'
import { type NumberAtoms, outcomes, type PatternAtoms, variable } from './dimensions.ts'
import type { Names } from './names.ts'
import type { Space } from './space.ts'

/** One message of an atom of each dimension, as a person would describe it. */
export type Example = { readonly message: Described; readonly answers: ReadonlyMap<string, Outcome> }

/** `atoms`: of each variable but the recipient, which is the fine one. */
export function exampleOf(space: Space, atoms: readonly number[], fine: number): Example {
  const { listeners, tls, clients, senders, sizesOf, hopsOf, oracles } = space.dimensions
  const sender = senders.family.witness(senders.cells[atoms[variable.sender]!]!, null)
  if (sender === null) throw new Error('internal error: no sender found')
  return {
    message: {
      tls: tls[atoms[variable.tls]!]!,
      certificate: nameIn(space.dimensions.certificates, atoms[variable.certificate]!),
      login: nameIn(space.dimensions.logins, atoms[variable.login]!),
      helo: nameIn(space.dimensions.helos, atoms[variable.helo]!),
      listener: listeners[atoms[variable.listener]!]![0]!,
      client: clients.family.witness(clients.cells[atoms[variable.client]!]!),
      sender: sender === '<>' ? null : sender,
      recipient: space.recipients.witness(fine),
      sizeBytes: numberIn(sizesOf, atoms[variable.size]!, 2000),
      hops: numberIn(hopsOf, atoms[variable.hops]!, 1),
    },
    answers: new Map([
      // Of some it does not matter what they say, but they are asked.
      ...space.idleOracles.map((name) => [name, 'clear'] as const),
      ...oracles.map((name, i) => [name, outcomes[atoms[variable.firstOracle + i]!]!] as const),
    ]),
  }
}

/** `null` for nothing said. */
function nameIn({ family, cells }: PatternAtoms<Names>, atom: number): string | null {
  const name = family.witness(cells[atom]!)
  return name === unsaid ? null : name
}

/** The usual number when it is in the range; otherwise the first that is. */
function numberIn({ cuts }: NumberAtoms, atom: number, usual: number): number {
  const over = cuts[atom - 1] ?? -1
  const upTo = cuts[atom] ?? Number.MAX_SAFE_INTEGER
  return usual > over && usual <= upTo ? usual : over + 1
}
