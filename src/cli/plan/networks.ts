import type { ChangeSet } from '../../analysis/change-set.ts'
import type { PatternSet } from '../../graph/box.ts'
import type { Graph } from '../../graph/graph.ts'
import { coveringBlocks } from '../../graph/network.ts'
import { blocksWithout } from './blocks.ts'

/** Of more exceptions than these only the first are printed. */
const mostTried = 16

/**
 * Clients with as few exceptions as it takes: what is left of a block is named itself where that is no more blocks than
 * were named.
 */
export const withFewestBlocks = (set: PatternSet): PatternSet =>
  set.flatMap((part) => {
    const written = part.except.length
    const left = written === 0 || written > mostTried ? null : blocksWithout(part.pattern, part.except, written + 1)
    return left === null ? [part] : left.map((pattern) => ({ pattern, except: [] }))
  })

/**
 * What the documents call the networks that the boxes of a change set name: by the smallest network that a document names
 * around them. Where only one of the documents has the name, that is said with it.
 */
export function networksOf({ changes }: ChangeSet, before: Graph, after: Graph): Readonly<Record<string, string>> {
  const wanted = new Set(
    changes.flatMap(({ box }) =>
      withFewestBlocks(box.clients ?? []).flatMap(({ pattern, except }) => [pattern, ...except]),
    ),
  )
  const [was, is] = [before, after].map(namesIn) as [NameIn, NameIn]
  const lengths = new Set([...wanted].map(lengthOf))
  const [wasIn, isIn] = [before, after].map((graph) => namesInside(graph, lengths)) as [Set<string>, Set<string>]
  const names = [...wanted].sort().flatMap((network) => {
    const [before, after] = [was(network), is(network)]
    const name = before ?? after
    // Of a block that grows or shrinks only a part gets its name, or loses it.
    const isPart =
      name !== null && (before === null || after === null) && (before === null ? wasIn : isIn).has(`${network} ${name}`)
    const words = nameWords(before, after, isPart)
    return words === null ? [] : [[network, words] as const]
  })
  return Object.fromEntries(names)
}

type NameIn = (network: string) => string | null

function namesIn({ claims }: Graph): NameIn {
  const names = new Map<string, string>()
  const lengths = new Set<number>()
  for (const [network, , at] of claims.clients) {
    const name = nameOf(at)
    if (name === null) continue
    names.set(network, name)
    lengths.add(lengthOf(network))
  }
  return (network) => {
    // The smallest first.
    for (const around of coveringBlocks(network, lengths)) {
      const name = names.get(around)
      if (name !== undefined) return name
    }
    return null
  }
}

const lengthOf = (network: string): number => Number(network.slice(network.indexOf('/') + 1))

/** All blocks of these lengths in which some network has a name, with the name. */
function namesInside({ claims }: Graph, lengths: ReadonlySet<number>): Set<string> {
  const found = new Set<string>()
  for (const [network, , at] of claims.clients) {
    const name = nameOf(at)
    if (name !== null) for (const block of coveringBlocks(network, lengths)) found.add(`${block} ${name}`)
  }
  return found
}

function nameWords(was: string | null, is: string | null, isPart: boolean): string | null {
  if (was === is) return is
  const words = [
    ...(is === null ? [] : [is === 'trusted' ? 'newly trusted' : `${is} from now on`]),
    ...(was === null ? [] : [`${was} until now`]),
  ]
  return `${words.join(', ')}${isPart ? ' in part' : ''}`
}

/** `trusted["10.0.0.0/8"]` is `trusted`, `clients.scanner.networks[0]` is `client scanner`. */
function nameOf(at: string): string | null {
  if (at.startsWith('trusted')) return 'trusted'
  const [, plain, quoted] = /^clients(?:\.([\w$-]+)|\[("(?:[^"\\]|\\.)*")\])/.exec(at) ?? []
  if (plain !== undefined) return `client ${plain}`
  return quoted === undefined ? null : `client ${JSON.parse(quoted)}`
}
